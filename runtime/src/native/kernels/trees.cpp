/* SPDX-License-Identifier: Apache-2.0 */
#include "trees.h"

namespace ecu::native::trees {
namespace {

/* An entry of the table of slots: an element, and these. */
constexpr uint32_t kNanIsLow = 0x80000000U;   // in the first pair of slots
constexpr uint32_t kBothRules = 0x40000000U;  // there is another pair, with NaN on the other side
constexpr uint32_t kElement = 0x3fffffffU;

/* Word `index` of the table of slots. */
uint32_t table_word(const uint8_t* table, size_t index) noexcept {
  return load_little<uint32_t>(table + (index * kWordSize));
}

/* The second word of an entry of ranked slots: how many edges, and the exponent of the largest power of two
 * that is no more, the window. */
constexpr uint32_t kCountMask = 0xffffU;
constexpr uint32_t kHalvingsShift = 16U;
constexpr uint32_t kMaxHalvings = 7U;

ECU_COLD bool valid_window(uint32_t count, uint32_t halvings) noexcept {
  return halvings <= kMaxHalvings && count >> halvings == 1U;
}

/* `at`, or what is behind the next kHalf edges where the last of them is below the key. */
template <uint32_t kHalf>
const uint8_t* halved(const uint8_t* at, int32_t key) noexcept {
  return load_little<int32_t>(at + ((kHalf - 1U) * kWordSize)) < key ? at + (kHalf * kWordSize) : at;
}

/* Number of edges below the key. The edges are ascending. One comparison leads to one of two windows of
 * `window` - 1 edges, which together hold all others; then the window is halved, each time by four
 * instructions of an ARM processor. */
uint32_t rank_of(const uint8_t* edges, uint32_t count, uint32_t halvings, int32_t key) noexcept {
  const uint8_t* const last = edges + ((count - (1U << halvings)) * kWordSize);
  const uint8_t* at = load_little<int32_t>(last) < key ? last + kWordSize : edges;
  switch (halvings) {
    case 7U:
      at = halved<64U>(at, key);
      [[fallthrough]];
    case 6U:
      at = halved<32U>(at, key);
      [[fallthrough]];
    case 5U:
      at = halved<16U>(at, key);
      [[fallthrough]];
    case 4U:
      at = halved<8U>(at, key);
      [[fallthrough]];
    case 3U:
      at = halved<4U>(at, key);
      [[fallthrough]];
    case 2U:
      at = halved<2U>(at, key);
      [[fallthrough]];
    case 1U:
      at = halved<1U>(at, key);
      break;
    default:
      break;
  }
  return static_cast<uint32_t>(static_cast<size_t>(at - edges) / kWordSize);
}

/* Whether an entry names one of `elements`. */
ECU_COLD bool valid_entry(uint32_t entry, uint32_t elements) noexcept {
  return (entry & kElement) < elements;
}

/* Slots of all entries and slot 0. */
ECU_COLD uint32_t count_slots(const Record& record, uint32_t table_words) noexcept {
  uint32_t slots = 1U;
  for (size_t i = 0U; i < record.entries; ++i) {
    slots += (table_word(record.table, i * table_words) & kBothRules) != 0U ? 4U : 2U;
  }
  return slots;
}

}  // namespace

Record read_record(Fields& fields, const Scope& scope, uint32_t slot_size, uint32_t table_words,
                   uint32_t node_size) noexcept {
  Record record = {};
  record.out = fields.word();
  record.scratch = fields.word();
  const uint32_t in = fields.word();
  const uint32_t elements = fields.length();
  const uint32_t table = fields.word();
  record.entries = fields.word();
  const uint32_t edges = fields.word();
  record.edge_count = fields.word();
  const uint32_t nodes = fields.word();
  record.nodes = fields.length();
  record.trees = fields.length();
  record.depth = fields.word();
  fields.expect(record.entries <= kMaxSlots && space_of(record.scratch) == Space::kWorkspace);
  fields.reads(in, elements, kSize4);
  if (!fields.good()) {
    return record;
  }
  if (record.entries > 0U) {
    record.table = scope.constant(table, uint64_t{record.entries} * table_words, kSize4);
    fields.expect(record.table != nullptr);
    if (record.table == nullptr) {
      return record;
    }
  }
  record.slots = count_slots(record, table_words);
  fields.expect(record.slots <= kMaxSlots);
  record.scratch_words = scratch_size(record.slots, slot_size) / kSize4;
  if (record.edge_count > 0U) {
    record.edges = scope.constant(edges, record.edge_count, kSize4);
    fields.expect(record.edges != nullptr);
  }
  record.node_bytes = scope.constant(nodes, uint64_t{record.nodes} * (node_size / kSize4), kSize4);
  fields.expect(record.node_bytes != nullptr);
  return record;
}

void expect_result(Fields& fields, const Record& record, uint64_t elements, uint32_t size,
                   uint32_t counters) noexcept {
  const uint64_t scratch_words = uint64_t{record.scratch_words} + counters;
  const uint64_t begin = place_of(record.out);
  const uint64_t scratch = place_of(record.scratch);
  fields.writes(record.scratch, scratch_words, kSize4);
  fields.writes(record.out, elements, size);
  fields.expect(space_of(record.out) != Space::kWorkspace || begin >= scratch + (scratch_words * kSize4) ||
                begin + (elements * size) <= scratch);
}

bool Keyed::check_table(const Record& record, uint32_t elements) noexcept {
  for (size_t i = 0U; i < record.entries; ++i) {
    if (!valid_entry(table_word(record.table, i), elements)) {
      return false;
    }
  }
  return record.edge_count == 0U;
}

uint32_t Keyed::fill(const Operation& operation, const Frame& frame, Slot* slots) noexcept {
  const Operand in = frame.operand(operation.word(kIn));
  const uint8_t* entry = frame.constants + place_of(operation.word(kSlotTable));
  Slot* at = slots;
  *at++ = kFirst;
  for (uint32_t left = operation.word(kEntries); left > 0U; --left, entry += kWordSize) {
    const uint32_t word = load_little<uint32_t>(entry);
    const uint32_t bits = in.get<uint32_t>(word & kElement);
    const int32_t key = key_of(bits, (word & kNanIsLow) != 0U);
    *at++ = key;
    *at++ = ~key;
    if ((word & kBothRules) != 0U) {
      const bool is_nan = is_nan_bits(bits);
      *at++ = is_nan ? ~key : key;
      *at++ = is_nan ? key : ~key;
    }
  }
  return static_cast<uint32_t>(at - slots);
}

bool Ranked::check_table(const Record& record, uint32_t elements) noexcept {
  uint64_t edges = 0U;
  for (size_t i = 0U; i < record.entries; ++i) {
    const uint32_t word = table_word(record.table, (i * kTableWords) + 1U);
    const uint32_t count = word & kCountMask;
    if (!valid_entry(table_word(record.table, i * kTableWords), elements) || count >= kFirst ||
        !valid_window(count, word >> kHalvingsShift)) {
      return false;
    }
    edges += count;
  }
  return edges == record.edge_count && record.slots <= kFirst + 1U;
}

uint32_t Ranked::fill(const Operation& operation, const Frame& frame, Slot* slots) noexcept {
  const Operand in = frame.operand(operation.word(kIn));
  const uint8_t* entry = frame.constants + place_of(operation.word(kSlotTable));
  const uint8_t* edges = frame.constants + place_of(operation.word(kEdges));
  Slot* at = slots;
  *at++ = kFirst;
  for (uint32_t left = operation.word(kEntries); left > 0U; --left, entry += kTableWords * kWordSize) {
    const uint32_t word = load_little<uint32_t>(entry);
    const uint32_t sizes = load_little<uint32_t>(entry + kWordSize);
    const uint32_t count = sizes & kCountMask;
    const uint32_t bits = in.get<uint32_t>(word & kElement);
    const uint32_t rank =
        rank_of(edges, count, sizes >> kHalvingsShift, key_of(bits, (word & kNanIsLow) != 0U));
    const uint32_t mirrored = count - rank;
    *at++ = static_cast<Slot>(rank);
    *at++ = static_cast<Slot>(mirrored);
    if ((word & kBothRules) != 0U) {
      const bool is_nan = is_nan_bits(bits);
      *at++ = static_cast<Slot>(is_nan ? mirrored : rank);
      *at++ = static_cast<Slot>(is_nan ? rank : mirrored);
    }
    edges += count * kWordSize;
  }
  return static_cast<uint32_t>(at - slots);
}

}  // namespace ecu::native::trees
