/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Kernels over the middle axis of (outer, n, inner), first to last: `out in outer n inner`.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_REDUCTION_H
#define ECU_SRC_NATIVE_KERNELS_REDUCTION_H

#include "../kernel.h"
#include "operators.h"

namespace ecu::native {

/** The words after the references. */
struct Axes {
  uint32_t outer;
  uint32_t n;
  uint32_t inner;
};

/** @param keeps_axis the result has the shape of the operand; else (outer, inner) */
[[nodiscard]] ECU_COLD bool check_axes(const Operation& operation, const Scope& scope, uint32_t result_size,
                                       uint32_t operand_size, bool keeps_axis) noexcept;

[[nodiscard]] inline Axes axes_of(const Operation& operation) noexcept {
  return Axes{operation.word(2U), operation.word(3U), operation.word(4U)};
}

/* One column of the operand: its n elements over the middle axis. */
template <typename T>
class Column {
 public:
  Column(Operand in, const Axes& axes, size_t outer, size_t inner) noexcept
      : in_(in.from(((outer * axes.n * axes.inner) + inner) * sizeof(T))), stride_(axes.inner) {}

  [[nodiscard]] T at(size_t index) const noexcept { return in_.get<T>(index * stride_); }

 private:
  Operand in_;
  size_t stride_;
};

/** Calls `reduce(column, n)` for each (outer, inner) and stores what it returns. */
template <typename T, typename To, To (*kReduce)(const Column<T>& column, uint32_t n) noexcept>
void run_reduction(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand in = frame.operand(operation.word(1U));
  const Axes axes = axes_of(operation);
  size_t at = 0U;
  for (size_t outer = 0U; outer < axes.outer; ++outer) {
    for (size_t inner = 0U; inner < axes.inner; ++inner, ++at) {
      out.set<To>(at, kReduce(Column<T>(in, axes, outer, inner), axes.n));
    }
  }
}

template <typename T, typename To, To (*kReduce)(const Column<T>& column, uint32_t n) noexcept>
constexpr ecu_kernel reduction_kernel() noexcept {
  return ecu_kernel{[](const Operation& operation, const Scope& scope) noexcept {
                      return check_axes(operation, scope, sizeof(To), sizeof(T), false);
                    },
                    &run_reduction<T, To, kReduce>};
}

template <typename T, T (*kOperator)(T, T) noexcept>
T fold_column(const Column<T>& column, uint32_t n) noexcept {
  T value = column.at(0U);
  for (size_t i = 1U; i < n; ++i) {
    value = kOperator(value, column.at(i));
  }
  return value;
}

/** The operator over the axis, first to last. */
template <typename T, T (*kOperator)(T, T) noexcept>
constexpr ecu_kernel fold_kernel() noexcept {
  return reduction_kernel<T, T, &fold_column<T, kOperator>>();
}

/** Position of the first element that no other one is `kBetter` than; the first NaN when there is one. */
template <typename T, int32_t (*kBetter)(T, T) noexcept>
int32_t best_position(const Column<T>& column, uint32_t n) noexcept {
  T best = column.at(0U);
  int32_t position = 0;
  for (size_t i = 1U; i < n && !is_nan(best); ++i) {
    const T candidate = column.at(i);
    if (kBetter(candidate, best) != 0 || is_nan(candidate)) {
      best = candidate;
      position = static_cast<int32_t>(i);
    }
  }
  return position;
}

/** Position of the best element over the axis. */
template <typename T, int32_t (*kBetter)(T, T) noexcept>
constexpr ecu_kernel position_kernel() noexcept {
  return reduction_kernel<T, int32_t, &best_position<T, kBetter>>();
}

template <typename T>
void run_cumulative_sum(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand in = frame.operand(operation.word(1U));
  const Axes axes = axes_of(operation);
  for (size_t outer = 0U; outer < axes.outer; ++outer) {
    for (size_t inner = 0U; inner < axes.inner; ++inner) {
      const Column<T> column(in, axes, outer, inner);
      T sum = column.at(0U);
      size_t at = (outer * axes.n * axes.inner) + inner;
      out.set<T>(at, sum);
      for (size_t i = 1U; i < axes.n; ++i) {
        sum = sum + column.at(i);
        at += axes.inner;
        out.set<T>(at, sum);
      }
    }
  }
}

/** The sums of the first 1, 2, ... n elements. */
template <typename T>
constexpr ecu_kernel cumulative_sum_kernel() noexcept {
  return ecu_kernel{[](const Operation& operation, const Scope& scope) noexcept {
                      return check_axes(operation, scope, sizeof(T), sizeof(T), true);
                    },
                    &run_cumulative_sum<T>};
}

}  // namespace ecu::native
#endif
