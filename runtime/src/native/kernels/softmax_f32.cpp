/* SPDX-License-Identifier: Apache-2.0 */
#include "softmax.h"

ECU_DEFINE_KERNEL(softmax_f32, ecu::native::softmax_kernel<float>());
