/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_walk.h"

namespace ecu::native::trees {
namespace {

ECU_COLD bool valid_child(int32_t child, uint32_t node, uint32_t nodes, uint32_t leaves) noexcept {
  if (child < 0) {
    return static_cast<uint32_t>(~child) < leaves;
  }
  const uint32_t distance = static_cast<uint32_t>(child) / kLoneNodeSize;
  return static_cast<uint32_t>(child) % kLoneNodeSize == 0U && distance > 0U && distance < nodes - node;
}

}  // namespace

void check_lone(Fields& fields, const Scope& scope, uint32_t leaves) noexcept {
  const uint32_t in = fields.word();
  const uint32_t elements = fields.length();
  fields.reads(in, elements, kSize4);
  const uint32_t reference = fields.word();
  const uint32_t count = fields.length();
  const uint8_t* node = scope.constant(reference, uint64_t{count} * (kLoneNodeSize / kSize4), kSize4);
  fields.expect(node != nullptr);
  for (uint32_t i = 0U; fields.good() && i < count; ++i, node += kLoneNodeSize) {
    fields.expect((load_little<uint32_t>(node + kLoneElement) & ~kLoneNanIsLow) < elements &&
                  valid_child(load_little<int32_t>(node + kLoneLeft), i, count, leaves) &&
                  valid_child(load_little<int32_t>(node + kLoneRight), i, count, leaves));
  }
}

}  // namespace ecu::native::trees
