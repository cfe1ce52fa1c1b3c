/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/sigmoid.h"
#include "unary.h"

ECU_DEFINE_KERNEL(tanh_f64, ecu::native::unary_kernel<double, double, &ecu::math::tanh>());
