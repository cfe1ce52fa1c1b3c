/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

ECU_DEFINE_KERNEL(pick4, ecu::native::pick_kernel<uint32_t>());
