/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out x points n features transposed`: distances of x (features) to each of n points (features, n),
 *  or (n, features) transposed.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_PAIRWISE_H
#define ECU_SRC_NATIVE_KERNELS_PAIRWISE_H

#include "../kernel.h"
#include "fold.h"
#include "operators.h"

namespace ecu::native {

/** (x - y)^2, added up. */
template <typename T>
struct Squares {
  static constexpr T kStart = T{0};
  static T term(T x, T y) noexcept { return (x - y) * (x - y); }
  static T join(T sum, T square) noexcept { return sum + square; }
};

/** |x - y|, added up. */
template <typename T>
struct Absolutes {
  static constexpr T kStart = T{0};
  static T term(T x, T y) noexcept { return absolute(x - y); }
  static T join(T sum, T difference) noexcept { return sum + difference; }
};

/** |x - y|, the largest; NaN when one is NaN. */
template <typename T>
struct Largest {
  static constexpr T kStart = T{0};
  static T term(T x, T y) noexcept { return absolute(x - y); }
  static T join(T largest, T difference) noexcept { return maximum(largest, difference); }
};

template <typename T>
ECU_COLD bool check_pairwise(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t x = fields.word();
  const uint32_t points = fields.word();
  const uint32_t n = fields.length();
  const uint32_t features = fields.length();
  fields.expect(fields.word() <= 1U);
  fields.reads(x, features, sizeof(T));
  fields.reads(points, fields.product(n, features), sizeof(T));
  fields.writes(out, n, sizeof(T));
  return fields.done();
}

template <typename T, typename Pair>
void run_pairwise(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand x = frame.operand(operation.word(1U));
  const Operand points = frame.operand(operation.word(2U));
  const uint32_t n = operation.word(3U);
  const uint32_t features = operation.word(4U);
  if (operation.word(5U) != 0U) {
    return fold<T, Pair>(Rows{points, n, features}, x, out, Unchanged(), row_lanes<T>());
  }
  return fold<T, Pair>(Columns{points, n, features}, x, out, Unchanged(), EightLanes());
}

/** Distances by one metric.
 *  @tparam Pair one of the above */
template <typename T, typename Pair>
constexpr ecu_kernel pairwise_kernel() noexcept {
  return ecu_kernel{&check_pairwise<T>, &run_pairwise<T, Pair>};
}

}  // namespace ecu::native
#endif
