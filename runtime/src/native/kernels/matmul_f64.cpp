/* SPDX-License-Identifier: Apache-2.0 */
#include "matmul.h"

ECU_DEFINE_KERNEL(matmul_f64, ecu::native::matmul_kernel<double>());
