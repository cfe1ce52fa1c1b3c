/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in n exponents start`: sums of whole numbers as binary32, rounded once. docs/native_trees.md.
 */
#include "../kernel.h"

namespace ecu::native::single {
namespace {

/* With these, every number of 64 bits but 0 becomes a normal one. */
constexpr int32_t kLeastExponent = -126;
constexpr int32_t kLargestExponent = 63;

enum Word : size_t { kOut, kIn, kCount, kExponents, kStart };

/* The bits of the binary32 nearest to value * 2^exponent, halves to even. */
uint32_t nearest(uint64_t value, int32_t exponent) noexcept {
  constexpr uint32_t kSign = 0x80000000U;
  constexpr uint32_t kHalf = 0x80000000U;
  constexpr int32_t kBias = 127 + 63;  // of a mantissa of 64 bits
  if (value == 0U) {
    return 0U;
  }
  const bool negative = (value >> 63U) != 0U;
  const uint64_t magnitude = negative ? uint64_t{0U} - value : value;
  const int32_t zeros = __builtin_clzll(magnitude);
  const uint64_t mantissa = magnitude << static_cast<uint32_t>(zeros);
  const uint32_t high = static_cast<uint32_t>(mantissa >> 32U);
  // Of 64 bits, 24 are kept; where anything is lost below 32, the lowest bit stands for it.
  const uint32_t rest = (high << 24U) | (static_cast<uint32_t>(mantissa) != 0U ? 1U : 0U);
  const uint32_t kept = high >> 8U;
  const uint32_t up = rest > kHalf || (rest == kHalf && (kept & 1U) != 0U) ? 1U : 0U;
  // The highest bit of `kept` adds one to the exponent; a carry of the rounding does so too.
  const uint32_t base = static_cast<uint32_t>(exponent + kBias - zeros - 1) << 23U;
  return (negative ? kSign : 0U) | (base + kept + up);
}

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t count = fields.length();
  const uint32_t exponent_reference = fields.word();
  const uint32_t start = fields.word();
  fields.reads(in, count, kSize8);
  fields.writes(out, count, kSize4);
  const uint8_t* const exponents = scope.constant(exponent_reference, count, kSize4);
  if (!fields.done() || exponents == nullptr ||
      (start != kMissing && scope.constant(start, count, kSize8) == nullptr)) {
    return false;
  }
  for (size_t i = 0U; i < count; ++i) {
    const int32_t exponent = load_little<int32_t>(exponents + (i * sizeof(int32_t)));
    if (exponent < kLeastExponent || exponent > kLargestExponent) {
      return false;
    }
  }
  return true;
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
    out.set<uint32_t>(i, nearest(in.get<uint64_t>(i) + first, exponents.get<int32_t>(i)));
  }
}

}  // namespace
}  // namespace ecu::native::single

ECU_DEFINE_KERNEL(fixed_f32, {&ecu::native::single::check, &ecu::native::single::run});
