/* SPDX-License-Identifier: Apache-2.0 */
#include "trees.h"

namespace ecu::native::trees {
namespace {

constexpr uint32_t kNanIsLow = 0x80000000U;

/* Word `index` of the table of slots. */
uint32_t table_word(const uint8_t* table, size_t index) noexcept {
  return load_little<uint32_t>(table + (index * kWordSize));
}

/* Number of edges below the key. The edges are ascending. */
uint32_t rank_of(const uint8_t* edges, uint32_t count, int32_t key) noexcept {
  const uint8_t* at = edges;
  while (count > 0U) {
    const uint32_t half = count / 2U;
    const uint8_t* const middle = at + (half * kWordSize);
    if (load_little<int32_t>(middle) < key) {
      at = middle + kWordSize;
      count -= half + 1U;
    } else {
      count = half;
    }
  }
  return static_cast<uint32_t>(static_cast<size_t>(at - edges) / kWordSize);
}

/* Whether an entry names one of `elements`. */
bool valid_entry(uint32_t entry, uint32_t elements) noexcept { return (entry & ~kNanIsLow) < elements; }

}  // namespace

Record read_record(Fields& fields, const Scope& scope, uint32_t slot_size, uint32_t table_words,
                   uint32_t node_size) noexcept {
  Record record = {};
  record.out = fields.word();
  const uint32_t slots = fields.word();
  const uint32_t in = fields.word();
  const uint32_t elements = fields.length();
  const uint32_t table = fields.word();
  const uint32_t count = fields.word();
  const uint32_t edges = fields.word();
  record.edge_count = fields.word();
  const uint32_t nodes = fields.word();
  record.nodes = fields.length();
  record.trees = fields.length();
  record.depth = fields.word();
  record.slots = count + 1U;
  fields.expect(count <= kMaxSlots && space_of(slots) == Space::kWorkspace);
  fields.reads(in, elements, kSize4);
  // aligned to words, whatever the size of a slot
  const uint64_t slot_words = (((uint64_t{count} + 1U) * slot_size) + (kSize4 - 1U)) / kSize4;
  fields.writes(slots, slot_words, kSize4);
  record.slots_begin = place_of(slots);
  record.slots_end = record.slots_begin + (slot_words * kSize4);
  if (count > 0U) {
    record.table = scope.constant(table, uint64_t{count} * table_words, kSize4);
    fields.expect(record.table != nullptr);
  }
  if (record.edge_count > 0U) {
    record.edges = scope.constant(edges, record.edge_count, kSize4);
    fields.expect(record.edges != nullptr);
  }
  record.node_bytes = scope.constant(nodes, uint64_t{record.nodes} * (node_size / kSize4), kSize4);
  fields.expect(record.node_bytes != nullptr);
  return record;
}

void expect_result(Fields& fields, const Record& record, uint64_t elements, uint32_t size) noexcept {
  const uint64_t begin = place_of(record.out);
  fields.writes(record.out, elements, size);
  fields.expect(space_of(record.out) != Space::kWorkspace || begin >= record.slots_end ||
                begin + (elements * size) <= record.slots_begin);
}

bool Keyed::check_table(const Record& record, uint32_t elements) noexcept {
  for (size_t i = 0U; i + 1U < record.slots; ++i) {
    if (!valid_entry(table_word(record.table, i), elements)) {
      return false;
    }
  }
  return record.edge_count == 0U;
}

void Keyed::fill(const Operation& operation, const Frame& frame, Slot* slots) noexcept {
  const Operand in = frame.operand(operation.word(kIn));
  const uint8_t* entry = frame.constants + place_of(operation.word(kSlotTable));
  *slots = kFirst;
  for (uint32_t left = operation.word(kSlotCount); left > 0U; --left, entry += kWordSize) {
    const uint32_t word = load_little<uint32_t>(entry);
    *++slots = key_of(in.get<uint32_t>(word & ~kNanIsLow), (word & kNanIsLow) != 0U);
  }
}

bool Ranked::check_table(const Record& record, uint32_t elements) noexcept {
  uint64_t edges = 0U;
  for (size_t i = 0U; i + 1U < record.slots; ++i) {
    const uint32_t count = table_word(record.table, (i * kTableWords) + 1U);
    if (!valid_entry(table_word(record.table, i * kTableWords), elements) || count >= kFirst) {
      return false;
    }
    edges += count;
  }
  return edges == record.edge_count && record.slots <= kFirst + 1U;
}

void Ranked::fill(const Operation& operation, const Frame& frame, Slot* slots) noexcept {
  const Operand in = frame.operand(operation.word(kIn));
  const uint8_t* entry = frame.constants + place_of(operation.word(kSlotTable));
  const uint8_t* edges = frame.constants + place_of(operation.word(kEdges));
  *slots = kFirst;
  for (uint32_t left = operation.word(kSlotCount); left > 0U; --left, entry += kTableWords * kWordSize) {
    const uint32_t word = load_little<uint32_t>(entry);
    const uint32_t count = load_little<uint32_t>(entry + kWordSize);
    const int32_t key = key_of(in.get<uint32_t>(word & ~kNanIsLow), (word & kNanIsLow) != 0U);
    *++slots = static_cast<Slot>(rank_of(edges, count, key));
    edges += count * kWordSize;
  }
}

}  // namespace ecu::native::trees
