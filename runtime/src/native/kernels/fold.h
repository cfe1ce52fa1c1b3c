/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The inner loops of matmul and pairwise: for each vector of a table one value, over all pairs of an element
 * of x and an element of that vector, in the order of the elements. Several vectors at a time share the loads
 * of x.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_FOLD_H
#define ECU_SRC_NATIVE_KERNELS_FOLD_H

#include "../bytes.h"
#include "eight_floats.h"

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

/** Whether neighbours are loaded together. */
template <typename T>
constexpr bool kTogether = kLoadsEight && sizeof(T) == sizeof(float);

/** The elements of neighbouring lanes. */
template <typename T, size_t kCount>
struct Neighbours {
  T values[kCount];
};

template <typename T, size_t... kLane>
[[nodiscard]] inline auto neighbours(Operand lanes, Lanes<kLane...>) noexcept {
  if constexpr (kTogether<T> && sizeof...(kLane) == EightFloats::kCount) {
    return load_eight(lanes.bytes());
  } else {
    return Neighbours<T, sizeof...(kLane)>{{lanes.get<T>(kLane)...}};
  }
}

/** `value` and the first eight pairs of x and y, one after another. */
template <typename T, typename Pair, size_t... kLane>
[[nodiscard]] __attribute__((always_inline)) inline T fold_eight(T value, Operand x, Operand y,
                                                                 Lanes<kLane...>) noexcept {
  EightFloats left;
  EightFloats right;
  load_two_eights(x.bytes(), y.bytes(), left, right);
  ((value = Pair::join(value, Pair::term(left.values[kLane], right.values[kLane]))), ...);
  return value;
}

/** The value of one vector. */
template <typename T, typename Pair>
[[nodiscard]] inline T fold_one(Operand y, uint32_t length, Operand x) noexcept {
  T value = Pair::kStart;
  size_t i = 0U;
  if constexpr (kTogether<T>) {
    for (; length - i >= EightFloats::kCount; i += EightFloats::kCount) {
      value = fold_eight<T, Pair>(value, x.from(i * sizeof(T)), y.from(i * sizeof(T)), EightLanes());
    }
  }
  for (; i < length; ++i) {
    value = Pair::join(value, Pair::term(x.get<T>(i), y.get<T>(i)));
  }
  return value;
}

/** Stores the values of the vectors from `first` on.
 *  @tparam Pair `term(x, y)` of a pair, `join(value, term)` of all pairs before and this one, and `kStart`,
 *               with which `join` gives the term itself
 *  @param finish what is done to the values before; called with them, `first` and the lanes */
template <typename T, typename Pair, typename Finish, size_t... kLane>
inline void fold_lanes(const Rows& rows, size_t first, Operand x, Result out, const Finish& finish,
                       Lanes<kLane...> together) noexcept {
  const uint32_t length = rows.length;
  const Operand lanes[] = {rows.elements.from((first + kLane) * length * sizeof(T))...};
  T values[] = {(static_cast<void>(kLane), Pair::kStart)...};
  if constexpr (sizeof...(kLane) == 1U) {
    values[0] = fold_one<T, Pair>(lanes[0], length, x);
  } else {
    for (size_t i = 0U; i < length; ++i) {
      const T element = x.get<T>(i);
      ((values[kLane] = Pair::join(values[kLane], Pair::term(element, lanes[kLane].template get<T>(i)))),
       ...);
    }
  }
  finish(values, first, together);
  (out.set<T>(first + kLane, values[kLane]), ...);
}

template <typename T, typename Pair, typename Finish, size_t... kLane>
inline void fold_lanes(const Columns& columns, size_t first, Operand x, Result out, const Finish& finish,
                       Lanes<kLane...> together) noexcept {
  const uint32_t length = columns.length;
  const size_t step = columns.count * sizeof(T);
  Operand lanes = columns.elements.from(first * sizeof(T));
  T values[] = {(static_cast<void>(kLane), Pair::kStart)...};
  size_t i = 0U;
  if constexpr (kTogether<T> && sizeof...(kLane) == EightFloats::kCount) {
    for (; length - i >= 2U; i += 2U) {
      EightFloats y;
      EightFloats next;
      load_two_eights(lanes.bytes(), lanes.from(step).bytes(), y, next);
      const T element = x.get<T>(i);
      ((values[kLane] = Pair::join(values[kLane], Pair::term(element, y.values[kLane]))), ...);
      const T next_element = x.get<T>(i + 1U);
      ((values[kLane] = Pair::join(values[kLane], Pair::term(next_element, next.values[kLane]))), ...);
      lanes = lanes.from(2U * step);
    }
  }
  for (; i < length; ++i) {
    const auto y = neighbours<T>(lanes, together);
    const T element = x.get<T>(i);
    ((values[kLane] = Pair::join(values[kLane], Pair::term(element, y.values[kLane]))), ...);
    lanes = lanes.from(step);
  }
  finish(values, first, together);
  (out.set<T>(first + kLane, values[kLane]), ...);
}

/** Values as they are. */
struct Unchanged {
  template <typename Values, typename Together>
  void operator()(Values&, size_t, Together) const noexcept {}
};

/** out[j] for each vector j. The last lanes begin earlier, at vectors that are done, when too few are left.
 */
template <typename T, typename Pair, typename Vectors, typename Finish, size_t... kLane>
inline void fold(const Vectors& vectors, Operand x, Result out, const Finish& finish,
                 Lanes<kLane...> together) noexcept {
  constexpr size_t kCount = sizeof...(kLane);
  if (vectors.count >= kCount) {
    for (size_t j = 0U; j < vectors.count; j += kCount) {
      const size_t first = vectors.count - j < kCount ? vectors.count - kCount : j;
      fold_lanes<T, Pair>(vectors, first, x, out, finish, together);
    }
    return;
  }
  if constexpr (kCount > 1U) {
    for (size_t j = 0U; j < vectors.count; ++j) {
      fold_lanes<T, Pair>(vectors, j, x, out, finish, OneLane());
    }
  }
}

/** Lanes for rows: one row at a time takes fewer instructions where neighbours are loaded together. */
template <typename T>
[[nodiscard]] constexpr auto row_lanes() noexcept {
  if constexpr (kTogether<T>) {
    return OneLane();
  } else {
    return FourLanes();
  }
}

}  // namespace ecu::native
#endif
