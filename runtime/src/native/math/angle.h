/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_ANGLE_H
#define ECU_SRC_NATIVE_MATH_ANGLE_H

#include "coefficients.h"
#include "format.h"

namespace ecu::math::detail {

/** |x| = quadrant pi/2 + high + low, but for a multiple of 2 pi; |high| <= pi/4. */
template <typename Real>
struct Angle {
  uint32_t quadrant;  // 0 to 3
  Real high;
  Real low;
};

/** 32 bits of big-endian words, from bit `position` (0 is the most significant bit of the first word). */
[[nodiscard]] inline uint32_t bits_at(const uint32_t* words, unsigned position) noexcept {
  const uint32_t* const word = words + position / 32U;
  const unsigned shift = position % 32U;
  return shift == 0U ? word[0] : (word[0] << shift) | (word[1] >> (32U - shift));
}

/** The upper half of a product. */
[[nodiscard]] inline uint32_t upper_product(uint32_t a, uint32_t b) noexcept {
  return static_cast<uint32_t>((static_cast<uint64_t>(a) * b) >> 32U);
}

[[nodiscard]] inline uint64_t upper_product(uint64_t a, uint64_t b) noexcept {
  constexpr uint64_t kLow = 0xffffffffU;
  const uint64_t cross1 = (a >> 32U) * (b & kLow) + (((a & kLow) * (b & kLow)) >> 32U);
  const uint64_t cross2 = (a & kLow) * (b >> 32U) + (cross1 & kLow);
  return (a >> 32U) * (b >> 32U) + (cross1 >> 32U) + (cross2 >> 32U);
}

/** Sizes of the fixed-point numbers, in words of 32 bits. */
template <typename Real>
struct AngleWords {
  static constexpr unsigned kSignificand = sizeof(Real) / 4U;
  // 2 bits for the quadrant, up to kFractionBits + 9 zeros where x is close to a multiple of pi/2, the
  // result, and the bits that cutting 2 / pi off makes uncertain.
  static constexpr unsigned kProduct = 3U * kSignificand;
};

/** |x| / (2 pi) without its whole part, as a binary fraction in `product`, of which the last
 *  kFractionBits + 2 bits are uncertain; one zero word follows. |x| > pi/4. */
template <typename Real>
inline void multiply_by_two_over_pi(BitsOf<Real> bits,
                                    uint32_t (&product)[AngleWords<Real>::kProduct + 1U]) noexcept {
  using Words = AngleWords<Real>;
  constexpr unsigned kLength = Words::kProduct;
  // |x| = significand 2^exponent; bits of 2 / pi that make whole turns only are left out.
  const BitsOf<Real> significand = (bits & kFractionMask<Real>) | kHiddenBit<Real>;
  const int exponent = static_cast<int>(bits >> kFractionBits<Real>) - kBias<Real> - kFractionBits<Real>;
  const unsigned start = static_cast<unsigned>(exponent - 2 + 32 * static_cast<int>(Words::kSignificand));
  for (unsigned part = 0U; part < Words::kSignificand; ++part) {
    const uint64_t factor = static_cast<uint32_t>(significand >> (32U * part));
    uint64_t carry = 0U;
    for (unsigned i = kLength - part; i > 0U; --i) {
      const unsigned position = start + 32U * (i - 1U + part);
      carry += factor * bits_at(TrigonometricConstants<Real>::kTwoOverPi, position) + product[i - 1U];
      product[i - 1U] = static_cast<uint32_t>(carry);
      carry >>= 32U;
    }
  }
}

/** The angle of a finite x >= 0, by the method of M. Payne and R. Hanek (1983): x times those bits of
 *  2 / pi that matter, in whole numbers, so that no x is too large. */
template <typename Real>
[[nodiscard]] inline Angle<Real> angle_of(Real x) noexcept {
  using Constants = TrigonometricConstants<Real>;
  using Words = AngleWords<Real>;
  using Bits = BitsOf<Real>;
  if (x <= Constants::kQuarterPi) {
    return {0U, x, Real{0}};
  }
  uint32_t product[Words::kProduct + 1U] = {};
  multiply_by_two_over_pi<Real>(to_bits(x), product);
  // Half a quadrant or more: the next multiple of pi/2 is nearer, and the rest counts back from it.
  const bool back = (product[0] & 0x20000000U) != 0U;
  const uint32_t quadrant = ((product[0] >> 30U) + (back ? 1U : 0U)) % 4U;
  for (unsigned i = 0U; back && i < Words::kProduct; ++i) {
    product[i] = ~product[i];
  }
  constexpr unsigned kLast = 32U * (Words::kProduct - Words::kSignificand);
  unsigned position = 3U;  // of the first bit that is set, below the quadrant's two
  while (position < kLast && (bits_at(product, position) & 0x80000000U) == 0U) {
    ++position;
  }
  Bits leading = 0U;
  for (unsigned i = 0U; i < Words::kSignificand; ++i) {
    leading = static_cast<Bits>(leading | static_cast<Bits>(bits_at(product, position + 32U * i))
                                              << (32U * (Words::kSignificand - 1U - i)));
  }
  constexpr int kBits = 32 * static_cast<int>(Words::kSignificand);
  constexpr int kRest = kBits - kFractionBits<Real> - 1;  // bits that do not fit into `high`
  const Bits r = upper_product(leading, Constants::kQuarterPiBits);
  const int zeros = static_cast<int>(position) - 2;
  const Real sign = back ? Real{-1} : Real{1};
  const Real high = static_cast<Real>(r >> kRest) * power_of_two<Real>(-kFractionBits<Real> - zeros);
  const Real low = static_cast<Real>(r & ((Bits{1} << kRest) - 1U)) * power_of_two<Real>(1 - kBits - zeros);
  return {quadrant, sign * high, sign * low};
}

}  // namespace ecu::math::detail
#endif
