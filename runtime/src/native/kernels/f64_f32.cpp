/* SPDX-License-Identifier: Apache-2.0 */
#include "double_bits.h"
#include "unary.h"

// Bits, since a target of single precision would need a library to round a double.
ECU_DEFINE_KERNEL(f64_f32, ecu::native::unary_kernel<uint64_t, uint32_t, &ecu::native::narrowed>());
