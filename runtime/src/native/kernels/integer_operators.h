/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Operators on i32, modulo 2^32.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_INTEGER_OPERATORS_H
#define ECU_SRC_NATIVE_KERNELS_INTEGER_OPERATORS_H

#include <stdint.h>

#include "../bytes.h"

namespace ecu::native {

[[nodiscard]] inline int32_t wrapping_add(int32_t a, int32_t b) noexcept {
  return bit_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

[[nodiscard]] inline int32_t wrapping_subtract(int32_t a, int32_t b) noexcept {
  return bit_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}

[[nodiscard]] inline int32_t wrapping_multiply(int32_t a, int32_t b) noexcept {
  return bit_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
}

/** Bit by bit, which is logical for truth values. */
[[nodiscard]] inline int32_t bit_and(int32_t a, int32_t b) noexcept {
  return bit_cast<int32_t>(static_cast<uint32_t>(a) & static_cast<uint32_t>(b));
}

/** Bit by bit, which is logical for truth values. */
[[nodiscard]] inline int32_t bit_or(int32_t a, int32_t b) noexcept {
  return bit_cast<int32_t>(static_cast<uint32_t>(a) | static_cast<uint32_t>(b));
}

/** 1 - x, which is logical for truth values. */
[[nodiscard]] inline int32_t negation(int32_t x) noexcept { return wrapping_subtract(1, x); }

}  // namespace ecu::native
#endif
