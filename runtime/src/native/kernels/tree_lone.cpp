/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in elements nodes node_count`: the number of the leaf that one tree reaches, as i32.
 * docs/native_trees.md.
 */
#include "tree_walk.h"

namespace ecu::native::trees {
namespace {

enum Word : size_t { kOut, kIn, kElements, kNodes };

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  constexpr uint32_t kAnyLeaf = 0x80000000U;
  Fields fields(operation, scope);
  fields.writes(fields.word(), 1U, kSize4);
  check_lone(fields, scope, kAnyLeaf);
  return fields.done();
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Operand in = frame.operand(operation.word(kIn));
  const uint8_t* const nodes = frame.constants + place_of(operation.word(kNodes));
  frame.result(operation.word(kOut)).set<uint32_t>(0U, walk_lone(nodes, in));
}

}  // namespace
}  // namespace ecu::native::trees

ECU_DEFINE_KERNEL(tree_lone, {&ecu::native::trees::check, &ecu::native::trees::run});
