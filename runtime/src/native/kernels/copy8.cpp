/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

ECU_DEFINE_KERNEL(copy8, ecu::native::copy_kernel<uint64_t>());
