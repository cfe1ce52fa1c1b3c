/* SPDX-License-Identifier: Apache-2.0 */
#include "reduction.h"

ECU_DEFINE_KERNEL(reduce_min_f32, ecu::native::fold_kernel<float, &ecu::native::minimum<float>>());
