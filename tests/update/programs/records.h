/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Records of a journal sector, written and read from docs/slots.md alone: shares nothing with the runtime.
 */
#ifndef ECU_TESTS_UPDATE_RECORDS_H
#define ECU_TESTS_UPDATE_RECORDS_H

#include <stdint.h>

#include <array>
#include <vector>

namespace ecu::test {

enum : uint8_t { kBegin = 1, kStaged, kTried, kConfirmed, kReverted, kKeys, kCommit };

struct Entry {
  uint8_t op;
  uint8_t slot;
  uint8_t tries;
  uint32_t value;
};

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

/** The 16 bytes of a record. */
inline std::vector<uint8_t> record_bytes(uint32_t sequence, const Entry& entry) {
  std::vector<uint8_t> bytes;
  append_little(bytes, sequence);
  bytes.insert(bytes.end(), {entry.op, entry.slot, entry.tries, 0});
  append_little(bytes, entry.value);
  append_little(bytes, crc_of(bytes.data(), 12));
  return bytes;
}

/** Sequence of the commit of a sector, 0 without one. */
inline uint32_t commit_of(const uint8_t* sector, uint32_t size, uint32_t unit) {
  const uint32_t stride = unit > 16 ? unit : 16;
  uint32_t count = 0;
  for (uint32_t at = 0; at + stride <= size; at += stride) {
    const uint8_t* const record = sector + at;
    if (little(record + 12) != crc_of(record, 12)) {
      continue;
    }
    if (record[4] == kCommit && little(record + 8) == count) {
      return little(record);
    }
    ++count;
  }
  return 0;
}

}  // namespace ecu::test
#endif
