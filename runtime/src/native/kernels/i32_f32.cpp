/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"
#include "unary.h"

ECU_DEFINE_KERNEL(i32_f32,
                  ecu::native::unary_kernel<int32_t, float, &ecu::native::convert<int32_t, float>>());
