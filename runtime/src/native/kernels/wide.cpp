/* SPDX-License-Identifier: Apache-2.0 */
#include "wide.h"

namespace ecu::native::wide {
namespace {

constexpr uint64_t kTop = uint64_t{1U} << 63U;
constexpr uint32_t kSpareBits = 11U;  // of a mantissa of 64 bits
constexpr uint64_t kUnit = uint64_t{1U} << kSpareBits;
constexpr uint64_t kHalf = kUnit / 2U;
constexpr uint32_t kFractionBits = 52U;
constexpr uint64_t kFraction = (uint64_t{1U} << kFractionBits) - 1U;
constexpr int32_t kBias = 1023 + 63;  // of a mantissa of 64 bits
constexpr uint32_t kGuardBits = 2U;   // room for a carry while two numbers are added
constexpr uint32_t kDigitBits = 16U;

/* Shifts right; what falls out leaves a trace in the lowest bit. */
uint64_t shifted_right(uint64_t value, uint32_t count) noexcept {
  if (count >= 64U) {
    return value != 0U ? 1U : 0U;
  }
  const uint64_t lost = value & ((uint64_t{1U} << count) - 1U);
  return (value >> count) | (lost != 0U ? 1U : 0U);
}

/* The bits of the binary32 nearest to mantissa * 2^exponent; the mantissa is 0 or has its highest bit set. */
uint32_t single(uint64_t mantissa, int32_t exponent, bool negative) noexcept {
  constexpr uint32_t kSign = 0x80000000U;
  constexpr uint32_t kHalfOfSingle = 0x80000000U;
  constexpr uint32_t kSingleFractionBits = 23U;
  constexpr int32_t kSingleBias = 127 + 63;  // of a mantissa of 64 bits
  if (mantissa == 0U) {
    return 0U;
  }
  const uint32_t high = static_cast<uint32_t>(mantissa >> 32U);
  // Of 64 bits, 24 are kept; where anything is lost below 32, the lowest bit stands for it.
  const uint32_t rest = (high << 24U) | ((mantissa & UINT32_MAX) != 0U ? 1U : 0U);
  const uint32_t kept = high >> 8U;
  const uint32_t up = rest > kHalfOfSingle || (rest == kHalfOfSingle && (kept & 1U) != 0U) ? 1U : 0U;
  // The highest bit of `kept` adds one to the exponent; a carry of the rounding does so too.
  const uint32_t base = static_cast<uint32_t>(exponent + kSingleBias - 1) << kSingleFractionBits;
  return (negative ? kSign : 0U) | (base + kept + up);
}

Number normalised(uint64_t mantissa, int32_t exponent, bool negative) noexcept {
  if (mantissa == 0U) {
    return Number{0U, 0, false};
  }
  const int32_t zeros = __builtin_clzll(mantissa);
  return rounded(mantissa << static_cast<uint32_t>(zeros), exponent - zeros, negative);
}

}  // namespace

bool valid_exponents(const Scope& scope, uint32_t reference, uint64_t count,
                     const Exponents& range) noexcept {
  const uint8_t* const exponents = scope.constant(reference, count, kSize4);
  for (size_t i = 0U; exponents != nullptr && i < count; ++i) {
    const int32_t exponent = load_little<int32_t>(exponents + (i * sizeof(int32_t)));
    if (exponent < range.least || exponent > range.largest) {
      return false;
    }
  }
  return exponents != nullptr;
}

uint32_t check_mean(Fields& fields, const Scope& scope, const Exponents& range) noexcept {
  const uint32_t in = fields.word();
  const uint32_t count = fields.length();
  const uint32_t exponents = fields.word();
  const uint32_t divisor = fields.length();
  fields.reads(in, count, kSize8);
  fields.expect(divisor <= kLargestDivisor && valid_exponents(scope, exponents, count, range));
  return count;
}

Number rounded(uint64_t mantissa, int32_t exponent, bool negative) noexcept {
  const uint64_t rest = mantissa & (kUnit - 1U);
  uint64_t kept = mantissa - rest;
  if (rest > kHalf || (rest == kHalf && (kept & kUnit) != 0U)) {
    kept += kUnit;
    if (kept == 0U) {
      return Number{kTop, exponent + 1, negative};
    }
  }
  return Number{kept, exponent, negative};
}

Number from_fixed(int64_t value, int32_t exponent) noexcept {
  const uint64_t bits = static_cast<uint64_t>(value);
  return normalised(value < 0 ? uint64_t{0U} - bits : bits, exponent, value < 0);
}

Number from_bits(uint64_t bits) noexcept {
  const uint64_t exponent = (bits & ~kTop) >> kFractionBits;
  if (exponent == 0U) {
    return Number{0U, 0, false};
  }
  return Number{kTop | ((bits & kFraction) << kSpareBits), static_cast<int32_t>(exponent) - kBias,
                (bits & kTop) != 0U};
}

uint32_t to_single(const Number& number) noexcept {
  return single(number.mantissa, number.exponent, number.negative);
}

uint32_t single_from_fixed(int64_t value, int32_t exponent) noexcept {
  const uint64_t bits = static_cast<uint64_t>(value);
  const uint64_t magnitude = value < 0 ? uint64_t{0U} - bits : bits;
  const uint32_t zeros = magnitude == 0U ? 0U : static_cast<uint32_t>(__builtin_clzll(magnitude));
  return single(magnitude << zeros, exponent - static_cast<int32_t>(zeros), value < 0);
}

uint64_t to_bits(const Number& number) noexcept {
  if (number.mantissa == 0U) {
    return 0U;
  }
  const uint64_t exponent = static_cast<uint32_t>(number.exponent + kBias);
  return (number.negative ? kTop : 0U) | (exponent << kFractionBits) |
         ((number.mantissa >> kSpareBits) & kFraction);
}

Number sum(const Number& a, const Number& b) noexcept {
  if (a.mantissa == 0U || b.mantissa == 0U) {
    return a.mantissa == 0U ? b : a;
  }
  const bool a_is_larger = a.exponent >= b.exponent;
  const Number& large = a_is_larger ? a : b;
  const Number& small = a_is_larger ? b : a;
  const uint32_t distance = static_cast<uint32_t>(large.exponent - small.exponent);
  const uint64_t first = large.mantissa >> kGuardBits;
  const uint64_t second = shifted_right(small.mantissa >> kGuardBits, distance);
  const int32_t exponent = large.exponent + static_cast<int32_t>(kGuardBits);
  if (large.negative == small.negative) {
    return normalised(first + second, exponent, large.negative);
  }
  const bool turns = first < second;
  return normalised(turns ? second - first : first - second, exponent,
                    turns ? small.negative : large.negative);
}

Number quotient(const Number& number, uint32_t divisor) noexcept {
  if (number.mantissa == 0U) {
    return number;
  }
  // Long division by digits of 16 bits: mantissa * 2^16 by a divisor between 2^15 and 2^16.
  const uint32_t shift = static_cast<uint32_t>(__builtin_clz(divisor)) - kDigitBits;
  const uint32_t by = divisor << shift;
  uint32_t rest = static_cast<uint32_t>(number.mantissa >> (3U * kDigitBits));
  const bool carries = rest >= by;
  rest -= carries ? by : 0U;
  uint64_t result = 0U;
  for (uint64_t digits = number.mantissa << kDigitBits, i = 0U; i < 4U; ++i, digits <<= kDigitBits) {
    const uint32_t part = (rest << kDigitBits) | static_cast<uint32_t>(digits >> (3U * kDigitBits));
    result = (result << kDigitBits) | (part / by);
    rest = part % by;
  }
  int32_t exponent = number.exponent + static_cast<int32_t>(shift) - static_cast<int32_t>(kDigitBits);
  result |= rest != 0U ? 1U : 0U;
  if (carries) {
    result = kTop | shifted_right(result, 1U);
    ++exponent;
  }
  return rounded(result, exponent, number.negative);
}

}  // namespace ecu::native::wide
