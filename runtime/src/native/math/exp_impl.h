/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_EXP_IMPL_H
#define ECU_SRC_NATIVE_MATH_EXP_IMPL_H

#include "coefficients.h"
#include "format.h"

namespace ecu::math::detail {

/** e^z as 2^exponent (1 + r + tail), |r| <= 0.35. */
template <typename Real>
struct Exponential {
  int exponent;
  Real r;
  Real tail;
};

/** e^(x + low) for |x| <= kExpLimit, and `low` at most about an ulp of x.
 *
 *  The reduction of W. J. Cody and W. Waite (1980): r = x - n ln 2, n the whole number nearest to
 *  x / ln 2. The product of n and the leading part of ln 2 is exact, and so is its difference from x.
 *  What is lost when r is rounded goes into the tail: with c the loss and P the polynomial,
 *  e^(r + c) - 1 - r = r^2/2 + c + r (c + r^2 P(r)), but for terms in c^2 and c r^2.
 */
template <typename Real>
[[nodiscard]] inline Exponential<Real> exponential(Real x, Real low = Real{0}) noexcept {
  using Constants = ExpConstants<Real>;
  const Real n = to_whole(x * Constants::kInverseLn2);
  const Real high = x - n * Constants::kLn2High;
  const Real rest = n * Constants::kLn2Low - low;
  const Real r = high - rest;
  const Real lost = (high - r) - rest;
  const Real square = r * r;
  const Real cubic = r * (lost + square * polynomial(Constants::kExp, r));
  const Real tail = kHalf<Real> * square + (lost + cubic);
  return {static_cast<int>(n), r, tail};
}

/** The number that `e` stands for, rounded once more than e.tail. */
template <typename Real>
[[nodiscard]] inline Real value_of(const Exponential<Real>& e) noexcept {
  const Sum<Real> sum = fast_two_sum(Real{1}, e.r);
  return scale(sum.high + (sum.low + e.tail), e.exponent);
}

template <typename Real>
[[nodiscard]] inline Real exp(Real x) noexcept {
  constexpr Real kLimit = ExpConstants<Real>::kLimit;
  if (magnitude(x) >= to_bits(kLimit)) {
    if (is_nan(x)) {
      return quiet_nan<Real>();
    }
    return is_negative(x) ? Real{0} : infinity<Real>();
  }
  return value_of(exponential(x));
}

}  // namespace ecu::math::detail
#endif
