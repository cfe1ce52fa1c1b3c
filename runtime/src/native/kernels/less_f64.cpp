/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "operators.h"

ECU_DEFINE_KERNEL(less_f64, ecu::native::binary_kernel<double, int32_t, &ecu::native::less<double>>());
