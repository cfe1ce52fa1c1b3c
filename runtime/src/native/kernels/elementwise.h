/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Kernels that compute each element of a dense result from the elements at the same position of views:
 *  copy, binary operators, where. A kernel gives only the loop over one row, the last axis of the shape;
 *  the walk over the other axes is shared.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_ELEMENTWISE_H
#define ECU_SRC_NATIVE_KERNELS_ELEMENTWISE_H

#include "../kernel.h"

namespace ecu::native {

constexpr uint32_t kMaxOperands = 3U;

/** One row of the result and of each operand; strides in elements, 0 repeats one element. */
struct Row {
  Result out;
  Operand operands[kMaxOperands];
  size_t strides[kMaxOperands];
  uint32_t count;
};

/** Records `out, operand..., [start,] shape, view...`; sizes are bytes of an element. */
struct Layout {
  uint32_t operands;
  bool has_start;  // a word with the element that the view of the first operand starts at
  uint32_t result_size;
  uint32_t operand_sizes[kMaxOperands];
};

[[nodiscard]] ECU_COLD bool check_elementwise(const Operation& operation, const Scope& scope,
                                              const Layout& layout) noexcept;

/** Calls `compute` for each row, first to last. */
void run_elementwise(const Operation& operation, const Frame& frame, const Layout& layout,
                     void (*compute)(const Row& row) noexcept) noexcept;

/** The kernel of records of this layout. */
template <const Layout& kLayout, void (*kCompute)(const Row& row) noexcept>
constexpr ecu_kernel elementwise_kernel() noexcept {
  return ecu_kernel{[](const Operation& operation, const Scope& scope) noexcept {
                      return check_elementwise(operation, scope, kLayout);
                    },
                    [](const Operation& operation, const Frame& frame) noexcept {
                      run_elementwise(operation, frame, kLayout, kCompute);
                    }};
}

template <typename From, typename To>
inline constexpr Layout kBinaryLayout = {2U, false, sizeof(To), {sizeof(From), sizeof(From), 0U}};

template <typename From, typename To, To (*kOperator)(From, From) noexcept>
void compute_binary(const Row& row) noexcept {
  const Result out = row.out;
  const Operand a = row.operands[0];
  const Operand b = row.operands[1];
  const size_t a_stride = row.strides[0];
  const size_t b_stride = row.strides[1];
  const uint32_t count = row.count;
  for (size_t i = 0U; i < count; ++i) {
    out.set<To>(i, kOperator(a.get<From>(i * a_stride), b.get<From>(i * b_stride)));
  }
}

/** out[i] = kOperator(a[i], b[i]). */
template <typename From, typename To, To (*kOperator)(From, From) noexcept>
constexpr ecu_kernel binary_kernel() noexcept {
  return elementwise_kernel<kBinaryLayout<From, To>, &compute_binary<From, To, kOperator>>();
}

template <typename T>
inline constexpr Layout kCopyLayout = {1U, true, sizeof(T), {sizeof(T), 0U, 0U}};

template <typename T>
void compute_copy(const Row& row) noexcept {
  const Result out = row.out;
  const Operand in = row.operands[0];
  const size_t stride = row.strides[0];
  const uint32_t count = row.count;
  for (size_t i = 0U; i < count; ++i) {
    out.set<T>(i, in.get<T>(i * stride));
  }
}

/** out[i] = in[i]. */
template <typename T>
constexpr ecu_kernel copy_kernel() noexcept {
  return elementwise_kernel<kCopyLayout<T>, &compute_copy<T>>();
}

template <typename T>
inline constexpr Layout kWhereLayout = {3U, false, sizeof(T), {sizeof(int32_t), sizeof(T), sizeof(T)}};

template <typename T>
void compute_where(const Row& row) noexcept {
  const Result out = row.out;
  const Operand condition = row.operands[0];
  const Operand a = row.operands[1];
  const Operand b = row.operands[2];
  const size_t condition_stride = row.strides[0];
  const size_t a_stride = row.strides[1];
  const size_t b_stride = row.strides[2];
  const uint32_t count = row.count;
  for (size_t i = 0U; i < count; ++i) {
    const bool chosen = condition.get<int32_t>(i * condition_stride) != 0;
    out.set<T>(i, chosen ? a.get<T>(i * a_stride) : b.get<T>(i * b_stride));
  }
}

/** out[i] = a[i] where condition[i] is not 0, else b[i]. */
template <typename T>
constexpr ecu_kernel where_kernel() noexcept {
  return elementwise_kernel<kWhereLayout<T>, &compute_where<T>>();
}

}  // namespace ecu::native
#endif
