/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

ECU_DEFINE_KERNEL(where4, ecu::native::where_kernel<uint32_t>());
