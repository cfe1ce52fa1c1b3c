/* SPDX-License-Identifier: Apache-2.0 */
#include "reduction.h"

ECU_DEFINE_KERNEL(arg_min_f64, ecu::native::position_kernel<double, &ecu::native::less<double>>());
