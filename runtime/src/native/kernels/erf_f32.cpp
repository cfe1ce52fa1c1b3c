/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/erf.h"
#include "unary.h"

ECU_DEFINE_KERNEL(erf_f32, ecu::native::unary_kernel<float, float, &ecu::math::erf>());
