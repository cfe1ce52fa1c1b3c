/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

ECU_DEFINE_KERNEL(pick8, ecu::native::pick_kernel<uint64_t>());
