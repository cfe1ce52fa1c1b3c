/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_ERF_IMPL_H
#define ECU_SRC_NATIVE_MATH_ERF_IMPL_H

#include "exp_impl.h"

namespace ecu::math::detail {

/** Three pieces: x (1 + P(x^2)) near 0; a polynomial in x - 1 around 1, where erf(1) is kept in two parts;
 *  beyond, 1 - e^(-x^2) Q((x - 1) / (x + 2)) with x^2 in two parts, where the second term is at most 0.08. */
template <typename Real>
[[nodiscard]] inline Real erf(Real x) noexcept {
  using Constants = ErfConstants<Real>;
  if (is_nan(x)) {
    return quiet_nan<Real>();
  }
  const Real size = with_sign(x, Real{1});
  if (size < Constants::kMiddleBegin) {
    return x + x * polynomial(Constants::kErf, x * x);
  }
  const Real h = size - Real{1};
  if (size < Constants::kMiddleEnd) {
    const Real difference = Constants::kErfOneLow + h * polynomial(Constants::kMiddle, h);
    return with_sign(Constants::kErfOneHigh + difference, x);
  }
  if (size >= Constants::kLast) {
    return with_sign(Real{1}, x);
  }
  const Real scaled = polynomial(Constants::kErfc, h / (size + Real{2}));
  const Sum<Real> square = two_product(size, size);
  const Real gauss = value_of(exponential(-square.high, -square.low));
  return with_sign(Real{1} - gauss * scaled, x);
}

}  // namespace ecu::math::detail
#endif
