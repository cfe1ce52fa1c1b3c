/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "operators.h"

ECU_DEFINE_KERNEL(sub_f32, ecu::native::binary_kernel<float, float, &ecu::native::subtract<float>>());
