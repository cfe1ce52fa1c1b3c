/* SPDX-License-Identifier: Apache-2.0 */
#include "integer_operators.h"
#include "unary.h"

ECU_DEFINE_KERNEL(not_i32, ecu::native::unary_kernel<int32_t, int32_t, &ecu::native::negation>());
