/* SPDX-License-Identifier: Apache-2.0 */
#include "reduction.h"

ECU_DEFINE_KERNEL(arg_min_f32, ecu::native::position_kernel<float, &ecu::native::less<float>>());
