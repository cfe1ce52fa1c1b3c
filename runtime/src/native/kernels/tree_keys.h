/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Integers in the order of the float32 numbers.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_TREE_KEYS_H
#define ECU_SRC_NATIVE_KERNELS_TREE_KEYS_H

#include <stdint.h>

#include "../../float_bits.h"
#include "../bytes.h"

namespace ecu::native::trees {

constexpr uint32_t kSign = 0x80000000U;

/** A little-endian number of 2 bytes; `at` is even. */
[[nodiscard]] inline uint16_t load_little16(const uint8_t* at) noexcept {
  const uint16_t value = load<uint16_t>(at);
  return kBigEndian ? static_cast<uint16_t>(__builtin_bswap16(value)) : value;
}

/** The key of a float32 number: x <= t and key(x) <= key(t) agree for every t but -0, which has the key of
 *  the number before +0; writers of programs give thresholds of -0 the key of +0. */
[[nodiscard]] inline int32_t key_of(uint32_t bits) noexcept {
  return bit_cast<int32_t>((bits & kSign) != 0U ? bits ^ ~kSign : bits);
}

/** The same; NaN is below every number when `nan_is_low`, else above. */
[[nodiscard]] inline int32_t key_of(uint32_t bits, bool nan_is_low) noexcept {
  if (is_nan_bits(bits)) {
    return nan_is_low ? INT32_MIN : INT32_MAX;
  }
  return key_of(bits);
}

}  // namespace ecu::native::trees
#endif
