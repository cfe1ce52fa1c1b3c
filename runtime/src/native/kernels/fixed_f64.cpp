/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in n words exponents start divisor`: exact sums as f64. docs/native_trees.md, "From sums to f64".
 */
#include "../kernel.h"
#include "wide.h"

namespace ecu::native {
namespace {

constexpr uint32_t kMaxWords = 2U;

enum Word : size_t { kOut, kIn, kCount, kWords, kExponents, kStart, kDivisor };

/* Whether a start value is 0 or far from the limits of binary64. */
ECU_COLD bool valid_start(uint64_t bits) noexcept {
  constexpr uint64_t kSignBit = uint64_t{1U} << 63U;
  const int32_t exponent = static_cast<int32_t>((bits & ~kSignBit) >> 52U) - 1023;
  return bits == 0U || (exponent >= wide::kExponents.least && exponent <= wide::kExponents.largest);
}

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t count = fields.length();
  const uint32_t words = fields.length();
  const uint32_t exponent_reference = fields.word();
  const uint32_t start_reference = fields.word();
  const uint32_t divisor = fields.length();
  const uint64_t sums = uint64_t{count} * words;
  fields.expect(words <= kMaxWords && divisor <= wide::kLargestDivisor);
  if (!fields.done()) {
    return false;
  }
  fields.reads(in, sums, kSize8);
  fields.writes(out, count, kSize8);
  const bool has_start = start_reference != kMissing;
  const uint8_t* const start = has_start ? scope.constant(start_reference, count, kSize8) : nullptr;
  if (!fields.good() || !wide::valid_exponents(scope, exponent_reference, sums, wide::kExponents) ||
      has_start != (start != nullptr)) {
    return false;
  }
  for (size_t i = 0U; has_start && i < count; ++i) {
    if (!valid_start(load_little<uint64_t>(start + (i * sizeof(uint64_t))))) {
      return false;
    }
  }
  return true;
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(kOut));
  const Operand in = frame.operand(operation.word(kIn));
  const uint32_t words = operation.word(kWords);
  const Operand exponents = frame.operand(operation.word(kExponents));
  const bool has_start = operation.word(kStart) != kMissing;
  const Operand start = frame.operand(has_start ? operation.word(kStart) : operation.word(kExponents));
  const uint32_t divisor = operation.word(kDivisor);
  const uint32_t count = operation.word(kCount);
  for (size_t i = 0U, at = 0U; i < count; ++i, at += words) {
    wide::Number value = wide::from_fixed(in.get<int64_t>(at), exponents.get<int32_t>(at));
    if (words == kMaxWords) {
      value = wide::sum(value, wide::from_fixed(in.get<int64_t>(at + 1U), exponents.get<int32_t>(at + 1U)));
    }
    if (has_start) {
      value = wide::sum(value, wide::from_bits(start.get<uint64_t>(i)));
    }
    if (divisor != 1U) {
      value = wide::quotient(value, divisor);
    }
    out.set<uint64_t>(i, wide::to_bits(value));
  }
}

}  // namespace
}  // namespace ecu::native

ECU_DEFINE_KERNEL(fixed_f64, {&ecu::native::check, &ecu::native::run});
