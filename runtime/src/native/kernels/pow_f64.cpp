/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/pow.h"
#include "elementwise.h"

ECU_DEFINE_KERNEL(pow_f64, ecu::native::binary_kernel<double, double, &ecu::math::pow>());
