/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out x points n features metric`: distances of x (features) to each of points (n, features).
 */
#ifndef ECU_SRC_NATIVE_KERNELS_PAIRWISE_H
#define ECU_SRC_NATIVE_KERNELS_PAIRWISE_H

#include "../kernel.h"
#include "fold.h"
#include "operators.h"

namespace ecu::native {

enum Metric : uint32_t { kSquares = 1U, kAbsolutes = 2U, kLargest = 3U };

/** (x - y)^2, added up. */
template <typename T>
struct Squares {
  static T term(T x, T y) noexcept { return (x - y) * (x - y); }
  static T join(T sum, T square) noexcept { return sum + square; }
};

/** |x - y|, added up. */
template <typename T>
struct Absolutes {
  static T term(T x, T y) noexcept { return absolute(x - y); }
  static T join(T sum, T difference) noexcept { return sum + difference; }
};

/** |x - y|, the largest; NaN when one is NaN. */
template <typename T>
struct Largest {
  static T term(T x, T y) noexcept { return absolute(x - y); }
  static T join(T largest, T difference) noexcept { return maximum(largest, difference); }
};

template <typename T>
bool check_pairwise(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t x = fields.word();
  const uint32_t points = fields.word();
  const uint32_t n = fields.length();
  const uint32_t features = fields.length();
  const uint32_t metric = fields.word();
  fields.expect(metric >= kSquares && metric <= kLargest);
  fields.reads(x, features, sizeof(T));
  fields.reads(points, fields.product(n, features), sizeof(T));
  fields.writes(out, n, sizeof(T));
  return fields.done();
}

template <typename T>
void run_pairwise(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand x = frame.operand(operation.word(1U));
  const Rows points = {frame.operand(operation.word(2U)), operation.word(3U), operation.word(4U)};
  switch (operation.word(5U)) {
    case kSquares:
      return fold<T, Squares<T>>(points, x, out, FourLanes());
    case kAbsolutes:
      return fold<T, Absolutes<T>>(points, x, out, FourLanes());
    default:
      return fold<T, Largest<T>>(points, x, out, FourLanes());
  }
}

template <typename T>
constexpr ecu_kernel pairwise_kernel() noexcept {
  return ecu_kernel{&check_pairwise<T>, &run_pairwise<T>};
}

}  // namespace ecu::native
#endif
