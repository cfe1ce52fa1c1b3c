/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/trigonometric.h"
#include "unary.h"

ECU_DEFINE_KERNEL(cos_f32, ecu::native::unary_kernel<float, float, &ecu::math::cos>());
