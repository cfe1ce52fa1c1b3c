/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Operators on one or two elements. T is float or double, whose operations are those of IEEE 754 with
 *  rounding to nearest.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_OPERATORS_H
#define ECU_SRC_NATIVE_KERNELS_OPERATORS_H

#include <stdint.h>

#include "../bytes.h"

namespace ecu::native {

template <typename T>
[[nodiscard]] constexpr bool is_nan(T x) noexcept {
  return !(x == x);
}

template <typename T>
[[nodiscard]] constexpr T add(T a, T b) noexcept {
  return a + b;
}

template <typename T>
[[nodiscard]] constexpr T subtract(T a, T b) noexcept {
  return a - b;
}

template <typename T>
[[nodiscard]] constexpr T multiply(T a, T b) noexcept {
  return a * b;
}

template <typename T>
[[nodiscard]] constexpr T divide(T a, T b) noexcept {
  return a / b;
}

/** The smaller one, a when both are equal; NaN when one is NaN. */
template <typename T>
[[nodiscard]] constexpr T minimum(T a, T b) noexcept {
  return b < a || is_nan(b) ? (is_nan(a) ? a : b) : a;
}

/** The larger one, a when both are equal; NaN when one is NaN. */
template <typename T>
[[nodiscard]] constexpr T maximum(T a, T b) noexcept {
  return b > a || is_nan(b) ? (is_nan(a) ? a : b) : a;
}

template <typename T>
[[nodiscard]] constexpr int32_t less(T a, T b) noexcept {
  return a < b ? 1 : 0;
}

template <typename T>
[[nodiscard]] constexpr int32_t greater(T a, T b) noexcept {
  return a > b ? 1 : 0;
}

template <typename T>
[[nodiscard]] constexpr int32_t less_or_equal(T a, T b) noexcept {
  return a <= b ? 1 : 0;
}

template <typename T>
[[nodiscard]] constexpr int32_t equal(T a, T b) noexcept {
  return a == b ? 1 : 0;
}

template <typename T>
[[nodiscard]] constexpr T negate(T x) noexcept {
  return -x;
}

/** x without its sign, that of zero and NaN included. */
template <typename T>
[[nodiscard]] T absolute(T x) noexcept {
  using Word = typename Bits<sizeof(T)>::Type;
  return bit_cast<T>(bit_cast<Word>(x) & (static_cast<Word>(~Word{0U}) >> 1U));
}

/** -1, 0 or 1; NaN stays. */
template <typename T>
[[nodiscard]] constexpr T sign(T x) noexcept {
  return x > T{0} ? T{1} : (x < T{0} ? T{-1} : (is_nan(x) ? x : T{0}));
}

template <typename T>
[[nodiscard]] constexpr int32_t nan_flag(T x) noexcept {
  return is_nan(x) ? 1 : 0;
}

/** Toward zero, saturated; 0 for NaN. */
template <typename T>
[[nodiscard]] constexpr int32_t to_i32(T x) noexcept {
  constexpr T kLimit = 2147483648;
  if (is_nan(x)) {
    return 0;
  }
  if (x >= kLimit) {
    return INT32_MAX;
  }
  return x < -kLimit ? INT32_MIN : static_cast<int32_t>(x);
}

template <typename From, typename To>
[[nodiscard]] constexpr To convert(From x) noexcept {
  return static_cast<To>(x);
}

}  // namespace ecu::native
#endif
