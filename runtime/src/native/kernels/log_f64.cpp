/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/log.h"
#include "unary.h"

ECU_DEFINE_KERNEL(log_f64, ecu::native::unary_kernel<double, double, &ecu::math::log>());
