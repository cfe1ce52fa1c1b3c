/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/sqrt.h"
#include "unary.h"

ECU_DEFINE_KERNEL(sqrt_f64, ecu::native::unary_kernel<double, double, &ecu::math::sqrt>());
