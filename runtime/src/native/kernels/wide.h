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

constexpr uint32_t kLargestDivisor = 65535U;

/** Exponents of sums, ends included. */
struct Exponents {
  int32_t least;
  int32_t largest;
};

/** What `from_fixed` and `quotient` take: results stay far from overflow and from subnormal numbers. */
constexpr Exponents kExponents = {-400, 400};

/** With these, every i64 but 0 is a normal number of binary32. */
constexpr Exponents kSingleExponents = {-126, 63};

/** With these, its quotient by 1 to 65535 is so too. */
constexpr Exponents kSingleMeanExponents = {-110, 63};

/** Whether a reference is to `count` i32 constants within the range. */
[[nodiscard]] ECU_COLD bool valid_exponents(const Scope& scope, uint32_t reference, uint64_t count,
                                            const Exponents& range) noexcept;

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

/** The bits of the binary32 nearest to the number, which must be 0 or lie in the range of normal ones. */
[[nodiscard]] uint32_t to_single(const Number& number) noexcept;

/** The bits of the binary32 nearest to value * 2^exponent, rounded once. */
[[nodiscard]] uint32_t single_from_fixed(int64_t value, int32_t exponent) noexcept;

/** Reads the words `in n exponents divisor` of a mean and checks them; returns n. */
[[nodiscard]] ECU_COLD uint32_t check_mean(Fields& fields, const Scope& scope,
                                           const Exponents& range) noexcept;

}  // namespace ecu::native::wide
#endif
