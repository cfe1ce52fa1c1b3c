/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/pow.h"
#include "elementwise.h"

ECU_DEFINE_KERNEL(pow_f32, ecu::native::binary_kernel<float, float, &ecu::math::pow>());
