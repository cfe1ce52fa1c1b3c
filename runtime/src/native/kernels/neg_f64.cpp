/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"
#include "unary.h"

ECU_DEFINE_KERNEL(neg_f64, ecu::native::unary_kernel<double, double, &ecu::native::negate<double>>());
