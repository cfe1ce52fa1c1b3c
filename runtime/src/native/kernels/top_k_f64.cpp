/* SPDX-License-Identifier: Apache-2.0 */
#include "top_k.h"

ECU_DEFINE_KERNEL(top_k_f64, ecu::native::top_k_kernel<double>());
