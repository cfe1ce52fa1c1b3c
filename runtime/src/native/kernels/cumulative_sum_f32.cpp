/* SPDX-License-Identifier: Apache-2.0 */
#include "reduction.h"

ECU_DEFINE_KERNEL(cumulative_sum_f32, ecu::native::cumulative_sum_kernel<float>());
