/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"
#include "unary.h"

ECU_DEFINE_KERNEL(f64_i32, ecu::native::unary_kernel<double, int32_t, &ecu::native::to_i32<double>>());
