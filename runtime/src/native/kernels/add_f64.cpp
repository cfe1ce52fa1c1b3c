/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "operators.h"

ECU_DEFINE_KERNEL(add_f64, ecu::native::binary_kernel<double, double, &ecu::native::add<double>>());
