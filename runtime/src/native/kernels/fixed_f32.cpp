/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in n exponents start`: sums of whole numbers as binary32, rounded once. docs/native_trees.md.
 */
#include "../kernel.h"
#include "wide.h"

namespace ecu::native::single {
namespace {

enum Word : size_t { kOut, kIn, kCount, kExponents, kStart };

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t count = fields.length();
  const uint32_t exponents = fields.word();
  const uint32_t start = fields.word();
  fields.reads(in, count, kSize8);
  fields.writes(out, count, kSize4);
  return fields.done() && (start == kMissing || scope.constant(start, count, kSize8) != nullptr) &&
         wide::valid_exponents(scope, exponents, count, wide::kSingleExponents);
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(kOut));
  const Operand in = frame.operand(operation.word(kIn));
  const Operand exponents = frame.operand(operation.word(kExponents));
  const bool has_start = operation.word(kStart) != kMissing;
  const Operand start = frame.operand(operation.word(has_start ? kStart : kExponents));
  const uint32_t count = operation.word(kCount);
  for (size_t i = 0U; i < count; ++i) {
    const uint64_t first = has_start ? start.get<uint64_t>(i) : 0U;
    const int64_t sum = bit_cast<int64_t>(in.get<uint64_t>(i) + first);
    out.set<uint32_t>(i, wide::single_from_fixed(sum, exponents.get<int32_t>(i)));
  }
}

}  // namespace
}  // namespace ecu::native::single

ECU_DEFINE_KERNEL(fixed_f32, {&ecu::native::single::check, &ecu::native::single::run});
