/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

ECU_DEFINE_KERNEL(take4, ecu::native::take_kernel<uint32_t>());
