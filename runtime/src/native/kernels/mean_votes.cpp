/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out second in n exponents divisor`: what mean_f64 gives, rounded to f32, and the position of the largest
 *  of its numbers, the first of equals, i32. docs/native_trees.md, "From sums to f64".
 */
#include "../kernel.h"
#include "double_bits.h"
#include "wide.h"

namespace ecu::native::votes {
namespace {

enum Word : size_t { kOut, kSecond, kIn, kCount, kExponents, kDivisor };

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t second = fields.word();
  const uint32_t count = wide::check_mean(fields, scope, wide::kSingleMeanExponents);
  fields.writes(out, count, kSize4);
  fields.writes(second, 1U, kSize4);
  return fields.done();
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(kOut));
  const Operand in = frame.operand(operation.word(kIn));
  const Operand exponents = frame.operand(operation.word(kExponents));
  const uint32_t divisor = operation.word(kDivisor);
  const uint32_t count = operation.word(kCount);
  int64_t most = INT64_MIN;
  uint32_t position = 0U;
  for (uint32_t i = 0U; i < count; ++i) {
    const wide::Number sum = wide::from_fixed(in.get<int64_t>(i), exponents.get<int32_t>(i));
    const wide::Number share = wide::quotient(sum, divisor);
    out.set<uint32_t>(i, wide::to_single(share));
    const int64_t order = order_of(wide::to_bits(share));
    if (order > most) {
      most = order;
      position = i;
    }
  }
  frame.result(operation.word(kSecond)).set<uint32_t>(0U, position);
}

}  // namespace
}  // namespace ecu::native::votes

ECU_DEFINE_KERNEL(mean_votes, {&ecu::native::votes::check, &ecu::native::votes::run});
