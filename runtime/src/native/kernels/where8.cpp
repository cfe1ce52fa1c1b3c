/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

ECU_DEFINE_KERNEL(where8, ecu::native::where_kernel<uint64_t>());
