/* SPDX-License-Identifier: Apache-2.0 */
#include "pairwise.h"

ECU_DEFINE_KERNEL(pairwise_squares_f32, ecu::native::pairwise_kernel<float, ecu::native::Squares<float>>());
