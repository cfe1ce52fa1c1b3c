/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What a leaf adds, and to what: docs/native_trees.md. Trees come in groups; each class says how many, and
 *  its Total takes the leaf of one tree of a group after the other.
 *
 *  Sums are i64 and wrap modulo 2^64; the writer of a program chooses units that keep them in range.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_TREE_LEAVES_H
#define ECU_SRC_NATIVE_KERNELS_TREE_LEAVES_H

#include "trees.h"

namespace ecu::native::trees {

/** The constants that a word of a checked record names. */
[[nodiscard]] inline const uint8_t* constants_at(const Operation& operation, const Frame& frame,
                                                 size_t word) noexcept {
  return frame.constants + place_of(operation.word(word));
}

/** Element `index` of little-endian T, extended to 64 bits. */
template <typename T>
[[nodiscard]] inline uint64_t extended(const uint8_t* values, size_t index) noexcept {
  return static_cast<uint64_t>(int64_t{load_little<T>(values + (index * sizeof(T)))});
}

/** `columns values leaves`: the trees of group c add to column c. */
class Values {
 public:
  Values(const Operation& operation, const Frame& frame) noexcept
      : columns_(operation.word(kLeafWords)),
        trees_(operation.word(kTrees) / columns_),
        values_(constants_at(operation, frame, kLeafWords + 1U)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] uint32_t groups() const noexcept { return columns_; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  class Total {
   public:
    Total(const Values& leaves, uint32_t group) noexcept
        : values_(leaves.values_), out_(leaves.out_), group_(group) {}
    void add(size_t leaf) noexcept { sum_ += extended<int64_t>(values_, leaf); }
    void store() const noexcept { out_.set<uint64_t>(group_, sum_); }

   private:
    const uint8_t* values_;
    Result out_;
    uint32_t group_;
    uint64_t sum_ = 0U;
  };

  static bool check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept;

 private:
  uint32_t columns_;
  uint32_t trees_;
  const uint8_t* values_;
  Result out_;
};

/** `columns lows highs leaves`: sums of two words. The trees of group g add an i64 to column 2 g and an i32
 * to column 2 g + 1, whose sum is an i32 too. */
class Pairs {
 public:
  Pairs(const Operation& operation, const Frame& frame) noexcept
      : groups_(operation.word(kLeafWords) / 2U),
        trees_(operation.word(kTrees) / groups_),
        lows_(constants_at(operation, frame, kLeafWords + 1U)),
        highs_(constants_at(operation, frame, kLeafWords + 2U)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] uint32_t groups() const noexcept { return groups_; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  class Total {
   public:
    Total(const Pairs& leaves, uint32_t group) noexcept
        : lows_(leaves.lows_), highs_(leaves.highs_), out_(leaves.out_), group_(group) {}
    void add(size_t leaf) noexcept {
      low_ += extended<int64_t>(lows_, leaf);
      high_ += load_little<uint32_t>(highs_ + (leaf * sizeof(uint32_t)));
    }
    void store() const noexcept {
      out_.set<uint64_t>(size_t{2U} * group_, low_);
      out_.set<int64_t>((size_t{2U} * group_) + 1U, bit_cast<int32_t>(high_));
    }

   private:
    const uint8_t* lows_;
    const uint8_t* highs_;
    Result out_;
    uint32_t group_;
    uint64_t low_ = 0U;
    uint32_t high_ = 0U;
  };

  static bool check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept;

 private:
  uint32_t groups_;
  uint32_t trees_;
  const uint8_t* lows_;
  const uint8_t* highs_;
  Result out_;
};

/** `columns units entries entry_count values value_count`: one group. Leaf c below `columns` adds units[c] to
 *  column c; any other leaf is a list that starts at entry `leaf - columns`. */
class Shares {
 public:
  Shares(const Operation& operation, const Frame& frame) noexcept
      : columns_(operation.word(kLeafWords)),
        trees_(operation.word(kTrees)),
        units_(constants_at(operation, frame, kLeafWords + 1U)),
        entries_(constants_at(operation, frame, kLeafWords + 2U)),
        values_(constants_at(operation, frame, kLeafWords + 4U)),
        out_(frame.result(operation.word(kOut))) {
    for (size_t i = 0U; i < columns_; ++i) {
      out_.set<uint64_t>(i, 0U);
    }
  }

  [[nodiscard]] static constexpr uint32_t groups() noexcept { return 1U; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  class Total {
   public:
    Total(const Shares& leaves, uint32_t) noexcept
        : columns_(leaves.columns_),
          units_(leaves.units_),
          entries_(leaves.entries_ - (size_t{leaves.columns_} * kWordSize)),
          values_(leaves.values_),
          out_(leaves.out_) {}

    void add(size_t leaf) const noexcept {
      if (leaf < columns_) {
        add(leaf, extended<int64_t>(units_, leaf));
        return;
      }
      const uint8_t* at = entries_ + (leaf * kWordSize);
      uint32_t entry = 0U;
      do {
        entry = load_little<uint32_t>(at);
        at += kWordSize;
        add(entry & kColumn, extended<int64_t>(values_, (entry >> kValueShift) & kValue));
      } while ((entry & kLast) == 0U);
    }

    static constexpr void store() noexcept {}

   private:
    void add(size_t column, uint64_t value) const noexcept {
      out_.set<uint64_t>(column, out_.get<uint64_t>(column) + value);
    }

    uint32_t columns_;
    const uint8_t* units_;
    const uint8_t* entries_;  // where the entry of leaf 0 would be
    const uint8_t* values_;
    Result out_;
  };

  static bool check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept;

 private:
  static constexpr uint32_t kColumn = 0xffffU;
  static constexpr uint32_t kValue = 0x7fffU;
  static constexpr uint32_t kValueShift = 16U;
  static constexpr uint32_t kLast = 0x80000000U;

  uint32_t columns_;
  uint32_t trees_;
  const uint8_t* units_;
  const uint8_t* entries_;
  const uint8_t* values_;
  Result out_;
};

/** `numbers leaves`: one group. Tree t stores the i32 of its leaf as element t of the result. */
class Numbers {
 public:
  Numbers(const Operation& operation, const Frame& frame) noexcept
      : trees_(operation.word(kTrees)),
        numbers_(constants_at(operation, frame, kLeafWords)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] static constexpr uint32_t groups() noexcept { return 1U; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  class Total {
   public:
    Total(const Numbers& leaves, uint32_t) noexcept : numbers_(leaves.numbers_), out_(leaves.out_) {}
    void add(size_t leaf) noexcept {
      out_.set<uint32_t>(tree_, load_little<uint32_t>(numbers_ + (leaf * kWordSize)));
      ++tree_;
    }
    static constexpr void store() noexcept {}

   private:
    const uint8_t* numbers_;
    Result out_;
    size_t tree_ = 0U;
  };

  static bool check(Fields& fields, const Scope& scope, const Record& record, uint64_t leaves) noexcept;

 private:
  uint32_t trees_;
  const uint8_t* numbers_;
  Result out_;
};

}  // namespace ecu::native::trees
#endif
