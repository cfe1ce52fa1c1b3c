/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Records of a journal sector, written and read from docs/slots.md alone: shares nothing with the runtime.
 */
#ifndef ECU_TESTS_UPDATE_RECORDS_H
#define ECU_TESTS_UPDATE_RECORDS_H

#include <stdint.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ecu/update.h"

namespace ecu::test {

/** What a record says: the whole state. */
struct State {
  uint8_t active;
  uint8_t tries;
  ecu_slot_info slots[2];
  uint32_t keys_sequence;
};

constexpr uint32_t kRecordSize = 32;

inline uint32_t crc_of(const uint8_t* bytes, size_t size) {
  static const auto table = [] {
    std::array<uint32_t, 256> made = {};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) {
        c = (c & 1U) != 0U ? 0xedb88320U ^ (c >> 1U) : c >> 1U;
      }
      made[i] = c;
    }
    return made;
  }();
  uint32_t crc = 0xffffffffU;
  for (size_t i = 0; i < size; ++i) {
    crc = table[(crc ^ bytes[i]) & 0xffU] ^ (crc >> 8U);
  }
  return ~crc;
}

inline uint32_t little(const uint8_t* at) {
  return at[0] + (at[1] * 0x100U) + (at[2] * 0x10000U) + (at[3] * 0x1000000U);
}

inline void append_little(std::vector<uint8_t>& bytes, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<uint8_t>(value >> shift));
  }
}

/** The bytes of a record. */
inline std::vector<uint8_t> record_bytes(uint32_t sequence, const State& state) {
  std::vector<uint8_t> bytes;
  append_little(bytes, sequence);
  bytes.insert(bytes.end(), {state.active, state.tries, 0, 0});
  for (const ecu_slot_info& slot : state.slots) {
    append_little(bytes, slot.state);
    append_little(bytes, slot.sequence);
  }
  append_little(bytes, state.keys_sequence);
  append_little(bytes, crc_of(bytes.data(), bytes.size()));
  return bytes;
}

/** Check and numbers of a record are right. */
inline bool is_record(const uint8_t* record) {
  return little(record) != 0 && record[4] < 2 && record[8] <= ECU_SLOT_CONFIRMED &&
         record[16] <= ECU_SLOT_CONFIRMED && little(record + 28) == crc_of(record, 28);
}

/** Sequence of the record at these bytes, 0 of what is none. */
inline uint32_t sequence_of(const uint8_t* record) { return is_record(record) ? little(record) : 0; }

/** What the record at these bytes says. */
inline State state_of(const uint8_t* record) {
  State state = {record[4], record[5], {}, little(record + 24)};
  for (unsigned slot = 0; slot < 2; ++slot) {
    const uint8_t* const at = record + 8 + (8 * slot);
    state.slots[slot] = {static_cast<ecu_slot_state>(*at), little(at + 4)};
  }
  return state;
}

/** Highest sequence of the records in a sector, 0 without one. */
inline uint32_t newest_of(const uint8_t* sector, uint32_t size, uint32_t unit) {
  uint32_t newest = 0;
  for (uint32_t at = 0; at + kRecordSize <= size; at += std::max(kRecordSize, unit)) {
    newest = std::max(newest, sequence_of(sector + at));
  }
  return newest;
}

}  // namespace ecu::test
#endif
