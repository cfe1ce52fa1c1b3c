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

/* ECU_OK of a record; ECU_FLASH_FAILED; something else of what is no record: erased, torn or damaged. */
ecu_status read_record(const Area& area, uint32_t offset, Record& record) noexcept {
  uint8_t bytes[kRecordSize];
  const ecu_status status = area.read(offset, bytes, kRecordSize);
  if (status != ECU_OK) {
    return status;
  }
  record = Record{load_u32(bytes), load_u32(bytes + 4U), load_u32(bytes + 8U)};
  const bool valid = load_u32(bytes + kCheckedSize) == crc32(bytes) && slot_of(record.what) < 2U;
  return valid ? ECU_OK : ECU_FLASH_DAMAGED;
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

/* Follows the records of a sector.
 *
 * `whole`: a record commits the sector, and none is missing between the first and the last. */
ecu_status follow(const Area& area, ecu_journal& journal, bool& whole) noexcept {
  const uint32_t stride = record_stride(area.program_unit());
  uint32_t count = 0U;
  bool committed = false;
  bool gap = false;
  for (uint32_t offset = 0U; offset + stride <= area.size(); offset += stride) {
    Record record = {};
    const ecu_status status = read_record(area, offset, record);
    if (status == ECU_FLASH_FAILED) {
      return status;
    }
    if (status == ECU_OK && record.sequence > journal.sequence) {
      gap = gap || (count != 0U && record.sequence - journal.sequence != 1U);
      committed = committed || (op_of(record.what) == Op::kCommit && record.value == count);
      apply(journal, record.what, record.value);
      journal.sequence = record.sequence;
      ++count;
    } else if (area.is_erased(offset, stride)) {
      continue;
    }
    journal.end = offset + stride;
  }
  whole = committed && !gap;
  return ECU_OK;
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
bool compact(ecu_update& update) noexcept {
  static constexpr Op kLeadsTo[] = {Op::kBegin, Op::kStaged, Op::kConfirmed};  // by ecu_slot_state
  ecu_journal& journal = update.journal;
  journal.sector = journal.sector == 0U ? 1U : 0U;
  journal.end = 0U;
  const Area area(update, ECU_AREA_JOURNAL_0 + journal.sector);
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

ecu_status append_once(ecu_update& update, uint32_t what, uint32_t value) noexcept {
  ecu_journal& journal = update.journal;
  if (journal.sector != kNone &&
      put(Area(update, ECU_AREA_JOURNAL_0 + journal.sector), journal, what, value)) {
    apply(journal, what, value);
    return ECU_OK;
  }
  const ecu_journal before = journal;
  apply(journal, what, value);
  if (compact(update)) {
    return ECU_OK;
  }
  journal = before;
  return ECU_FLASH_FAILED;
}

}  // namespace

ecu_status scan(ecu_update& update, Found& found) noexcept {
  ecu_journal journals[2];
  bool whole[2];
  for (uint8_t sector = 0U; sector < 2U; ++sector) {
    journals[sector] = blank(sector);
    const Area area(update, ECU_AREA_JOURNAL_0 + sector);
    const ecu_status status = follow(area, journals[sector], whole[sector]);
    if (status != ECU_OK) {
      return status;
    }
  }
  const uint8_t newest = journals[1].sequence > journals[0].sequence ? 1U : 0U;
  const ecu_journal& last = journals[newest];
  const ecu_journal& other = journals[newest ^ 1U];
  // The newest sector without its commit: power failed before it was written. It holds no more than a
  // snapshot then, and what it continues is still there.
  const bool unfinished = last.sequence - other.sequence <= kMostBeforeCommit;
  found = Found::kState;
  if (whole[newest]) {
    update.journal = last;
  } else if (unfinished && whole[newest ^ 1U]) {
    update.journal = other;
  } else {
    // The first snapshot of all goes into journal 0: the other one is erased then.
    found = unfinished && other.end == 0U ? Found::kErased : Found::kLost;
    update.journal = blank(found == Found::kErased ? kNone : newest);
    update.journal.sequence = found == Found::kErased ? 0U : last.sequence;
    update.journal.end = UINT32_MAX - ECU_FLASH_LARGEST_UNIT;  // the other sector takes the next record
  }
  return ECU_OK;
}

ecu_status append(ecu_update& update, uint32_t what, uint32_t value) noexcept {
  const ecu_status status = append_once(update, what, value);
  const Op op = op_of(what);
  if (status == ECU_OK && (op == Op::kConfirmed || op == Op::kKeys)) {
    (void)append_once(update, what, value);
  }
  return status;
}

}  // namespace ecu
