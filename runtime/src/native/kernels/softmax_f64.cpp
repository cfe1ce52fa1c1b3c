/* SPDX-License-Identifier: Apache-2.0 */
#include "softmax.h"

ECU_DEFINE_KERNEL(softmax_f64, ecu::native::softmax_kernel<double>());
