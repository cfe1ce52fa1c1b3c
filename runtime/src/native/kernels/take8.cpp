/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

ECU_DEFINE_KERNEL(take8, ecu::native::take_kernel<uint64_t>());
