/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_LOG_IMPL_H
#define ECU_SRC_NATIVE_MATH_LOG_IMPL_H

#include "coefficients.h"
#include "format.h"

namespace ecu::math::detail {

/** n ln 2 + log(1 + f), for sqrt(1/2) <= 1 + f < sqrt(2).
 *
 *  With s = f / (2 + f), log(1 + f) = 2 atanh(s) = 2 s + s^3 R(s^2). Since 2 s = f - s f and
 *  s f = f^2/2 - s f^2/2, this is f - (h - s (h + s^2 R)) with h = f^2/2: f is exact, and the rounding
 *  errors of the rest are small beside it. n times the leading part of ln 2 is exact as well.
 */
template <typename Real>
[[nodiscard]] inline Real logarithm(int n, Real f) noexcept {
  const Real s = f / (Real{2} + f);
  const Real z = s * s;
  const Real half_square = kHalf<Real> * f * f;
  const Real tail = half_square - s * (half_square + z * polynomial(LogConstants<Real>::kLog, z));
  const Real whole = static_cast<Real>(n);
  const Sum<Real> sum = fast_two_sum(whole * ExpConstants<Real>::kLn2High, f);
  return sum.high + (sum.low + (whole * ExpConstants<Real>::kLn2Low - tail));
}

/** A positive finite number as 2^exponent m, sqrt(1/2) <= m < sqrt(2). */
template <typename Real>
struct Decomposed {
  int exponent;
  Real m;
};

/** `x` must be normal. */
template <typename Real>
[[nodiscard]] inline Decomposed<Real> decompose(Real x) noexcept {
  const BitsOf<Real> root_half = to_bits(LogConstants<Real>::kRootHalf);
  const BitsOf<Real> shifted = to_bits(x) + (kOneBits<Real> - root_half);
  const int exponent = static_cast<int>(shifted >> kFractionBits<Real>) - kBias<Real>;
  return {exponent, from_bits<Real>((shifted & kFractionMask<Real>)+root_half)};
}

template <typename Real>
[[nodiscard]] inline Real log(Real x) noexcept {
  if (magnitude(x) == 0U) {
    return -infinity<Real>();
  }
  if (is_nan(x) || is_negative(x)) {
    return quiet_nan<Real>();
  }
  if (magnitude(x) == kInfinityBits<Real>) {
    return x;
  }
  const bool subnormal = magnitude(x) < kHiddenBit<Real>;
  const int lift = subnormal ? kFractionBits<Real> + 1 : 0;
  const Decomposed<Real> parts = decompose(subnormal ? x * power_of_two<Real>(lift) : x);
  return logarithm(parts.exponent - lift, parts.m - Real{1});
}

}  // namespace ecu::math::detail
#endif
