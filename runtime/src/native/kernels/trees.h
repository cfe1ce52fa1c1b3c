/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Sums over trees: docs/native_trees.md. A kernel is a layout of nodes joined with what a leaf adds.
 *
 *  Each input element that the trees test is turned once for each row into two *slots*: an integer whose
 * order is that of the float32 numbers, and its mirror image, whose order is the opposite one. A split can
 * therefore have either child as its left one. Slot 0 is larger than every split, so that a node on slot 0
 * always goes right. A node is followed by its left child; its link is the distance in nodes to its right
 * child, or names a leaf.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_TREES_H
#define ECU_SRC_NATIVE_KERNELS_TREES_H

#include "../kernel.h"
#include "tree_keys.h"

namespace ecu::native::trees {

/** Most slots. */
constexpr uint32_t kMaxSlots = 65536U;

/** Words of a record. What leaves add follows. */
enum Word : size_t {
  kOut,
  kSlots,  // workspace for the slots and what leaves need
  kIn,
  kInElements,  // elements of `in`
  kSlotTable,
  kEntries,  // of the slot table
  kEdges,
  kEdgeCount,
  kNodes,
  kNodeCount,
  kTrees,
  kDepth,  // of complete trees, else 0
  kLeafWords
};

/** The record as far as all these kernels have it in common, while it is checked. */
struct Record {
  uint32_t out;
  uint32_t scratch;  // reference of the slots
  uint32_t scratch_words;
  uint32_t entries;  // of the table of slots
  uint32_t slots;
  uint32_t nodes;  // words of trees included
  uint32_t trees;
  uint32_t depth;
  const uint8_t* table;  // of slots
  const uint8_t* edges;  // null without any
  uint32_t edge_count;
  const uint8_t* node_bytes;
};

/** Reads the words up to kLeafWords and checks their places; the content of nodes is not looked at.
 *
 *  @param slot_size   bytes of a slot
 *  @param table_words words of an entry in the table of slots
 *  @param node_size   bytes of a node
 */
[[nodiscard]] ECU_COLD Record read_record(Fields& fields, const Scope& scope, uint32_t slot_size,
                                          uint32_t table_words, uint32_t node_size) noexcept;

/** Expects room for a result of `elements` of `size` bytes that is apart from the slots, since a walk must
 * find slot 0 as it was filled, and for `counters` of 4 bytes behind the slots. */
ECU_COLD void expect_result(Fields& fields, const Record& record, uint64_t elements, uint32_t size,
                            uint32_t counters = 0U) noexcept;

/** Bytes of `slots` slots, rounded up to words. */
[[nodiscard]] constexpr uint32_t scratch_size(uint32_t slots, uint32_t slot_size) noexcept {
  return ((slots * slot_size) + (kSize4 - 1U)) & ~(kSize4 - 1U);
}

/** Nodes of 8 bytes that hold the key of their threshold. A head as long as a node, in front of
 *  each tree, holds the number of rows, itself included, and by how much the tree moves the base of leaf
 *  numbers. */
struct Keyed {
  using Slot = int32_t;
  static constexpr uint32_t kNodeSize = 8U;
  static constexpr uint32_t kTableWords = 1U;
  static constexpr Slot kFirst = INT32_MAX;

  static uint32_t slot(const uint8_t* node) noexcept { return load_little16(node); }
  static int32_t link(const uint8_t* node) noexcept { return static_cast<int16_t>(load_little16(node + 2U)); }
  static Slot split(const uint8_t* node) noexcept { return load_little<int32_t>(node + 4U); }
  static uint32_t rows_of(const uint8_t* head) noexcept { return load_little<uint32_t>(head); }
  static uint32_t leaves_of(const uint8_t* head) noexcept { return load_little<uint32_t>(head + 4U); }

  ECU_COLD static bool check_table(const Record& record, uint32_t elements) noexcept;

  /** Writes all slots and returns how many there are. */
  static uint32_t fill(const Operation& operation, const Frame& frame, Slot* slots) noexcept;
};

/** Nodes of 4 bytes that hold the rank of their threshold among those of the slot. */
struct Ranked {
  using Slot = uint8_t;
  static constexpr uint32_t kNodeSize = 4U;
  static constexpr uint32_t kTableWords = 2U;
  static constexpr Slot kFirst = UINT8_MAX;

  static uint32_t slot(const uint8_t* node) noexcept { return node[0]; }
  static Slot split(const uint8_t* node) noexcept { return node[1]; }
  static int32_t link(const uint8_t* node) noexcept { return static_cast<int16_t>(load_little16(node + 2U)); }
  static uint32_t rows_of(const uint8_t* head) noexcept { return load_little16(head); }
  static uint32_t leaves_of(const uint8_t* head) noexcept { return load_little16(head + 2U); }

  ECU_COLD static bool check_table(const Record& record, uint32_t elements) noexcept;
  static uint32_t fill(const Operation& operation, const Frame& frame, Slot* slots) noexcept;
};

/** Whether the `count` nodes of a tree stay inside it and always reach a leaf.
 *
 *  @param[out] largest the largest leaf number that a link names
 */
template <typename Layout>
ECU_COLD bool check_tree(const uint8_t* nodes, uint32_t count, uint32_t slots, uint32_t& largest) noexcept {
  largest = 0U;
  for (uint32_t i = 0U; i < count; ++i, nodes += Layout::kNodeSize) {
    const int32_t link = Layout::link(nodes);
    const uint32_t left = count - i - 1U;  // nodes behind this one
    const bool goes_left = Layout::slot(nodes) != 0U;
    if (Layout::slot(nodes) >= slots || (goes_left && left == 0U) ||
        (!goes_left && Layout::split(nodes) == Layout::kFirst)) {
      return false;
    }
    if (link >= 0) {
      if (link == 0 || static_cast<uint32_t>(link) > left) {
        return false;
      }
    } else if (static_cast<uint32_t>(~link) > largest) {
      largest = static_cast<uint32_t>(~link);
    }
  }
  return count > 0U;
}

/** Whether all trees are right.
 *
 *  @param[out] leaves largest leaf number, base included, plus one
 */
template <typename Layout>
ECU_COLD bool check_trees(const Record& record, uint64_t& leaves) noexcept {
  uint32_t at = 0U;
  uint64_t base = 0U;
  uint32_t step = 0U;  // of the last tree: 0, so that no pointer moves behind the leaves
  leaves = 0U;
  for (uint32_t tree = 0U; tree < record.trees; ++tree) {
    if (at == record.nodes) {
      return false;
    }
    const uint8_t* const head = record.node_bytes + (size_t{at} * Layout::kNodeSize);
    const uint32_t rows = Layout::rows_of(head);
    uint32_t largest = 0U;
    if (rows == 0U || rows > record.nodes - at ||
        !check_tree<Layout>(head + Layout::kNodeSize, rows - 1U, record.slots, largest)) {
      return false;
    }
    leaves = base + largest >= leaves ? base + largest + 1U : leaves;
    step = Layout::leaves_of(head);
    base += step;
    at += rows;
  }
  return at == record.nodes && step == 0U;
}

/** The leaf number, without base, that a row reaches in the tree behind a head. A step to the left takes five
 *  instructions of an ARM processor, one to the right nine. */
template <typename Layout>
[[nodiscard]] inline uint32_t walk(const uint8_t* head, const typename Layout::Slot* slots) noexcept {
  const uint8_t* node = head;
  int32_t link = 1;
  do {
    node += link * static_cast<int32_t>(Layout::kNodeSize);
    while (slots[Layout::slot(node)] <= Layout::split(node)) {
      node += Layout::kNodeSize;
    }
    link = Layout::link(node);
  } while (link >= 0);
  return static_cast<uint32_t>(~link);
}

/** Joins a layout with what leaves add. */
template <typename Layout, typename Leaves>
struct Ensemble {
  ECU_COLD static bool check(const Operation& operation, const Scope& scope) noexcept {
    Fields fields(operation, scope);
    const Record record =
        read_record(fields, scope, sizeof(typename Layout::Slot), Layout::kTableWords, Layout::kNodeSize);
    uint64_t leaves = 0U;
    return fields.good() && record.depth == 0U && Layout::check_table(record, operation.word(kInElements)) &&
           check_trees<Layout>(record, leaves) && Leaves::check(fields, scope, record, leaves) &&
           fields.done();
  }

  static void run(const Operation& operation, const Frame& frame) noexcept {
    using Slot = typename Layout::Slot;
    void* const memory = frame.workspace + place_of(operation.word(kSlots));
    Slot* const slots = static_cast<Slot*>(memory);
    const uint32_t slot_count = Layout::fill(operation, frame, slots);
    const uint8_t* head = frame.constants + place_of(operation.word(kNodes));
    Leaves leaves(operation, frame, scratch_size(slot_count, sizeof(Slot)));
    for (uint32_t group = 0U; group < leaves.groups(); ++group) {
      leaves.begin();
      for (uint32_t left = leaves.trees_of_group(); left > 0U; --left) {
        leaves.add(walk<Layout>(head, slots));
        leaves.skip(Layout::leaves_of(head));
        head += size_t{Layout::rows_of(head)} * Layout::kNodeSize;
      }
      leaves.store(group);
    }
  }

  static constexpr ecu_kernel kernel() noexcept { return ecu_kernel{&check, &run}; }
};

}  // namespace ecu::native::trees
#endif
