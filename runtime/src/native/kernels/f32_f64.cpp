/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"
#include "unary.h"

ECU_DEFINE_KERNEL(f32_f64, ecu::native::unary_kernel<float, double, &ecu::native::convert<float, double>>());
