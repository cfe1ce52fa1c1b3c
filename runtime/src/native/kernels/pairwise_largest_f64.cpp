/* SPDX-License-Identifier: Apache-2.0 */
#include "pairwise.h"

ECU_DEFINE_KERNEL(pairwise_largest_f64, ecu::native::pairwise_kernel<double, ecu::native::Largest<double>>());
