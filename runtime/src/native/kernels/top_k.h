/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `values positions in outer n k largest`: the k largest (1) or smallest (0) elements of each row of n, best
 *  first, and where they are. Equal elements come in order of position; a NaN is larger than any number. The
 * row is searched once for each place, so that no memory is needed.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_TOP_K_H
#define ECU_SRC_NATIVE_KERNELS_TOP_K_H

#include "../kernel.h"
#include "operators.h"

namespace ecu::native {

template <typename T>
ECU_COLD bool check_top_k(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t values = fields.word();
  const uint32_t positions = fields.word();
  const uint32_t in = fields.word();
  const uint32_t outer = fields.length();
  const uint32_t n = fields.length();
  const uint32_t k = fields.length();
  fields.expect(fields.word() <= 1U && k <= n);
  const uint32_t elements = fields.product(outer, n);
  (void)fields.product(elements, k);
  const uint32_t results = fields.product(outer, k);
  fields.reads(in, elements, sizeof(T));
  fields.writes(values, results, sizeof(T));
  fields.writes(positions, results, sizeof(int32_t));
  return fields.done();
}

template <typename T>
struct Positioned {
  T value;
  uint32_t position;
};

/** Whether `a` comes before `b`. */
template <typename T>
[[nodiscard]] bool comes_before(const Positioned<T>& a, const Positioned<T>& b, bool largest) noexcept {
  const bool a_larger = a.value > b.value || (is_nan(a.value) && !is_nan(b.value));
  const bool b_larger = b.value > a.value || (is_nan(b.value) && !is_nan(a.value));
  if (a_larger || b_larger) {
    return largest ? a_larger : b_larger;
  }
  return a.position < b.position;
}

/** The element that comes first of those after `previous`, or of all when it is null. */
template <typename T>
[[nodiscard]] Positioned<T> next_in_order(Operand row, uint32_t n, const Positioned<T>* previous,
                                          bool largest) noexcept {
  Positioned<T> best = {T{0}, n};  // position n: none yet
  for (uint32_t i = 0U; i < n; ++i) {
    const Positioned<T> candidate = {row.get<T>(i), i};
    const bool left = previous == nullptr || comes_before(*previous, candidate, largest);
    if (left && (best.position == n || comes_before(candidate, best, largest))) {
      best = candidate;
    }
  }
  return best;
}

template <typename T>
void run_top_k(const Operation& operation, const Frame& frame) noexcept {
  const Result values = frame.result(operation.word(0U));
  const Result positions = frame.result(operation.word(1U));
  const Operand in = frame.operand(operation.word(2U));
  const uint32_t outer = operation.word(3U);
  const uint32_t n = operation.word(4U);
  const uint32_t k = operation.word(5U);
  const bool largest = operation.word(6U) != 0U;
  size_t at = 0U;
  for (size_t i = 0U; i < outer; ++i) {
    const Operand row = in.from(i * n * sizeof(T));
    Positioned<T> found = {};
    for (uint32_t place = 0U; place < k; ++place, ++at) {
      found = next_in_order<T>(row, n, place == 0U ? nullptr : &found, largest);
      values.set<T>(at, found.value);
      positions.set<int32_t>(at, static_cast<int32_t>(found.position));
    }
  }
}

template <typename T>
constexpr ecu_kernel top_k_kernel() noexcept {
  return ecu_kernel{&check_top_k<T>, &run_top_k<T>};
}

}  // namespace ecu::native
#endif
