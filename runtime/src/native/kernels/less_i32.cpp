/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "operators.h"

ECU_DEFINE_KERNEL(less_i32, ecu::native::binary_kernel<int32_t, int32_t, &ecu::native::less<int32_t>>());
