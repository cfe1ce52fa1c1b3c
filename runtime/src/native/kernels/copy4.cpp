/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

ECU_DEFINE_KERNEL(copy4, ecu::native::copy_kernel<uint32_t>());
