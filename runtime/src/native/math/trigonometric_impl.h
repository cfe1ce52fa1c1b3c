/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_TRIGONOMETRIC_IMPL_H
#define ECU_SRC_NATIVE_MATH_TRIGONOMETRIC_IMPL_H

#include "angle.h"

namespace ecu::math::detail {

/** sin(r + low), |r| <= pi/4: r exact, plus r^3 P(r^2) and the first-order effect of `low`. */
template <typename Real>
[[nodiscard]] inline Real sine(Real r, Real low) noexcept {
  const Real z = r * r;
  const Real cubic = r * z * polynomial(TrigonometricConstants<Real>::kSine, z);
  return r + (cubic + low * (Real{1} - kHalf<Real> * z));
}

/** cos(r + low), |r| <= pi/4: 1 - r^2/2 with its rounding error, plus r^4 P(r^2). */
template <typename Real>
[[nodiscard]] inline Real cosine(Real r, Real low) noexcept {
  const Real z = r * r;
  const Real quartic = z * z * polynomial(TrigonometricConstants<Real>::kCosine, z);
  const Sum<Real> sum = fast_two_sum(Real{1}, -kHalf<Real> * z);
  return sum.high + (sum.low + (quartic - r * low));
}

/** The sine at `turn` quadrants after the angle. */
template <typename Real>
[[nodiscard]] inline Real sine_of(const Angle<Real>& angle, uint32_t turn) noexcept {
  const uint32_t quadrant = angle.quadrant + turn;
  const Real value = (quadrant & 1U) != 0U ? cosine(angle.high, angle.low) : sine(angle.high, angle.low);
  return (quadrant & 2U) != 0U ? -value : value;
}

template <typename Real>
[[nodiscard]] inline Real sin(Real x) noexcept {
  if (magnitude(x) >= kInfinityBits<Real>) {
    return quiet_nan<Real>();
  }
  const Real value = sine_of(angle_of(with_sign(x, Real{1})), 0U);
  return is_negative(x) ? -value : value;
}

template <typename Real>
[[nodiscard]] inline Real cos(Real x) noexcept {
  if (magnitude(x) >= kInfinityBits<Real>) {
    return quiet_nan<Real>();
  }
  return sine_of(angle_of(with_sign(x, Real{1})), 1U);
}

}  // namespace ecu::math::detail
#endif
