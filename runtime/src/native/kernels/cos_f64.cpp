/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/trigonometric.h"
#include "unary.h"

ECU_DEFINE_KERNEL(cos_f64, ecu::native::unary_kernel<double, double, &ecu::math::cos>());
