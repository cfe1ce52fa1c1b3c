/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Complete trees of one depth: every row takes the same number of steps.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_TREES_COMPLETE_H
#define ECU_SRC_NATIVE_KERNELS_TREES_COMPLETE_H

#include "trees.h"

namespace ecu::native::trees {

constexpr uint32_t kMaxDepth = 8U;
constexpr uint32_t kSplitSize = 2U;

/** Depth of the trees of gradient boosting where the user says nothing. */
constexpr uint32_t kUsualDepth = 3U;

/** Whether record and splits of complete trees are right.
 *
 *  @param[out] leaves of all trees
 */
[[nodiscard]] ECU_COLD bool check_complete(const Record& record, uint32_t elements,
                                           uint64_t& leaves) noexcept;

/** Splits of a tree are a slot and a rank each, level by level; leaves are numbered from left to right, tree
 *  by tree. */
template <typename Leaves>
struct CompleteEnsemble {
  ECU_COLD static bool check(const Operation& operation, const Scope& scope) noexcept {
    Fields fields(operation, scope);
    const Record record = read_record(fields, scope, sizeof(Ranked::Slot), Ranked::kTableWords, kSize4);
    uint64_t leaves = 0U;
    return fields.good() && check_complete(record, operation.word(kInElements), leaves) &&
           Leaves::check(fields, scope, record, leaves) && fields.done();
  }

  static void run(const Operation& operation, const Frame& frame) noexcept {
    (void)Ranked::fill(operation, frame, frame.workspace + place_of(operation.word(kSlots)));
    if (operation.word(kDepth) == kUsualDepth) {
      add_trees<kUsualDepth>(operation, frame, kUsualDepth);
    } else {
      add_trees<0U>(operation, frame, operation.word(kDepth));
    }
  }

  static constexpr ecu_kernel kernel() noexcept { return ecu_kernel{&check, &run}; }

 private:
  /* kFixed is the depth where the compiler shall know it, else 0. */
  template <uint32_t kFixed>
  static void add_trees(const Operation& operation, const Frame& frame, uint32_t depth) noexcept {
    const uint8_t* const slots = frame.workspace + place_of(operation.word(kSlots));
    const uint8_t* splits = frame.constants + place_of(operation.word(kNodes)) - kSplitSize;
    const uint32_t ends = 1U << (kFixed != 0U ? kFixed : depth);  // leaves of a tree
    Leaves leaves(operation, frame, 0U);
    leaves.count_from(ends);
    for (uint32_t group = 0U; group < leaves.groups(); ++group) {
      leaves.begin();
      for (uint32_t left = leaves.trees_of_group(); left > 0U; --left) {
        leaves.add(reached<kFixed>(splits, slots, ends));
        leaves.skip(ends);
        splits += (ends - 1U) * kSplitSize;
      }
      leaves.store(group);
    }
  }

  /* Split i, counted from 1, has the children 2 i and 2 i + 1; the leaves have the numbers from `ends` on. */
  template <uint32_t kFixed>
  static uint32_t reached(const uint8_t* splits, const uint8_t* slots, uint32_t ends) noexcept {
    uint32_t at = child(splits, slots, 1U);
    if constexpr (kFixed != 0U) {  // without the loop, which costs a fifth of the walk
      static_assert(kFixed == kUsualDepth && kUsualDepth == 3U);
      return child(splits, slots, child(splits, slots, at));
    }
    while (at < ends) {
      at = child(splits, slots, at);
    }
    return at;
  }

  static uint32_t child(const uint8_t* splits, const uint8_t* slots, uint32_t at) noexcept {
    const uint32_t split = load_little16(splits + (at * kSplitSize));
    const uint32_t difference = (split >> 8U) - slots[split & 0xffU];  // wraps when the slot is larger
    return (2U * at) + (difference >> 31U);
  }
};

}  // namespace ecu::native::trees
#endif
