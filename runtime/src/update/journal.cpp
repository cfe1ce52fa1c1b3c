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

/* The sequence where records are lost: no one before that had a higher one, should it be read again some
 * day. */
constexpr uint32_t kAfterLoss = 0x80000000U;

/* Places that may refuse a record, before the other sector has to take it: a worn sector must not keep a
 * boot. */
constexpr uint32_t kMostTries = 4U;

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
  uint32_t tries = kMostTries;
  bool written = false;
  while (!written && tries > 0U && end + stride <= area.place.size) {
    if (is_erased(area, end, stride)) {
      written = write(area, end, bytes, kRecordSize);
      --tries;
    }
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
  if (change == Change::kNothing || !put(areas[update.sector], update.end, bytes)) {
    const uint8_t other = update.sector ^ 1U;
    uint32_t end = 0U;
    (void)erase(areas[other], areas[other].place.size);  // a worn sector may have free places all the same
    if (!put(areas[other], end, bytes)) {
      return ECU_FLASH_FAILED;
    }
    update.sector = other;
    update.end = end;
  }
  swap(next);
  update.journal = next;
  update.known = next.sequence;
  update.single = change == Change::kNothing ? 0U : 1U;
  return ECU_OK;
}

/* A sector of the journal. */
struct Sector {
  ecu_journal newest;  // of its records, or zeros
  uint32_t end;        // offset of its first free place
  uint32_t later;      // places behind the newest record that are not free: they may be read again some day
};

/* False where the port fails. */
bool read_sector(const Area& area, Sector& sector) noexcept {
  sector = Sector{};
  const uint32_t stride = record_stride(area.geometry.program_unit);
  for (uint32_t offset = 0U; offset + stride <= area.place.size; offset += stride) {
    if (is_erased(area, offset, stride)) {
      continue;
    }
    ecu_journal record;
    const ecu_status status = read_record(area, offset, record);
    if (status == ECU_FLASH_FAILED) {
      return false;
    }
    sector.end = offset + stride;
    ++sector.later;
    if (status == ECU_OK && record.sequence > sector.newest.sequence) {
      sector.newest = record;
      sector.later = 0U;
    }
  }
  return true;
}

}  // namespace

ecu_status scan(const ecu_update& update, Found& found) noexcept {
  const Area* const areas = update.areas + ECU_AREA_JOURNAL_0;
  Sector first;
  Sector second;
  if (!read_sector(areas[0], first) || !read_sector(areas[1], second)) {
    return ECU_FLASH_FAILED;
  }
  // Without records behind those that can not be read; the one that was erased last has the newest of them.
  const bool none = first.newest.sequence == second.newest.sequence;
  const bool swapped =
      none ? second.end - 1U < first.end - 1U : second.newest.sequence > first.newest.sequence;
  const Sector& newer = swapped ? second : first;
  const Sector& older = swapped ? first : second;
  const uint32_t sequence = newer.newest.sequence;
  if (sequence < update.known) {
    return ECU_FLASH_FAILED;
  }
  const uint32_t skipped = newer.later + (older.newest.sequence == 0U ? older.later : 0U);
  const bool both = older.newest.sequence != 0U && says_the_same(newer.newest, older.newest);
  found.journal = newer.newest;
  found.known = sequence;
  found.end = newer.end;
  found.sector = swapped ? 1U : 0U;
  found.single = both || sequence == 0U ? 0U : 1U;
  found.journal.sequence = skipped > UINT32_MAX - sequence ? UINT32_MAX : sequence + skipped;
  if (sequence == 0U && newer.end != 0U) {
    found.journal.sequence = kAfterLoss;
  }
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
