/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The inner loops of matmul and pairwise: for each vector of a table one value, over all pairs of an element
 * of x and an element of that vector, in the order of the elements. Several vectors at a time share the loads
 * of x.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_FOLD_H
#define ECU_SRC_NATIVE_KERNELS_FOLD_H

#include "../bytes.h"

namespace ecu::native {

/** Vectors that are computed together: positions from the first of them. */
template <size_t... kLane>
struct Lanes {};

using OneLane = Lanes<0U>;
using FourLanes = Lanes<0U, 1U, 2U, 3U>;
using EightLanes = Lanes<0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U>;

/** `count` vectors of `length` elements, each side by side: (count, length). */
struct Rows {
  Operand elements;
  uint32_t count;
  uint32_t length;
};

/** `count` vectors of `length` elements as columns: (length, count). */
struct Columns {
  Operand elements;
  uint32_t count;
  uint32_t length;
};

/** Values of the vectors from `first` on.
 *  @tparam Pair `term(x, y)` of a pair, `join(value, term)` of all pairs before and this one */
template <typename T, typename Pair, size_t... kLane>
inline void fold_lanes(const Rows& rows, size_t first, Operand x, Result out, Lanes<kLane...>) noexcept {
  const uint32_t length = rows.length;
  const Operand lanes[] = {rows.elements.from((first + kLane) * length * sizeof(T))...};
  const T start = x.get<T>(0U);
  T values[] = {Pair::term(start, lanes[kLane].template get<T>(0U))...};
  for (size_t i = 1U; i < length; ++i) {
    const T element = x.get<T>(i);
    ((values[kLane] = Pair::join(values[kLane], Pair::term(element, lanes[kLane].template get<T>(i)))), ...);
  }
  (out.set<T>(first + kLane, values[kLane]), ...);
}

template <typename T, typename Pair, size_t... kLane>
inline void fold_lanes(const Columns& columns, size_t first, Operand x, Result out,
                       Lanes<kLane...>) noexcept {
  const uint32_t length = columns.length;
  const size_t step = columns.count * sizeof(T);
  Operand lanes = columns.elements.from(first * sizeof(T));
  const T start = x.get<T>(0U);
  T values[] = {Pair::term(start, lanes.get<T>(kLane))...};
  for (size_t i = 1U; i < length; ++i) {
    lanes = lanes.from(step);
    const T element = x.get<T>(i);
    ((values[kLane] = Pair::join(values[kLane], Pair::term(element, lanes.get<T>(kLane)))), ...);
  }
  (out.set<T>(first + kLane, values[kLane]), ...);
}

/** out[j] for each vector j. */
template <typename T, typename Pair, typename Vectors, size_t... kLane>
inline void fold(const Vectors& vectors, Operand x, Result out, Lanes<kLane...> together) noexcept {
  size_t j = 0U;
  for (; vectors.count - j >= sizeof...(kLane); j += sizeof...(kLane)) {
    fold_lanes<T, Pair>(vectors, j, x, out, together);
  }
  for (; j < vectors.count; ++j) {
    fold_lanes<T, Pair>(vectors, j, x, out, OneLane());
  }
}

}  // namespace ecu::native
#endif
