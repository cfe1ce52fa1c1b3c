/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in elements nodes node_count`: the number of the leaf that one tree reaches, as i32. It reads only
 * the elements that it tests. docs/native_trees.md.
 */
#include "../kernel.h"
#include "tree_keys.h"

namespace ecu::native::trees {
namespace {

constexpr size_t kNodeSize = 16U;
constexpr uint32_t kNanIsLow = 0x80000000U;

enum Word : size_t { kOut, kIn, kElements, kNodes, kNodeCount };

/* Byte offsets in a node. A child is a later node, or the complement of a leaf's number. */
enum NodeField : size_t { kKey = 0U, kElement = 4U, kLeft = 8U, kRight = 12U };

ECU_COLD bool valid_child(int32_t child, uint32_t node, uint32_t nodes) noexcept {
  return child < 0 || (static_cast<uint32_t>(child) > node && static_cast<uint32_t>(child) < nodes);
}

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  fields.writes(fields.word(), 1U, kSize4);
  const uint32_t in = fields.word();
  const uint32_t elements = fields.length();
  fields.reads(in, elements, kSize4);
  const uint32_t reference = fields.word();
  const uint32_t count = fields.length();
  const uint8_t* node = scope.constant(reference, uint64_t{count} * (kNodeSize / kSize4), kSize4);
  if (node == nullptr || !fields.done()) {
    return false;
  }
  for (uint32_t i = 0U; i < count; ++i, node += kNodeSize) {
    if ((load_little<uint32_t>(node + kElement) & ~kNanIsLow) >= elements ||
        !valid_child(load_little<int32_t>(node + kLeft), i, count) ||
        !valid_child(load_little<int32_t>(node + kRight), i, count)) {
      return false;
    }
  }
  return true;
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Operand in = frame.operand(operation.word(kIn));
  const uint8_t* const nodes = frame.constants + place_of(operation.word(kNodes));
  int32_t at = 0;
  do {
    const uint8_t* const node = nodes + (static_cast<uint32_t>(at) * kNodeSize);
    const uint32_t element = load_little<uint32_t>(node + kElement);
    const int32_t key = key_of(in.get<uint32_t>(element & ~kNanIsLow), (element & kNanIsLow) != 0U);
    at = load_little<int32_t>(node + (key <= load_little<int32_t>(node + kKey) ? kLeft : kRight));
  } while (at >= 0);
  frame.result(operation.word(kOut)).set<int32_t>(0U, ~at);
}

}  // namespace
}  // namespace ecu::native::trees

ECU_DEFINE_KERNEL(tree_lone, {&ecu::native::trees::check, &ecu::native::trees::run});
