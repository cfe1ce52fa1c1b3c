/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The three operations of binary64 that follow sums over trees, by integers alone: processors of single
 *  precision need no library for them. Each rounds once, to nearest, halves to even, as IEEE 754 does. Values
 *  stay far from overflow and from subnormal numbers; open checks it.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_WIDE_H
#define ECU_SRC_NATIVE_KERNELS_WIDE_H

#include <stdint.h>

#include "../scope.h"

namespace ecu::native::wide {

/** Of what `from_fixed` and `quotient` take: results stay far from overflow and from subnormal numbers. */
constexpr int32_t kLargestExponent = 400;
constexpr uint32_t kLargestDivisor = 65535U;

/** Whether a reference is to `count` i32 constants from -kLargestExponent to kLargestExponent. */
[[nodiscard]] ECU_COLD bool valid_exponents(const Scope& scope, uint32_t reference, uint64_t count) noexcept;

/** A number of 53 significant bits: mantissa * 2^exponent. */
struct Number {
  uint64_t mantissa;  // 0, or with its highest bit set and its 11 lowest clear
  int32_t exponent;
  bool negative;
};

/** The nearest number. `mantissa` has its highest bit set; its lowest bit may stand for everything below. */
[[nodiscard]] Number rounded(uint64_t mantissa, int32_t exponent, bool negative) noexcept;

/** The number nearest to value * 2^exponent. */
[[nodiscard]] Number from_fixed(int64_t value, int32_t exponent) noexcept;

/** The number with these bits of a binary64, which is 0 or normal. */
[[nodiscard]] Number from_bits(uint64_t bits) noexcept;

/** The bits of the number as binary64. */
[[nodiscard]] uint64_t to_bits(const Number& number) noexcept;

[[nodiscard]] Number sum(const Number& a, const Number& b) noexcept;

/** The number divided by 1 to 65535. */
[[nodiscard]] Number quotient(const Number& number, uint32_t divisor) noexcept;

}  // namespace ecu::native::wide
#endif
