/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_ROUNDING_IMPL_H
#define ECU_SRC_NATIVE_MATH_ROUNDING_IMPL_H

#include "format.h"

namespace ecu::math::detail {

/** x is a whole number, an infinity or NaN because its last bit weighs 1 or more. */
template <typename Real>
[[nodiscard]] inline bool has_no_fraction(Real x) noexcept {
  return magnitude(x) >= to_bits(power_of_two<Real>(kFractionBits<Real>));
}

/** x itself, NaN in its one form. */
template <typename Real>
[[nodiscard]] inline Real unchanged(Real x) noexcept {
  return is_nan(x) ? quiet_nan<Real>() : x;
}

/** The sum with 2^F rounds to a whole number, F being the number of fraction bits. */
template <typename Real>
[[nodiscard]] inline Real round(Real x) noexcept {
  if (has_no_fraction(x)) {
    return unchanged(x);
  }
  const Real shift = power_of_two<Real>(kFractionBits<Real>);
  const Real size = with_sign(x, Real{1});
  return with_sign((size + shift) - shift, x);
}

template <typename Real>
[[nodiscard]] inline Real floor(Real x) noexcept {
  if (has_no_fraction(x)) {
    return unchanged(x);
  }
  const Real nearest = round(x);
  return with_sign(nearest > x ? nearest - Real{1} : nearest, x);
}

template <typename Real>
[[nodiscard]] inline Real ceil(Real x) noexcept {
  if (has_no_fraction(x)) {
    return unchanged(x);
  }
  const Real nearest = round(x);
  return with_sign(nearest < x ? nearest + Real{1} : nearest, x);
}

}  // namespace ecu::math::detail
#endif
