/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "operators.h"

ECU_DEFINE_KERNEL(equal_f32, ecu::native::binary_kernel<float, int32_t, &ecu::native::equal<float>>());
