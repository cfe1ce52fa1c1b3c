/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include "../little_endian.h"
#include "area.h"

namespace ecu {
namespace {

constexpr uint32_t kRecordSize = 16U;
constexpr uint32_t kCheckedSize = 12U;

/* CRC-32 of ISO 3309 (reflected 0x04c11db7) of a record, bit by bit: they are few, a table is a kilobyte. */
uint32_t crc32(const uint8_t* bytes) noexcept {
  uint32_t crc = 0xffffffffU;
  for (uint32_t i = 0U; i < kCheckedSize; ++i) {
    crc ^= bytes[i];
    for (unsigned bit = 0U; bit < 8U; ++bit) {
      crc = (crc >> 1U) ^ (0xedb88320U & (0U - (crc & 1U)));
    }
  }
  return ~crc;
}

/* False for what is no record: erased, torn or damaged. */
bool read_record(const Area& area, uint32_t offset, Record& record) noexcept {
  uint8_t bytes[kRecordSize];
  if (!area.read(offset, bytes, kRecordSize) || load_u32(bytes + kCheckedSize) != crc32(bytes)) {
    return false;
  }
  record = Record{load_u32(bytes), load_u32(bytes + 4U), load_u32(bytes + 8U)};
  return slot_of(record.what) < 2U;
}

void apply(ecu_journal& journal, uint32_t what, uint32_t value) noexcept {
  const uint8_t index = slot_of(what);
  ecu_slot_info& slot = journal.slots[index];
  switch (op_of(what)) {
    case Op::kBegin:
    case Op::kReverted:
      slot = ecu_slot_info{ECU_SLOT_EMPTY, 0U};
      if (journal.active == index) {
        journal.active ^= 1U;  // damaged, or confirmed although that was reported as failed
      }
      break;
    case Op::kStaged:
      slot = ecu_slot_info{ECU_SLOT_STAGED, value};
      journal.tries = 0U;
      break;
    case Op::kTried:
      journal.tries = tries_of(what);
      break;
    case Op::kConfirmed:
      slot = ecu_slot_info{ECU_SLOT_CONFIRMED, value};
      journal.active = index;
      break;
    case Op::kKeys:
      journal.keys = index;
      journal.keys_sequence = value;
      break;
    case Op::kCommit:
      break;
  }
}

/* Before the first record of a sector. */
constexpr ecu_journal blank(uint8_t sector) noexcept {
  ecu_journal journal = {};
  journal.keys = kNone;
  journal.sector = sector;
  return journal;
}

/* Follows the records of a sector. Gives the sequence of its commit, 0 when it has none: then the sector was
 * not finished, and does not count. */
uint32_t follow(const Area& area, ecu_journal& journal) noexcept {
  const uint32_t stride = record_stride(area.program_unit());
  uint32_t count = 0U;
  uint32_t commit = 0U;
  for (uint32_t offset = 0U; offset + stride <= area.size(); offset += stride) {
    if (area.is_erased(offset, stride)) {
      continue;
    }
    journal.end = offset + stride;
    Record record = {};
    if (read_record(area, offset, record) && record.sequence > journal.sequence) {
      if (op_of(record.what) == Op::kCommit && record.value == count) {
        commit = record.sequence;
      }
      apply(journal, record.what, record.value);
      journal.sequence = record.sequence;
      ++count;
    }
  }
  return commit;
}

/* Writes a record at the first free place that takes it; a place is never tried twice. */
bool put(const Area& area, ecu_journal& journal, uint32_t what, uint32_t value) noexcept {
  const uint32_t stride = record_stride(area.program_unit());
  const uint32_t sequence = journal.sequence + 1U;
  alignas(8) uint8_t bytes[kRecordSize];
  store_u32(bytes, sequence);
  store_u32(bytes + 4U, what);
  store_u32(bytes + 8U, value);
  store_u32(bytes + kCheckedSize, crc32(bytes));
  while (sequence != 0U && journal.end + stride <= area.size()) {
    const uint32_t offset = journal.end;
    journal.end += stride;
    if (area.write(offset, Bytes(bytes, kRecordSize))) {
      journal.sequence = sequence;
      return true;
    }
  }
  return false;
}

/* Continues in the other sector: the records that lead from a blank state to this one, and their commit. */
bool compact(const ecu_update_config& config, ecu_journal& journal) noexcept {
  static constexpr Op kLeadsTo[] = {Op::kBegin, Op::kStaged, Op::kConfirmed};  // by ecu_slot_state
  journal.sector = journal.sector == 0U ? 1U : 0U;
  journal.end = 0U;
  const Area area(config, ECU_AREA_JOURNAL_0 + journal.sector);
  const uint8_t active = journal.active;
  const uint8_t other = active ^ 1U;
  const ecu_slot_info& info = journal.slots[other];
  const uint32_t first = journal.keys == kNone ? 1U : 0U;
  const uint32_t records[][2] = {{what_of(Op::kKeys, journal.keys), journal.keys_sequence},
                                 {what_of(kLeadsTo[info.state], other), info.sequence},
                                 {what_of(Op::kTried, other, journal.tries), 0U},
                                 {what_of(Op::kConfirmed, active), journal.slots[active].sequence},
                                 {what_of(Op::kCommit, 0U), 4U - first}};
  bool written = area.erase();
  for (uint32_t i = first; written && i < 5U; ++i) {
    written = put(area, journal, records[i][0], records[i][1]);
  }
  return written;
}

}  // namespace

void scan(const ecu_update_config& config, ecu_journal& journal) noexcept {
  journal = blank(kNone);
  journal.slots[0].state = ECU_SLOT_CONFIRMED;
  uint32_t newest = 0U;
  for (uint8_t sector = 0U; sector < 2U; ++sector) {
    ecu_journal found = blank(sector);
    const uint32_t commit = follow(Area(config, ECU_AREA_JOURNAL_0 + sector), found);
    if (commit > newest) {
      newest = commit;
      journal = found;
    }
  }
}

ecu_status append(const ecu_update_config& config, ecu_journal& journal, uint32_t what,
                  uint32_t value) noexcept {
  if (journal.sector != kNone &&
      put(Area(config, ECU_AREA_JOURNAL_0 + journal.sector), journal, what, value)) {
    apply(journal, what, value);
    return ECU_OK;
  }
  ecu_journal next = journal;
  apply(next, what, value);
  if (!compact(config, next)) {
    return ECU_FLASH_FAILED;
  }
  journal = next;
  return ECU_OK;
}

}  // namespace ecu
