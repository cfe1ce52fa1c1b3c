/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What a leaf adds, and to what: docs/native_trees.md. Trees come in groups. Each class says how many; for
 *  each group a walk calls `begin`, then `add` and `skip` for each tree, then `store`. `skip` moves the leaf
 * that has the number 0, and `count_from` gives it another number.
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

/** The leaf words of Halves; `high_size` is 1 or 2. */
[[nodiscard]] ECU_COLD bool check_halves(Fields& fields, const Scope& scope, const Record& record,
                                         uint64_t leaves, uint32_t high_size) noexcept;

/** `columns values leaves`: the trees of group c add to column c. */
class Values {
 public:
  Values(const Operation& operation, const Frame& frame, uint32_t) noexcept
      : columns_(operation.word(kLeafWords)),
        trees_(operation.word(kTrees) / columns_),
        values_(constants_at(operation, frame, kLeafWords + 1U)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] uint32_t groups() const noexcept { return columns_; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  void begin() noexcept { sum_ = 0U; }
  void add(size_t leaf) noexcept { sum_ += extended<int64_t>(values_, leaf); }
  void skip(uint32_t leaves) noexcept { values_ += leaves * sizeof(int64_t); }
  void count_from(uint32_t first) noexcept { values_ -= first * sizeof(int64_t); }
  void store(uint32_t group) const noexcept { out_.set<uint64_t>(group, sum_); }

  ECU_COLD static bool check(Fields& fields, const Scope& scope, const Record& record,
                             uint64_t leaves) noexcept;

 private:
  uint32_t columns_;
  uint32_t trees_;
  const uint8_t* values_;
  Result out_;
  uint64_t sum_ = 0U;
};

/** `columns lows highs leaves`: as Values, in two tables: the low words, and what is above them as High,
 * signed. */
template <typename High>
class Halves {
 public:
  Halves(const Operation& operation, const Frame& frame, uint32_t) noexcept
      : columns_(operation.word(kLeafWords)),
        trees_(operation.word(kTrees) / columns_),
        lows_(constants_at(operation, frame, kLeafWords + 1U)),
        highs_(constants_at(operation, frame, kLeafWords + 2U)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] uint32_t groups() const noexcept { return columns_; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  void begin() noexcept { sum_ = 0U; }
  void add(size_t leaf) noexcept {
    const uint32_t low = load_little<uint32_t>(lows_ + (leaf * kWordSize));
    const int32_t high = high_at(highs_ + (leaf * sizeof(High)));
    sum_ += low | (uint64_t{static_cast<uint32_t>(high)} << 32U);
  }
  void skip(uint32_t leaves) noexcept {
    lows_ += leaves * kWordSize;
    highs_ += leaves * sizeof(High);
  }
  void count_from(uint32_t first) noexcept {
    lows_ -= first * kWordSize;
    highs_ -= first * sizeof(High);
  }
  void store(uint32_t group) const noexcept { out_.set<uint64_t>(group, sum_); }

  ECU_COLD static bool check(Fields& fields, const Scope& scope, const Record& record,
                             uint64_t leaves) noexcept {
    return check_halves(fields, scope, record, leaves, sizeof(High));
  }

 private:
  static int32_t high_at(const uint8_t* at) noexcept {
    if constexpr (sizeof(High) == 1U) {
      return static_cast<int8_t>(*at);
    } else {
      return static_cast<int16_t>(load_little16(at));
    }
  }

  uint32_t columns_;
  uint32_t trees_;
  const uint8_t* lows_;
  const uint8_t* highs_;
  Result out_;
  uint64_t sum_ = 0U;
};

/** Leaves of 40 and of 48 bits. */
using Values40 = Halves<int8_t>;
using Values48 = Halves<int16_t>;

/** `columns values leaves`: sums of two words. A leaf of a tree of group g is three words: an i64, low word
 *  first, for column 2 g, and an i32 for column 2 g + 1, whose sum is an i32 too. */
class Pairs {
 public:
  Pairs(const Operation& operation, const Frame& frame, uint32_t) noexcept
      : groups_(operation.word(kLeafWords) / 2U),
        trees_(operation.word(kTrees) / groups_),
        values_(constants_at(operation, frame, kLeafWords + 1U)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] uint32_t groups() const noexcept { return groups_; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  void begin() noexcept {
    low_ = 0U;
    high_ = 0U;
  }
  void add(size_t leaf) noexcept {
    const uint8_t* const value = values_ + (leaf * kLeafSize);
    low_ += load_little<uint32_t>(value) | (uint64_t{load_little<uint32_t>(value + kWordSize)} << 32U);
    high_ += load_little<uint32_t>(value + (2U * kWordSize));
  }
  void skip(uint32_t leaves) noexcept { values_ += leaves * kLeafSize; }
  void count_from(uint32_t first) noexcept { values_ -= first * kLeafSize; }
  void store(uint32_t group) const noexcept {
    out_.set<uint64_t>(size_t{2U} * group, low_);
    out_.set<int64_t>((size_t{2U} * group) + 1U, bit_cast<int32_t>(high_));
  }

  ECU_COLD static bool check(Fields& fields, const Scope& scope, const Record& record,
                             uint64_t leaves) noexcept;

 private:
  static constexpr uint32_t kLeafWordCount = 3U;
  static constexpr uint32_t kLeafSize = kLeafWordCount * kWordSize;

  uint32_t groups_;
  uint32_t trees_;
  const uint8_t* values_;
  Result out_;
  uint64_t low_ = 0U;
  uint32_t high_ = 0U;
};

/** Adds to an i64 of the result, modulo 2^64. */
inline void add_to(const Result& out, size_t column, uint64_t value) noexcept {
  out.set<uint64_t>(column, out.get<uint64_t>(column) + value);
}

/** `columns values leaves`: one group. A leaf is a row of i64, one for each column. */
class Rows {
 public:
  Rows(const Operation& operation, const Frame& frame, uint32_t) noexcept
      : columns_(operation.word(kLeafWords)),
        trees_(operation.word(kTrees)),
        values_(constants_at(operation, frame, kLeafWords + 1U)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] static constexpr uint32_t groups() noexcept { return 1U; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  void begin() const noexcept {
    for (size_t i = 0U; i < columns_; ++i) {
      out_.set<uint64_t>(i, 0U);
    }
  }
  void add(size_t leaf) const noexcept {
    const size_t first = leaf * columns_;
    for (size_t i = 0U; i < columns_; ++i) {
      add_to(out_, i, extended<int64_t>(values_, first + i));
    }
  }
  void skip(size_t leaves) noexcept { values_ += leaves * columns_ * sizeof(int64_t); }
  static constexpr void store(uint32_t) noexcept {}

  ECU_COLD static bool check(Fields& fields, const Scope& scope, const Record& record,
                             uint64_t leaves) noexcept;

 private:
  uint32_t columns_;
  uint32_t trees_;
  const uint8_t* values_;
  Result out_;
};

/** `columns units entries entry_count values value_count`: one group. Leaf c below `columns` adds units[c] to
 *  column c; any other leaf is a list that starts at entry `leaf - columns`. Units are counted first, behind
 * the slots, and multiplied at the end. Numbers of leaves are those of the whole ensemble. */
class Shares {
 public:
  Shares(const Operation& operation, const Frame& frame, uint32_t slots_size) noexcept
      : columns_(operation.word(kLeafWords)),
        trees_(operation.word(kTrees)),
        units_(constants_at(operation, frame, kLeafWords + 1U)),
        entries_(constants_at(operation, frame, kLeafWords + 2U) - (size_t{columns_} * kWordSize)),
        values_(constants_at(operation, frame, kLeafWords + 4U)),
        counters_(frame.workspace + place_of(operation.word(kSlots)) + slots_size),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] static constexpr uint32_t groups() noexcept { return 1U; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  void begin() const noexcept {
    for (size_t i = 0U; i < columns_; ++i) {
      counters_.set<uint32_t>(i, 0U);
      out_.set<uint64_t>(i, 0U);
    }
  }
  void add(size_t leaf) const noexcept {
    if (leaf < columns_) {
      counters_.set<uint32_t>(leaf, counters_.get<uint32_t>(leaf) + 1U);
    } else {
      add_list(entries_ + (leaf * kWordSize));
    }
  }
  static constexpr void skip(uint32_t) noexcept {}
  void store(uint32_t) const noexcept {
    for (size_t i = 0U; i < columns_; ++i) {
      add_to(out_, i, extended<int64_t>(units_, i) * counters_.get<uint32_t>(i));
    }
  }

  ECU_COLD static bool check(Fields& fields, const Scope& scope, const Record& record,
                             uint64_t leaves) noexcept;

 private:
  static constexpr uint32_t kColumn = 0xffffU;
  static constexpr uint32_t kValue = 0x7fffU;
  static constexpr uint32_t kValueShift = 16U;
  static constexpr uint32_t kLast = 0x80000000U;

  void add_list(const uint8_t* at) const noexcept {
    uint32_t entry = 0U;
    do {
      entry = load_little<uint32_t>(at);
      at += kWordSize;
      add_to(out_, entry & kColumn, extended<int64_t>(values_, (entry >> kValueShift) & kValue));
    } while ((entry & kLast) == 0U);
  }

  uint32_t columns_;
  uint32_t trees_;
  const uint8_t* units_;
  const uint8_t* entries_;  // where the entry of leaf 0 would be
  const uint8_t* values_;
  Result counters_;
  Result out_;
};

/** `numbers leaves`: one group. Tree t stores the i32 of its leaf as element t of the result. */
class Numbers {
 public:
  Numbers(const Operation& operation, const Frame& frame, uint32_t) noexcept
      : trees_(operation.word(kTrees)),
        numbers_(constants_at(operation, frame, kLeafWords)),
        out_(frame.result(operation.word(kOut))) {}

  [[nodiscard]] static constexpr uint32_t groups() noexcept { return 1U; }
  [[nodiscard]] uint32_t trees_of_group() const noexcept { return trees_; }

  static constexpr void begin() noexcept {}
  void add(size_t leaf) noexcept {
    out_.set<uint32_t>(0U, load_little<uint32_t>(numbers_ + (leaf * kWordSize)));
    out_ = out_.from(kWordSize);
  }
  void skip(uint32_t leaves) noexcept { numbers_ += leaves * kWordSize; }
  static constexpr void store(uint32_t) noexcept {}

  ECU_COLD static bool check(Fields& fields, const Scope& scope, const Record& record,
                             uint64_t leaves) noexcept;

 private:
  uint32_t trees_;
  const uint8_t* numbers_;
  Result out_;
};

}  // namespace ecu::native::trees
#endif
