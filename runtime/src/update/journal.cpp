/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <stddef.h>

#include "../little_endian.h"
#include "area.h"

namespace ecu {
namespace {

constexpr uint32_t kCheckedSize = offsetof(ecu_journal, crc);
static_assert(sizeof(ecu_journal) == kRecordSize && offsetof(ecu_journal, slots) == 8U &&
              sizeof(ecu_journal_slot) == 8U && kCheckedSize == 28U);

/* Sequence to go on from where records are lost: no record before that had a higher one, should it be read
 * again some day. */
constexpr uint32_t kAfterLoss = 0x80000000U;

/* Members lie as in flash. */
[[gnu::always_inline]] inline uint8_t* bytes_of(void* member) noexcept {
  return static_cast<uint8_t*>(member);
}

/* Between the byte order of flash and that of the processor, both ways. */
[[gnu::always_inline]] inline void swap(uint32_t& number) noexcept { number = load_u32(bytes_of(&number)); }

[[gnu::always_inline]] inline void swap(ecu_journal& record) noexcept {
  swap(record.sequence);
  swap(record.slots[0].sequence);
  swap(record.slots[1].sequence);
  swap(record.keys_sequence);
  swap(record.crc);
}

/* CRC-32 of ISO 3309 (reflected 0x04c11db7) of a record in the byte order of flash, bit by bit: they are few,
 * a table is a kilobyte. */
uint32_t crc32(ecu_journal& record) noexcept {
  uint32_t crc = 0xffffffffU;
  for (uint32_t i = 0U; i < kCheckedSize; ++i) {
    crc ^= bytes_of(&record)[i];
    for (unsigned bit = 0U; bit < 8U; ++bit) {
      crc = (crc >> 1U) ^ (0xedb88320U & (0U - (crc & 1U)));
    }
  }
  return ~crc;
}

/* ECU_OK of a record; ECU_FLASH_FAILED; something else of what is no record: erased, torn or damaged. */
ecu_status read_record(const Area& area, uint32_t offset, ecu_journal& record) noexcept {
  const ecu_status status = read(area, offset, bytes_of(&record), kRecordSize);
  if (status != ECU_OK) {
    return status;
  }
  const uint32_t crc = crc32(record);
  swap(record);
  const bool right = record.crc == crc && record.active < 2U && record.keys <= kNone &&
                     record.slots[0].state <= ECU_SLOT_CONFIRMED &&
                     record.slots[1].state <= ECU_SLOT_CONFIRMED;
  return right ? ECU_OK : ECU_FLASH_DAMAGED;
}

void apply(ecu_journal& journal, Change change, uint8_t index, uint32_t value) noexcept {
  if (change == Change::kTried) {
    journal.tries = static_cast<uint8_t>(value);
    return;
  }
  if (change == Change::kKeys) {
    journal.keys = index;
    journal.keys_sequence = value;
    return;
  }
  journal.slots[index].state = static_cast<uint8_t>(change);
  journal.slots[index].sequence = value;
  journal.tries = 0U;
  // An active slot that becomes empty is damaged, or was confirmed although that was reported as failed.
  const bool leaves = change == Change::kEmptied;
  if (change != Change::kStaged && leaves == (journal.active == index)) {
    journal.active ^= 1U;
  }
}

/* Writes a record at the first free place from `end` on that takes it; a place is never tried twice. */
bool put(const Area& area, uint32_t& end, const uint8_t* bytes) noexcept {
  const uint32_t stride = record_stride(area.geometry.program_unit);
  bool written = false;
  while (!written && end + stride <= area.place.size) {
    written = write(area, end, bytes, kRecordSize);
    end += stride;
  }
  return written;
}

ecu_status append_once(ecu_update& update, Change change, uint8_t index, uint32_t value) noexcept {
  ++update.journal.sequence;  // a record that fails may be in flash all the same
  ecu_journal next = update.journal;
  apply(next, change, index, value);
  alignas(8) ecu_journal record = next;
  swap(record);
  record.crc = crc32(record);
  swap(record.crc);
  const uint8_t* const bytes = bytes_of(&record);
  const Area* const areas = update.areas + ECU_AREA_JOURNAL_0;
  if (next.sequence == 0U) {
    return ECU_FLASH_FAILED;
  }
  if (update.sector == kNone || !put(areas[update.sector], update.end, bytes)) {
    const uint8_t other = update.sector == 0U ? 1U : 0U;
    uint32_t end = 0U;
    if (!erase(areas[other]) || !put(areas[other], end, bytes)) {
      return ECU_FLASH_FAILED;
    }
    update.sector = other;
    update.end = end;
  }
  update.journal = next;
  return ECU_OK;
}

}  // namespace

ecu_status scan(ecu_update& update, Found& found) noexcept {
  ecu_journal newest = {};
  newest.keys = kNone;
  uint8_t newest_sector = kNone;
  uint32_t ends[3] = {};
  for (uint8_t sector = 0U; sector < 2U; ++sector) {
    const Area& area = update.areas[ECU_AREA_JOURNAL_0 + sector];
    const uint32_t stride = record_stride(area.geometry.program_unit);
    for (uint32_t offset = 0U; offset + stride <= area.place.size; offset += stride) {
      if (is_erased(area, offset, stride)) {
        continue;
      }
      ends[sector] = offset + stride;
      ecu_journal record;
      const ecu_status status = read_record(area, offset, record);
      if (status == ECU_FLASH_FAILED) {
        return status;
      }
      if (status == ECU_OK && record.sequence > newest.sequence) {
        newest = record;
        newest_sector = sector;
      }
    }
  }
  found = Found::kState;
  if (newest_sector == kNone) {
    // Power that failed in the first record of all leaves one place that is not erased.
    const uint32_t unit = update.areas[ECU_AREA_JOURNAL_0].geometry.program_unit;
    const bool factory = ends[0] <= record_stride(unit) && ends[1] == 0U;
    found = factory ? Found::kErased : Found::kLost;
    if (!factory) {
      // The next record goes behind what can not be read: without that, this would be a factory state.
      newest_sector = ends[1] == 0U ? 0U : 1U;
      newest.sequence = kAfterLoss;
    }
  }
  update.journal = newest;
  update.sector = newest_sector;
  update.end = ends[newest_sector];
  return ECU_OK;
}

ecu_status append(ecu_update& update, Change change, uint8_t index, uint32_t value) noexcept {
  const ecu_status status = append_once(update, change, index, value);
  if (status == ECU_OK && (change == Change::kConfirmed || change == Change::kKeys)) {
    (void)append_once(update, change, index, value);
  }
  return status;
}

}  // namespace ecu
