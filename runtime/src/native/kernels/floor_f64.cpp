/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/rounding.h"
#include "unary.h"

ECU_DEFINE_KERNEL(floor_f64, ecu::native::unary_kernel<double, double, &ecu::math::floor>());
