/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/exp.h"
#include "unary.h"

ECU_DEFINE_KERNEL(exp_f32, ecu::native::unary_kernel<float, float, &ecu::math::exp>());
