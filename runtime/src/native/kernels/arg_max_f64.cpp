/* SPDX-License-Identifier: Apache-2.0 */
#include "double_bits.h"
#include "reduction.h"

// Bits, since a target of single precision would need a library to compare doubles.
ECU_DEFINE_KERNEL(arg_max_f64, ecu::native::position_kernel<uint64_t, &ecu::native::greater_bits>());
