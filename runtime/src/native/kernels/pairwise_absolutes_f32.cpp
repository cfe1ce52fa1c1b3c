/* SPDX-License-Identifier: Apache-2.0 */
#include "pairwise.h"

ECU_DEFINE_KERNEL(pairwise_absolutes_f32,
                  ecu::native::pairwise_kernel<float, ecu::native::Absolutes<float>>());
