/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_FORMAT_H
#define ECU_SRC_NATIVE_MATH_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "../bytes.h"

namespace ecu::math {

/** Parameters of binary32 (float) and binary64 (double), IEEE 754-2019 table 3.5. */
template <typename Real>
struct Format;

template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int kFractionBits = 23;
  static constexpr int kExponentBits = 8;
};

template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int kFractionBits = 52;
  static constexpr int kExponentBits = 11;
};

template <typename Real>
using BitsOf = typename Format<Real>::Bits;

template <typename Real>
inline constexpr int kFractionBits = Format<Real>::kFractionBits;

/** Exponent of the largest finite number, and the bias of the exponent field. */
template <typename Real>
inline constexpr int kBias = (1 << (Format<Real>::kExponentBits - 1)) - 1;

template <typename Real>
inline constexpr BitsOf<Real> kHiddenBit = BitsOf<Real>{1} << kFractionBits<Real>;

template <typename Real>
inline constexpr BitsOf<Real> kFractionMask = kHiddenBit<Real> - 1U;

template <typename Real>
inline constexpr BitsOf<Real> kSignBit =
    BitsOf<Real>{1} << (Format<Real>::kExponentBits + kFractionBits<Real>);

/** Bit pattern of +infinity; a larger magnitude is a NaN. */
template <typename Real>
inline constexpr BitsOf<Real> kInfinityBits = kSignBit<Real> - kHiddenBit<Real>;

/** Bit pattern of 1. */
template <typename Real>
inline constexpr BitsOf<Real> kOneBits = static_cast<BitsOf<Real>>(kBias<Real>) << kFractionBits<Real>;

template <typename Real>
inline constexpr Real kHalf = static_cast<Real>(0.5F);

template <typename Real>
[[nodiscard]] inline BitsOf<Real> to_bits(Real x) noexcept {
  return native::bit_cast<BitsOf<Real>>(x);
}

template <typename Real>
[[nodiscard]] inline Real from_bits(BitsOf<Real> bits) noexcept {
  return native::bit_cast<Real>(bits);
}

template <typename Real>
[[nodiscard]] inline Real infinity() noexcept {
  return from_bits<Real>(kInfinityBits<Real>);
}

/** The one NaN that these functions return: positive, quiet, no payload. What an operation makes of NaN
 *  differs between processors. */
template <typename Real>
[[nodiscard]] inline Real quiet_nan() noexcept {
  return from_bits<Real>(kInfinityBits<Real> | (kHiddenBit<Real> >> 1U));
}

/** Bit pattern of |x|; ordered as |x|, with NaN above infinity. */
template <typename Real>
[[nodiscard]] inline BitsOf<Real> magnitude(Real x) noexcept {
  return to_bits(x) & static_cast<BitsOf<Real>>(~kSignBit<Real>);
}

template <typename Real>
[[nodiscard]] inline bool is_negative(Real x) noexcept {
  return (to_bits(x) & kSignBit<Real>) != 0U;
}

template <typename Real>
[[nodiscard]] inline bool is_nan(Real x) noexcept {
  return magnitude(x) > kInfinityBits<Real>;
}

/** |size| with the sign of `sign`. */
template <typename Real>
[[nodiscard]] inline Real with_sign(Real size, Real sign) noexcept {
  return from_bits<Real>(magnitude(size) | (to_bits(sign) & kSignBit<Real>));
}

/** 2^n as a normal number: -kBias < n <= kBias. */
template <typename Real>
[[nodiscard]] inline Real power_of_two(int n) noexcept {
  return from_bits<Real>(static_cast<BitsOf<Real>>(n + kBias<Real>) << kFractionBits<Real>);
}

/** x 2^n, rounded once: 1/8 <= |x| < 8 (or 0) and |n| <= kBias + 2 kFractionBits. */
template <typename Real>
[[nodiscard]] inline Real scale(Real x, int n) noexcept {
  if (n > kBias<Real>) {
    return x * power_of_two<Real>(kBias<Real>) * power_of_two<Real>(n - kBias<Real>);
  }
  if (n <= -kBias<Real>) {
    constexpr int kLift = 2 * kFractionBits<Real> + 4;  // the first product is normal, hence exact
    return x * power_of_two<Real>(n + kLift) * power_of_two<Real>(-kLift);
  }
  return x * power_of_two<Real>(n);
}

/** The whole number nearest to x, |x| < 2^(kFractionBits - 1). */
template <typename Real>
[[nodiscard]] inline Real to_whole(Real x) noexcept {
  const Real shift =
      (Real{1} + kHalf<Real>)*power_of_two<Real>(kFractionBits<Real>);  // leaves no bits for a fraction
  return (x + shift) - shift;
}

/** c[0] + c[1] x + c[2] x^2 + ... by Horner's rule. */
template <size_t Index = 0U, typename Real, size_t Count>
[[nodiscard]] inline Real polynomial(const Real (&c)[Count], Real x) noexcept {
  if constexpr (Index + 1U == Count) {
    return c[Index];
  } else {
    return c[Index] + x * polynomial<Index + 1U>(c, x);
  }
}

/** An unevaluated sum: `low` is at most about half a unit in the last place of `high`. */
template <typename Real>
struct Sum {
  Real high;
  Real low;
};

/** a + b exactly, where |a| >= |b| or a = 0 (T. J. Dekker, Numer. Math. 18, 1971). */
template <typename Real>
[[nodiscard]] inline Sum<Real> fast_two_sum(Real a, Real b) noexcept {
  const Real sum = a + b;
  return {sum, (a - sum) + b};
}

/** a + b exactly (D. E. Knuth, TAOCP 2, section 4.2.2). */
template <typename Real>
[[nodiscard]] inline Sum<Real> two_sum(Real a, Real b) noexcept {
  const Real sum = a + b;
  const Real from_b = sum - a;
  return {sum, (a - (sum - from_b)) + (b - from_b)};
}

/** x in two halves, each short enough for products of halves to be exact: the fraction is cut. */
template <typename Real>
[[nodiscard]] inline Sum<Real> split(Real x) noexcept {
  constexpr BitsOf<Real> kLowHalf = (BitsOf<Real>{1} << (kFractionBits<Real> / 2 + 1)) - 1U;
  const Real high = from_bits<Real>(to_bits(x) & static_cast<BitsOf<Real>>(~kLowHalf));
  return {high, x - high};
}

/** a b with its rounding error (Dekker's product); exact but for the last bit of the error in double,
 *  as long as no partial product underflows. */
template <typename Real>
[[nodiscard]] inline Sum<Real> two_product(Real a, Real b) noexcept {
  const Sum<Real> x = split(a);
  const Sum<Real> y = split(b);
  const Real product = a * b;
  const Real rest = ((x.high * y.high - product) + x.high * y.low) + x.low * y.high;
  return {product, rest + x.low * y.low};
}

}  // namespace ecu::math
#endif
