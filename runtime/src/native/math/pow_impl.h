/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_POW_IMPL_H
#define ECU_SRC_NATIVE_MATH_POW_IMPL_H

#include "exp_impl.h"

namespace ecu::math::detail {

/** log(x) to about 1.5 times the precision of Real, for a positive finite x.
 *
 *  P. T. P. Tang's table method: x = 2^n z, c a short number near 1 / z from the table, r = z c - 1;
 *  log(x) = n ln 2 - log(c) + log(1 + r). z c is exact in two parts, so is n ln 2 - log(c) in its leading
 *  part, and of log(1 + r) = r - r^2/2 + r^3 P(r) the first two terms are kept with their rounding errors.
 */
template <typename Real>
[[nodiscard]] inline Sum<Real> precise_logarithm(Real x) noexcept {
  using Constants = PowerConstants<Real>;
  using Bits = BitsOf<Real>;
  constexpr int kF = kFractionBits<Real>;
  // The octave that is cut into intervals begins 77/128 of an octave's bit patterns below 1.
  constexpr Bits kOffset = 77U * (kHiddenBit<Real> >> 7U);
  const bool subnormal = magnitude(x) < kHiddenBit<Real>;
  const int lift = subnormal ? kF + 1 : 0;
  const Bits shifted = to_bits(subnormal ? x * power_of_two<Real>(lift) : x) + kOffset;
  const Real n = static_cast<Real>(static_cast<int>(shifted >> kF) - kBias<Real> - lift);
  const Bits place = shifted & kFractionMask<Real>;
  const size_t i = static_cast<size_t>(place >> (kF - Constants::kIndexBits));
  const Sum<Real> z = split(from_bits<Real>(place + (kOneBits<Real> - kOffset)));
  const Real c = Constants::kReciprocal[i];
  const Sum<Real> r = two_sum(z.high * c - Real{1}, z.low * c);

  const Sum<Real> square = two_product(r.high, r.high);
  const Real table = n * ExpConstants<Real>::kLn2High + Constants::kLogHigh[i];
  const Sum<Real> first = two_sum(table, r.high);
  const Sum<Real> second = two_sum(first.high, -kHalf<Real> * square.high);
  const Real cubic = square.high * r.high * polynomial(Constants::kPower, r.high);
  const Real small = (r.low - r.high * r.low) - kHalf<Real> * square.low + cubic;
  const Real rest = n * ExpConstants<Real>::kLn2Low + Constants::kLogLow[i];
  return fast_two_sum(second.high, (first.low + second.low) + (rest + small));
}

enum class Parity : uint8_t { kFraction, kEven, kOdd };

/** What kind of number a finite y is: not whole, even or odd. */
template <typename Real>
[[nodiscard]] inline Parity parity(Real y) noexcept {
  const BitsOf<Real> bits = magnitude(y);
  const int exponent = static_cast<int>(bits >> kFractionBits<Real>) - kBias<Real>;
  if (exponent < 0) {
    return bits == 0U ? Parity::kEven : Parity::kFraction;
  }
  if (exponent > kFractionBits<Real>) {
    return Parity::kEven;
  }
  const BitsOf<Real> unit = kHiddenBit<Real> >> exponent;  // the bit that weighs 1
  if ((bits & (unit - 1U)) != 0U) {
    return Parity::kFraction;
  }
  const bool odd = exponent == 0 || (bits & unit) != 0U;
  return odd ? Parity::kOdd : Parity::kEven;
}

/** |x|^y for |x| not 1 where |x| or |y| is zero or infinite and y is not zero. */
template <typename Real>
[[nodiscard]] inline Real extreme_power(Real size, Real y) noexcept {
  const bool grows = (size > Real{1}) != is_negative(y);
  return grows ? infinity<Real>() : Real{0};
}

/** size^y for finite arguments, size > 0. */
template <typename Real>
[[nodiscard]] inline Real finite_power(Real size, Real y) noexcept {
  // A larger |y| gives infinity or zero as this one does, and the products below must not overflow.
  const Real large = power_of_two<Real>(kFractionBits<Real> + Format<Real>::kExponentBits);
  const Real bounded = with_sign(y, Real{1}) > large ? with_sign(large, y) : y;
  const Sum<Real> log = precise_logarithm(size);
  const Sum<Real> product = two_product(bounded, log.high);
  if (magnitude(product.high) >= to_bits(ExpConstants<Real>::kLimit)) {
    return is_negative(product.high) ? Real{0} : infinity<Real>();
  }
  return value_of(exponential(product.high, product.low + bounded * log.low));
}

template <typename Real>
[[nodiscard]] inline Real pow(Real x, Real y) noexcept {
  if (magnitude(y) == 0U || x == Real{1}) {
    return Real{1};
  }
  if (is_nan(x) || is_nan(y)) {
    return quiet_nan<Real>();
  }
  const Real size = with_sign(x, Real{1});
  const bool infinite = magnitude(y) == kInfinityBits<Real>;
  if (infinite && size == Real{1}) {
    return Real{1};
  }
  const bool extreme = infinite || magnitude(x) == 0U || magnitude(x) == kInfinityBits<Real>;
  const Parity kind = infinite ? Parity::kEven : parity(y);
  if (is_negative(x) && kind == Parity::kFraction && !extreme) {
    return quiet_nan<Real>();
  }
  const Real power = extreme ? extreme_power(size, y) : finite_power(size, y);
  return is_negative(x) && kind == Parity::kOdd ? -power : power;
}

}  // namespace ecu::math::detail
#endif
