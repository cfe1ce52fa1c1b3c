/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "integer_operators.h"

ECU_DEFINE_KERNEL(add_i32, ecu::native::binary_kernel<int32_t, int32_t, &ecu::native::wrapping_add>());
