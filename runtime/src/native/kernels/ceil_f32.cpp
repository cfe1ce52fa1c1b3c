/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/rounding.h"
#include "unary.h"

ECU_DEFINE_KERNEL(ceil_f32, ecu::native::unary_kernel<float, float, &ecu::math::ceil>());
