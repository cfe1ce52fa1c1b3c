/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  One tree that reads only the elements that it tests: `in elements nodes node_count` of the records of
 *  tree_lone and tree_rows. docs/native_trees.md.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_TREE_WALK_H
#define ECU_SRC_NATIVE_KERNELS_TREE_WALK_H

#include "../kernel.h"
#include "tree_keys.h"

namespace ecu::native::trees {

constexpr uint32_t kLoneNodeSize = 16U;
constexpr uint32_t kLoneNanIsLow = 0x80000000U;  // beside an element

/* Byte offsets in a node. A child is the distance in bytes to a later node, or the complement of a leaf's
 * number.
 */
enum LoneField : size_t { kLoneKey = 0U, kLoneElement = 4U, kLoneLeft = 8U, kLoneRight = 12U };

/** Reads these words and checks that every way ends in a leaf below `leaves`. */
ECU_COLD void check_lone(Fields& fields, const Scope& scope, uint32_t leaves) noexcept;

/** Number of the leaf that the row reaches. */
[[nodiscard]] inline uint32_t walk_lone(const uint8_t* nodes, Operand in) noexcept {
  const uint8_t* node = nodes;
  int32_t child = 0;
  do {
    node += child;
    const uint32_t element = load_little<uint32_t>(node + kLoneElement);
    const int32_t left = load_little<int32_t>(node + kLoneLeft);
    const int32_t right = load_little<int32_t>(node + kLoneRight);
    const int32_t key = key_of(in.get<uint32_t>(element & ~kLoneNanIsLow), (element & kLoneNanIsLow) != 0U);
    child = key <= load_little<int32_t>(node + kLoneKey) ? left : right;
  } while (child >= 0);
  return static_cast<uint32_t>(~child);
}

}  // namespace ecu::native::trees
#endif
