/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"
#include "unary.h"

ECU_DEFINE_KERNEL(is_nan_f64, ecu::native::unary_kernel<double, int32_t, &ecu::native::nan_flag<double>>());
