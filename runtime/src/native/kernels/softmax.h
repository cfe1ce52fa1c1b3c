/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in outer n`: exp(x - max) / sum over each row of n, with the sum taken first to last. A row with a
 * NaN, with +infinity, or with nothing but -infinity becomes NaN.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_SOFTMAX_H
#define ECU_SRC_NATIVE_KERNELS_SOFTMAX_H

#include "../kernel.h"
#include "../math/exp.h"
#include "operators.h"

namespace ecu::native {

template <typename T>
ECU_COLD bool check_softmax(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t outer = fields.length();
  const uint32_t elements = fields.product(outer, fields.length());
  fields.reads(in, elements, sizeof(T));
  fields.writes(out, elements, sizeof(T));
  return fields.done();
}

template <typename T>
void softmax_row(Result out, Operand in, uint32_t n) noexcept {
  T largest = in.get<T>(0U);
  for (size_t i = 1U; i < n; ++i) {
    largest = maximum(largest, in.get<T>(i));
  }
  T sum = T{0};
  for (size_t i = 0U; i < n; ++i) {
    const T value = math::exp(in.get<T>(i) - largest);
    out.set<T>(i, value);
    sum = sum + value;
  }
  for (size_t i = 0U; i < n; ++i) {
    out.set<T>(i, out.get<T>(i) / sum);
  }
}

template <typename T>
void run_softmax(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand in = frame.operand(operation.word(1U));
  const uint32_t outer = operation.word(2U);
  const uint32_t n = operation.word(3U);
  for (size_t i = 0U; i < outer; ++i) {
    const size_t offset = i * n * sizeof(T);
    softmax_row<T>(out.from(offset), in.from(offset), n);
  }
}

template <typename T>
constexpr ecu_kernel softmax_kernel() noexcept {
  return ecu_kernel{&check_softmax<T>, &run_softmax<T>};
}

}  // namespace ecu::native
#endif
