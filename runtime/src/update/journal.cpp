/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <stddef.h>
#include <string.h>

#include "../little_endian.h"
#include "area.h"

namespace ecu {
namespace {

constexpr uint32_t kCheckedSize = offsetof(ecu_journal, crc);
static_assert(sizeof(ecu_journal) == kRecordSize && offsetof(ecu_journal, slots) == 8U &&
              sizeof(ecu_journal_slot) == 8U && kCheckedSize == 28U);

/* Whatever was confirmed took more records than that: staged, tried, and confirmed twice. */
constexpr uint32_t kMostWithoutConfirmed = 3U;

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

/* But for the sequence. */
bool says_the_same(const ecu_journal& a, const ecu_journal& b) noexcept {
  return a.active == b.active && a.tries == b.tries && a.keys_sequence == b.keys_sequence &&
         memcmp(a.slots, b.slots, sizeof a.slots) == 0;
}

/* ECU_OK of a record; ECU_FLASH_FAILED; something else of what is no record: erased, torn or damaged. */
ecu_status read_record(const Area& area, uint32_t offset, ecu_journal& record) noexcept {
  const ecu_status status = read(area, offset, bytes_of(&record), kRecordSize);
  if (status != ECU_OK) {
    return status;
  }
  const uint32_t crc = crc32(record);
  swap(record);
  const bool right = record.crc == crc && record.sequence != 0U && record.active < 2U &&
                     record.slots[0].state <= ECU_SLOT_CONFIRMED &&
                     record.slots[1].state <= ECU_SLOT_CONFIRMED;
  return right ? ECU_OK : ECU_FLASH_DAMAGED;
}

void apply(ecu_journal& journal, Change change, uint8_t slot, uint32_t value) noexcept {
  if (change == Change::kKeys) {
    journal.keys_sequence = value;
  }
  if (change == Change::kTried) {
    journal.tries = static_cast<uint8_t>(value);
  }
  if (change > Change::kConfirmed) {
    return;
  }
  journal.slots[slot].state = static_cast<uint8_t>(change);
  journal.slots[slot].sequence = value;
  journal.tries = 0U;
  // An active slot that becomes empty is damaged, or was confirmed although that was reported as failed.
  const bool leaves = change == Change::kEmptied;
  if (change != Change::kStaged && leaves == (journal.active == slot)) {
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

ecu_status append_once(ecu_update& update, Change change, uint8_t slot, uint32_t value) noexcept {
  if (update.journal.sequence == UINT32_MAX) {
    return ECU_FLASH_FAILED;
  }
  ++update.journal.sequence;  // a record that fails may be in flash all the same
  alignas(8) ecu_journal next = update.journal;
  apply(next, change, slot, value);
  swap(next);
  next.crc = crc32(next);
  swap(next.crc);
  const Area* const areas = update.areas + ECU_AREA_JOURNAL_0;
  const uint8_t* const bytes = bytes_of(&next);
  if (!put(areas[update.sector], update.ends[update.sector], bytes)) {
    const uint8_t other = update.sector ^ 1U;
    uint32_t end = 0U;
    if (!erase(areas[other], areas[other].place.size) || !put(areas[other], end, bytes)) {
      return ECU_FLASH_FAILED;
    }
    update.sector = other;
    update.ends[other] = end;
  }
  swap(next);
  update.journal = next;
  update.known = next.sequence;
  update.single = change == Change::kNothing ? 0U : 1U;
  return ECU_OK;
}

}  // namespace

ecu_status scan(ecu_update& update, Found& found) noexcept {
  ecu_journal newest = {};
  uint32_t ends[2] = {};
  uint32_t lasts[2] = {};  // behind the last record of a sector
  uint32_t torn = 0U;      // places
  uint8_t newest_sector = 0U;
  uint8_t single = 0U;
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
      if (status != ECU_OK) {
        ++torn;
        continue;
      }
      lasts[sector] = ends[sector];
      if (record.sequence > newest.sequence) {
        single = says_the_same(record, newest) ? 0U : 1U;
        newest = record;
        newest_sector = sector;
      }
    }
  }
  if (newest.sequence < update.known) {
    return ECU_FLASH_FAILED;
  }
  update.known = newest.sequence;
  found = Found::kState;
  if (newest.sequence == 0U) {
    found = torn <= kMostWithoutConfirmed ? Found::kErased : Found::kLost;
    newest_sector = ends[1] == 0U ? 0U : 1U;  // behind what can not be read, which is the sign of the loss
  }
  // Should torn ones be read again some day, they are older than the next record.
  newest.sequence = torn > UINT32_MAX - newest.sequence ? UINT32_MAX : newest.sequence + torn;
  update.journal = newest;
  update.sector = newest_sector;
  update.ends[0] = ends[0];
  update.ends[1] = ends[1];
  update.single = single;
  const uint8_t other = newest_sector ^ 1U;
  const bool newer = lasts[newest_sector] != ends[newest_sector] || (lasts[other] == 0U && ends[other] != 0U);
  update.torn = newer ? 1U : 0U;
  return ECU_OK;
}

ecu_status append(ecu_update& update, Change change, uint8_t slot, uint32_t value) noexcept {
  const ecu_status status = append_once(update, change, slot, value);
  if (status == ECU_OK && change == Change::kConfirmed) {
    (void)append_once(update, Change::kNothing, slot, 0U);
  }
  return status;
}

}  // namespace ecu
