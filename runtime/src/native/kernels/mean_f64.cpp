/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in n exponents divisor`: exact sums of one word as f64, divided. docs/native_trees.md, "From sums to
 * f64".
 */
#include "../kernel.h"
#include "wide.h"

namespace ecu::native::mean {
namespace {

enum Word : size_t { kOut, kIn, kCount, kExponents, kDivisor };

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t count = wide::check_mean(fields, scope, wide::kExponents);
  fields.writes(out, count, kSize8);
  return fields.done();
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(kOut));
  const Operand in = frame.operand(operation.word(kIn));
  const Operand exponents = frame.operand(operation.word(kExponents));
  const uint32_t divisor = operation.word(kDivisor);
  const uint32_t count = operation.word(kCount);
  for (size_t i = 0U; i < count; ++i) {
    const wide::Number sum = wide::from_fixed(in.get<int64_t>(i), exponents.get<int32_t>(i));
    out.set<uint64_t>(i, wide::to_bits(wide::quotient(sum, divisor)));
  }
}

}  // namespace
}  // namespace ecu::native::mean

ECU_DEFINE_KERNEL(mean_f64, {&ecu::native::mean::check, &ecu::native::mean::run});
