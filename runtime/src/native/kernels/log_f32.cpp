/* SPDX-License-Identifier: Apache-2.0 */
#include "../math/log.h"
#include "unary.h"

ECU_DEFINE_KERNEL(log_f32, ecu::native::unary_kernel<float, float, &ecu::math::log>());
