/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out second in elements nodes node_count leaves table words second_words`: of the leaf that one tree
 * reaches, its row of a table: the first `words` go to `out`, the others to `second`. docs/native_trees.md.
 */
#include "tree_walk.h"

namespace ecu::native::trees::rows {
namespace {

enum Word : size_t {
  kOut,
  kSecond,
  kIn,
  kElements,
  kNodes,
  kNodeCount,
  kLeaves,
  kTable,
  kWords,
  kSecondWords
};

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  if (operation.count() <= kSecondWords) {
    return false;
  }
  const uint32_t out = fields.word();
  const uint32_t second = fields.word();
  check_lone(fields, scope, operation.word(kLeaves));
  const uint32_t leaves = fields.length();
  const uint32_t table = fields.word();
  const uint32_t words = fields.length();
  const uint32_t second_words = fields.word();
  const uint64_t row = uint64_t{words} + second_words;
  fields.writes(out, words, kSize4);
  fields.expect(second == kMissing || scope.writable(second, second_words, kSize4));
  fields.expect((second == kMissing) == (second_words == 0U) && row <= kMaxResults);
  return fields.done() && scope.constant(table, row * leaves, kSize4) != nullptr;
}

/* Copies `count` words of constants, and returns what is behind them. */
const uint8_t* copy_words(Result out, const uint8_t* from, uint32_t count) noexcept {
  for (size_t i = 0U; i < count; ++i, from += kWordSize) {
    out.set<uint32_t>(i, load_little<uint32_t>(from));
  }
  return from;
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Operand in = frame.operand(operation.word(kIn));
  const uint8_t* const nodes = frame.constants + place_of(operation.word(kNodes));
  const uint32_t leaf = walk_lone(nodes, in);
  const uint32_t words = operation.word(kWords);
  const uint32_t second_words = operation.word(kSecondWords);
  const uint8_t* const table = frame.constants + place_of(operation.word(kTable));
  const size_t row = static_cast<size_t>(words + second_words) * kWordSize;
  const uint8_t* const rest = copy_words(frame.result(operation.word(kOut)), table + (leaf * row), words);
  if (second_words > 0U) {
    (void)copy_words(frame.result(operation.word(kSecond)), rest, second_words);
  }
}

}  // namespace
}  // namespace ecu::native::trees::rows

ECU_DEFINE_KERNEL(tree_rows, {&ecu::native::trees::rows::check, &ecu::native::trees::rows::run});
