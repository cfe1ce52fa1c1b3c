/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/sigmoid.h"
#include "unary.h"

ECU_DEFINE_KERNEL(logistic_f32, ecu::native::unary_kernel<float, float, &ecu::math::logistic>());
