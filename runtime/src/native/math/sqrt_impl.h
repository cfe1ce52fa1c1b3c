/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_SQRT_IMPL_H
#define ECU_SRC_NATIVE_MATH_SQRT_IMPL_H

#include "format.h"

namespace ecu::math::detail {

/** The root of m, 1 <= m < 4, to about an ulp: Heron's iteration s := (s + m / s) / 2 from a guess whose
 *  bit pattern is halfway between those of 1 and m. The error is 0.06 at first and then squared and
 *  halved each time. */
template <typename Real>
[[nodiscard]] inline Real approximate_root(Real m) noexcept {
  constexpr int kIterations = kFractionBits<Real> < 32 ? 3 : 4;
  Real s = from_bits<Real>((to_bits(m) >> 1U) + (kOneBits<Real> >> 1U));
  for (int i = 0; i < kIterations; ++i) {
    s = kHalf<Real> * (s + m / s);
  }
  return s;
}

/** Square root: an approximation, then whole numbers decide.
 *
 *  With F fraction bits, m 2^(2 F) is a whole number M and the root lies near the whole number S. The
 *  remainder M - S^2 is small, hence right although both terms wrap around.
 */
template <typename Real>
[[nodiscard]] inline Real sqrt(Real x) noexcept {
  if (magnitude(x) == 0U) {
    return x;
  }
  if (is_nan(x) || is_negative(x)) {
    return quiet_nan<Real>();
  }
  if (magnitude(x) == kInfinityBits<Real>) {
    return x;
  }
  using Bits = BitsOf<Real>;
  constexpr int kF = kFractionBits<Real>;
  constexpr int kLift = kF + 1;
  const bool subnormal = magnitude(x) < kHiddenBit<Real>;
  const Bits bits = to_bits(subnormal ? x * power_of_two<Real>(kLift) : x);
  const int exponent = static_cast<int>(bits >> kF) - kBias<Real> - (subnormal ? kLift : 0);
  const int odd = exponent & 1;
  const Bits significand = ((bits & kFractionMask<Real>) | kHiddenBit<Real>) << odd;
  const Real m =
      from_bits<Real>((bits & kFractionMask<Real>) | kOneBits<Real>) * (odd != 0 ? Real{2} : Real{1});
  Bits s = to_bits(approximate_root(m)) - kOneBits<Real> + kHiddenBit<Real>;  // 2 gives 2^(F + 1)
  Bits remainder = (significand << kF) - s * s;
  if ((remainder & kSignBit<Real>) != 0U) {  // negative: s is too large
    --s;
    remainder += 2U * s + 1U;
  } else if (remainder > 2U * s) {
    remainder -= 2U * s + 1U;
    ++s;
  }
  if (remainder > s) {  // beyond (s + 1/2)^2 = s^2 + s + 1/4
    ++s;
  }
  const int half = (exponent - odd) / 2;
  return from_bits<Real>((s & kFractionMask<Real>)+(static_cast<Bits>(half + kBias<Real>) << kF));
}

}  // namespace ecu::math::detail
#endif
