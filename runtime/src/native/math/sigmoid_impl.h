/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_SIGMOID_IMPL_H
#define ECU_SRC_NATIVE_MATH_SIGMOID_IMPL_H

#include "exp_impl.h"
#include "sigmoid.h"

namespace ecu::math::detail {

/** 1 / (1 + e^z) to nearly twice the precision, 0 <= z <= kSaturation.
 *
 *  1 + e^z = 2^n ((2^-n + 1) + r + tail); the sum d is kept with its rounding error, and the quotient
 *  q = 1 / d is corrected by its exact remainder: 1 / d = q + q (1 - q d).
 */
template <typename Real>
[[nodiscard]] inline Sum<Real> reciprocal_of_one_plus_exp(Real z) noexcept {
  const Exponential<Real> e = exponential(z);
  const Real unit = power_of_two<Real>(-e.exponent);
  const Sum<Real> base = fast_two_sum(Real{1}, unit);
  const Sum<Real> sum = fast_two_sum(base.high, e.r);
  const Sum<Real> d = fast_two_sum(sum.high, sum.low + (base.low + e.tail));
  const Real q = Real{1} / d.high;
  const Sum<Real> product = two_product(q, d.high);
  const Real remainder = ((Real{1} - product.high) - product.low) - q * d.low;
  return {q * unit, q * remainder * unit};
}

/** 1 - t, rounded once more than t.low. */
template <typename Real>
[[nodiscard]] inline Real one_minus(const Sum<Real>& t) noexcept {
  const Sum<Real> difference = fast_two_sum(Real{1}, -t.high);
  return difference.high + (difference.low - t.low);
}

/** tanh(x) = 1 - 2 / (1 + e^(2 x)) for large x, an odd polynomial for small x. */
template <typename Real>
[[nodiscard]] inline Real tanh(Real x) noexcept {
  if (is_nan(x)) {
    return quiet_nan<Real>();
  }
  const Real size = with_sign(x, Real{1});
  if (size < SigmoidConstants<Real>::kSmall) {
    const Real z = size * size;
    return with_sign(size + size * z * polynomial(SigmoidConstants<Real>::kTanh, z), x);
  }
  if (size > SigmoidConstants<Real>::kSaturation / Real{2}) {
    return with_sign(Real{1}, x);
  }
  const Sum<Real> t = reciprocal_of_one_plus_exp(Real{2} * size);
  const Sum<Real> difference = fast_two_sum(Real{1}, Real{-2} * t.high);
  return with_sign(difference.high + (difference.low - Real{2} * t.low), x);
}

/** With t = 1 / (1 + e^|x|): t for negative x, 1 - t for positive x. */
template <typename Real>
[[nodiscard]] inline Real logistic(Real x) noexcept {
  if (is_nan(x)) {
    return quiet_nan<Real>();
  }
  const Real size = with_sign(x, Real{1});
  if (size > SigmoidConstants<Real>::kSaturation) {
    return is_negative(x) ? exp(x) : Real{1};
  }
  const Sum<Real> t = reciprocal_of_one_plus_exp(size);
  return is_negative(x) ? t.high + t.low : one_minus(t);
}

/** Both values take one t. */
template <typename Real>
[[nodiscard]] inline Complements<Real> logistic_both(Real x) noexcept {
  if (is_nan(x)) {
    return {quiet_nan<Real>(), quiet_nan<Real>()};
  }
  const Real size = with_sign(x, Real{1});
  Real smaller = Real{0};
  Real larger = Real{1};
  if (size > SigmoidConstants<Real>::kSaturation) {
    smaller = exp(-size);
  } else {
    const Sum<Real> t = reciprocal_of_one_plus_exp(size);
    smaller = t.high + t.low;
    larger = one_minus(t);
  }
  return is_negative(x) ? Complements<Real>{larger, smaller} : Complements<Real>{smaller, larger};
}

}  // namespace ecu::math::detail
#endif
