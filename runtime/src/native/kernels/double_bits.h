/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Rounding and comparing numbers of binary64 by integers alone: what ends a sum over trees then needs no
 *  float64 library on processors of single precision.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_DOUBLE_BITS_H
#define ECU_SRC_NATIVE_KERNELS_DOUBLE_BITS_H

#include <stdint.h>

namespace ecu::native {

/** The bits of the binary32 nearest to a binary64, halves to even; a NaN becomes a quiet one. */
[[nodiscard]] inline uint32_t narrowed(uint64_t bits) noexcept {
  constexpr uint32_t kLostBits = 29U;  // of 53 bits, 24 are kept
  constexpr int32_t kSmallest = 897;   // biased exponent of the smallest normal binary32
  constexpr int32_t kBeyond = 1151;    // of 2^128
  constexpr uint64_t kFraction = (uint64_t{1U} << 52U) - 1U;
  const uint32_t sign = static_cast<uint32_t>(bits >> 32U) & 0x80000000U;
  const int32_t exponent = static_cast<int32_t>(static_cast<uint32_t>(bits >> 52U) & 0x7ffU);
  if (exponent >= kBeyond) {
    const bool is_nan = exponent == 0x7ff && (bits & kFraction) != 0U;
    return sign | (is_nan ? 0x7fc00000U : 0x7f800000U);
  }
  const uint32_t below = exponent < kSmallest ? static_cast<uint32_t>(kSmallest - exponent) : 0U;
  if (below > 24U) {  // less than half of the smallest number
    return sign;
  }
  const uint64_t mantissa = (kFraction + 1U) | (bits & kFraction);
  const uint32_t shift = kLostBits + below;
  const uint32_t kept = static_cast<uint32_t>(mantissa >> shift);
  const uint64_t rest = mantissa << (64U - shift);
  constexpr uint64_t kHalf = uint64_t{1U} << 63U;
  const uint32_t up = rest > kHalf || (rest == kHalf && (kept & 1U) != 0U) ? 1U : 0U;
  // The highest bit of `kept` adds one to the exponent; a carry of the rounding does so too.
  const uint32_t base = below == 0U ? static_cast<uint32_t>(exponent - kSmallest) << 23U : 0U;
  return sign | (base + kept + up);
}

/** An integer in the order of the numbers; both zeros are one, a NaN is above all. */
[[nodiscard]] inline int64_t order_of(uint64_t bits) noexcept {
  constexpr uint64_t kMagnitude = UINT64_MAX >> 1U;
  const uint64_t magnitude = bits & kMagnitude;
  if (magnitude > (uint64_t{0x7ffU} << 52U)) {
    return INT64_MAX;
  }
  return bits == magnitude ? static_cast<int64_t>(magnitude) : -static_cast<int64_t>(magnitude);
}

/** Whether the number with the first bits is greater, or is NaN and the other is not. */
[[nodiscard]] inline int32_t greater_bits(uint64_t a, uint64_t b) noexcept {
  return order_of(a) > order_of(b) ? 1 : 0;
}

}  // namespace ecu::native
#endif
