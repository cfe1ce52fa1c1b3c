/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Kernels `out in n`: a function of each of n elements side by side.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_UNARY_H
#define ECU_SRC_NATIVE_KERNELS_UNARY_H

#include "../kernel.h"

namespace ecu::native {

template <typename From, typename To>
ECU_COLD bool check_unary(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t count = fields.length();
  fields.reads(in, count, sizeof(From));
  fields.writes(out, count, sizeof(To));
  return fields.done();
}

template <typename From, typename To, To (*kFunction)(From) noexcept>
void run_unary(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand in = frame.operand(operation.word(1U));
  const uint32_t count = operation.word(2U);
  for (size_t i = 0U; i < count; ++i) {
    out.set<To>(i, kFunction(in.get<From>(i)));
  }
}

/** out[i] = kFunction(in[i]). */
template <typename From, typename To, To (*kFunction)(From) noexcept>
constexpr ecu_kernel unary_kernel() noexcept {
  return ecu_kernel{&check_unary<From, To>, &run_unary<From, To, kFunction>};
}

}  // namespace ecu::native
#endif
