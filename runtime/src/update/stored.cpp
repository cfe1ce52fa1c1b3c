/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include <string.h>

#include "../little_endian.h"
#include "area.h"
#include "journal.h"
#include "key_set.h"

namespace ecu {
namespace {

constexpr uint8_t kImageMagic[4] = {0x45U, 0x43U, 0x55U, 0x49U};  // docs/model_image.md
constexpr uint32_t kImageSizeAt = 8U;
constexpr uint32_t kSmallestImage = 144U;

/* What records have in their sequence where others are lost: no one before that had a higher one, should it
 * be read again some day. */
constexpr uint32_t kAfterLoss = 0x80000000U;

/* The area starts with a model image that matches its own digest. Read through the port, which may meet
 * damage that would stop the processor. */
bool holds_image(const Area& area) noexcept {
  uint8_t head[kImageSizeAt + 4U];
  if (read(area, 0U, head, sizeof head) != ECU_OK || memcmp(head, kImageMagic, sizeof kImageMagic) != 0) {
    return false;
  }
  const uint32_t size = load_u32(head + kImageSizeAt);
  return size >= kSmallestImage && size <= room_of(area) && ends_with_digest(area, size - ECU_DIGEST_SIZE);
}

/* Which of two areas holds the newest whole package, or kNone; with its sequence, or 0. */
uint8_t find_newest(ecu_update& update, uint32_t first, uint32_t& sequence) noexcept {
  PackageHeader header;
  uint8_t newest = kNone;
  sequence = 0U;
  for (uint8_t i = 0U; i < 2U; ++i) {
    const uint32_t found = read_stored(update, first + i, header);
    if (found > sequence && holds_package(update, first + i, found, header)) {
      sequence = found;
      newest = i;
    }
  }
  return newest;
}

/* Whether the slots hold what the journal does not know of: then records are lost. A slot is recorded as
 * empty before it is written, and what is given up loses its first sector before. So where records are torn,
 * a whole package in an empty slot, newer than the active one, may be what they told of. */
bool is_behind(ecu_update& update) noexcept {
  const ecu_journal& journal = update.journal;
  PackageHeader header;
  bool behind = false;
  for (uint8_t slot = 0U; slot < 2U; ++slot) {
    const ecu_journal_slot& known = journal.slots[slot];
    const uint32_t found = read_stored(update, slot, header);
    if (known.state != ECU_SLOT_EMPTY) {
      behind = behind || (found != 0U && found != known.sequence);
    } else if (update.torn != 0U && found > journal.slots[journal.active].sequence) {
      behind = behind || holds_package(update, slot, found, header);
    }
  }
  return behind;
}

/* The newest whole key set in flash is in force, without one the factory keys: not where there was a newer
 * one, and where records are lost not where a sector was written. They may have been withdrawn. */
void find_keys(ecu_update& update, bool lost) noexcept {
  uint32_t sequence = 0U;
  update.keys = find_newest(update, ECU_AREA_KEYS_0, sequence);
  bool right = sequence >= update.journal.keys_sequence;
  for (uint32_t i = ECU_AREA_KEYS_0; lost && update.keys == kNone && i < ECU_AREA_COUNT; ++i) {
    right = right && is_erased(update.areas[i], 0U, update.areas[i].place.size);
  }
  update.keys_right = right ? 1U : 0U;
  update.single |= sequence > update.journal.keys_sequence ? 1U : 0U;  // to be recorded
  if (right || update.journal.keys_sequence == 0U) {
    update.journal.keys_sequence = right ? sequence : 1U;  // not 0, so that it is still doubted later
  }
}

/* The newest whole model in flash is staged, the whole one in the other slot is its reserve. */
void stage_newest(ecu_update& update) noexcept {
  ecu_journal& journal = update.journal;
  journal.slots[0] = ecu_journal_slot{};
  journal.slots[1] = ecu_journal_slot{};
  PackageHeader header;
  uint32_t sequence = 0U;
  const uint8_t slot = find_newest(update, ECU_AREA_SLOT_0, sequence);
  const uint8_t other = slot == kNone ? 0U : slot ^ 1U;
  if (slot != kNone) {
    journal.slots[slot] = ecu_journal_slot{ECU_SLOT_STAGED, {}, sequence};
  }
  const uint32_t reserve = read_stored(update, other, header);
  if (holds_package(update, other, reserve, header)) {
    journal.slots[other] = ecu_journal_slot{ECU_SLOT_CONFIRMED, {}, reserve};
  }
  journal.active = other;
  journal.tries = 0U;
}

}  // namespace

uint32_t read_stored(ecu_update& update, uint32_t index, PackageHeader& header) noexcept {
  const Area& area = update.areas[index];
  const Bytes bytes(update.buffer, sizeof update.buffer);
  const bool found = read(area, room_of(area), update.buffer, sizeof update.buffer) == ECU_OK &&
                     read_header(bytes, header) == ECU_OK && check_digests(header) == ECU_OK;
  return found ? header.sequence() : 0U;
}

bool holds_package(ecu_update& update, uint32_t index, uint32_t sequence, PackageHeader& header) noexcept {
  const Area& area = update.areas[index];
  if (sequence == 0U) {
    return is_erased(area, room_of(area), ECU_PACKAGE_HEADER_SIZE) && holds_image(area);
  }
  return read_stored(update, index, header) == sequence &&
         has_digest(area, header.payload_size(), header.payload_digest()) &&
         (index < ECU_AREA_KEYS_0 || is_key_set(area, header.payload_size()));
}

ecu_status read_state(ecu_update& update) noexcept {
  Found found = Found::kState;
  const ecu_status status = scan(update, found);
  if (status != ECU_OK) {
    return status;
  }
  ecu_journal& journal = update.journal;
  PackageHeader header;
  find_keys(update, found == Found::kLost);
  if (found == Found::kErased) {
    journal.slots[0] = ecu_journal_slot{ECU_SLOT_CONFIRMED, {}, read_stored(update, ECU_AREA_SLOT_0, header)};
  } else if (is_behind(update)) {
    found = Found::kLost;
  }
  update.lost = found == Found::kLost ? 1U : 0U;
  if (found == Found::kLost) {
    stage_newest(update);
    journal.sequence |= kAfterLoss;
  }
  return ECU_OK;
}

}  // namespace ecu
