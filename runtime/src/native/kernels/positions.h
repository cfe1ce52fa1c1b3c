/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Kernels that move elements by their positions: constant ones (take), which are checked when the program is
 *  opened, or computed ones (pick, gather_elements), which are clamped.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_POSITIONS_H
#define ECU_SRC_NATIVE_KERNELS_POSITIONS_H

#include "../kernel.h"

namespace ecu::native {

/** The position as one of `size`, at least 1. */
[[nodiscard]] constexpr uint32_t clamped(int32_t position, uint32_t size) noexcept {
  const uint32_t from_zero = position < 0 ? 0U : static_cast<uint32_t>(position);
  return from_zero < size ? from_zero : size - 1U;
}

[[nodiscard]] ECU_COLD bool check_take(const Operation& operation, const Scope& scope,
                                       uint32_t size) noexcept;
[[nodiscard]] ECU_COLD bool check_pick(const Operation& operation, const Scope& scope,
                                       uint32_t size) noexcept;

/** `out in size n index`. */
template <typename T>
constexpr ecu_kernel take_kernel() noexcept {
  return ecu_kernel{[](const Operation& operation, const Scope& scope) noexcept {
                      return check_take(operation, scope, sizeof(T));
                    },
                    [](const Operation& operation, const Frame& frame) noexcept {
                      const Result out = frame.result(operation.word(0U));
                      const Operand in = frame.operand(operation.word(1U));
                      const uint32_t n = operation.word(3U);
                      const Operand index = frame.operand(operation.word(4U));
                      for (size_t i = 0U; i < n; ++i) {
                        out.set<T>(i, in.get<T>(index.get<uint32_t>(i)));
                      }
                    }};
}

/** `out in index size n inner`. */
template <typename T>
void run_pick(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand in = frame.operand(operation.word(1U));
  const Operand index = frame.operand(operation.word(2U));
  const uint32_t size = operation.word(3U);
  const uint32_t n = operation.word(4U);
  const uint32_t inner = operation.word(5U);
  size_t at = 0U;
  for (size_t i = 0U; i < n; ++i) {
    const size_t row = static_cast<size_t>(clamped(index.get<int32_t>(i), size)) * inner;
    for (size_t j = 0U; j < inner; ++j, ++at) {
      out.set<T>(at, in.get<T>(row + j));
    }
  }
}

template <typename T>
constexpr ecu_kernel pick_kernel() noexcept {
  return ecu_kernel{[](const Operation& operation, const Scope& scope) noexcept {
                      return check_pick(operation, scope, sizeof(T));
                    },
                    &run_pick<T>};
}

}  // namespace ecu::native
#endif
