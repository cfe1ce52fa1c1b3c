/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_leaves.h"

namespace ecu::native::trees {

bool Values::check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept {
  const uint32_t columns = fields.length();
  const uint32_t values = fields.word();
  const uint32_t count = fields.length();
  expect_result(fields, record, columns, kSize8);
  return fields.good() && record.trees % columns == 0U && leaves <= count &&
         scope.constant(values, count, kSize8) != nullptr;
}

bool check_halves(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves,
                  uint32_t high_size) noexcept {
  const uint32_t columns = fields.length();
  const uint32_t lows = fields.word();
  const uint32_t highs = fields.word();
  const uint32_t count = fields.length();
  expect_result(fields, record, columns, kSize8);
  const uint64_t high_words = ((uint64_t{count} * high_size) + (kSize4 - 1U)) / kSize4;
  return fields.good() && record.trees % columns == 0U && leaves <= count &&
         scope.constant(lows, count, kSize4) != nullptr &&
         scope.constant(highs, high_words, kSize4) != nullptr;
}

bool Pairs::check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept {
  const uint32_t columns = fields.length();
  const uint32_t values = fields.word();
  const uint32_t count = fields.length();
  expect_result(fields, record, columns, kSize8);
  return fields.good() && columns % 2U == 0U && record.trees % (columns / 2U) == 0U && leaves <= count &&
         scope.constant(values, uint64_t{count} * kLeafWordCount, kSize4) != nullptr;
}

bool Rows::check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept {
  const uint32_t columns = fields.length();
  const uint32_t values = fields.word();
  const uint32_t count = fields.length();
  expect_result(fields, record, columns, kSize8);
  return fields.good() && leaves <= count &&
         scope.constant(values, uint64_t{count} * columns, kSize8) != nullptr;
}

bool Shares::check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept {
  const uint32_t columns = fields.length();
  const uint32_t units = fields.word();
  const uint32_t entry_reference = fields.word();
  const uint32_t entry_count = fields.word();
  const uint32_t values = fields.word();
  const uint32_t value_count = fields.word();
  expect_result(fields, record, columns, kSize8, columns);
  if (!fields.good() || leaves > uint64_t{columns} + entry_count ||
      scope.constant(units, columns, kSize8) == nullptr) {
    return false;
  }
  if (entry_count == 0U) {
    return true;
  }
  const uint8_t* const entries = scope.constant(entry_reference, entry_count, kSize4);
  if (entries == nullptr || scope.constant(values, value_count, kSize8) == nullptr) {
    return false;
  }
  uint32_t entry = 0U;
  for (size_t i = 0U; i < entry_count; ++i) {
    entry = load_little<uint32_t>(entries + (i * kWordSize));
    if ((entry & kColumn) >= columns || ((entry >> kValueShift) & kValue) >= value_count) {
      return false;
    }
  }
  return (entry & kLast) != 0U;
}

bool Numbers::check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept {
  const uint32_t numbers = fields.word();
  const uint32_t count = fields.length();
  expect_result(fields, record, record.trees, kSize4);
  return fields.good() && leaves <= count && scope.constant(numbers, count, kSize4) != nullptr;
}

}  // namespace ecu::native::trees
