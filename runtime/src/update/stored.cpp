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

constexpr uint8_t kStaged = ECU_SLOT_STAGED;
constexpr uint8_t kConfirmed = ECU_SLOT_CONFIRMED;

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

/* ECU_OK with a header whose digests are right; ECU_FLASH_FAILED; something else where there is none. */
ecu_status load_stored(ecu_update& update, uint32_t index, PackageHeader& header) noexcept {
  const Area& area = update.areas[index];
  ecu_status status = read(area, room_of(area), update.buffer, sizeof update.buffer);
  if (status == ECU_OK) {
    status = read_header(Bytes(update.buffer, sizeof update.buffer), header);
  }
  return status == ECU_OK ? check_digests(header) : status;
}

/* The area holds the payload of its stored header. */
bool holds_payload(const ecu_update& update, uint32_t index, const PackageHeader& header) noexcept {
  const Area& area = update.areas[index];
  return has_digest(area, header.payload_size(), header.payload_digest()) &&
         (index < ECU_AREA_KEYS_0 || is_key_set(area, header.payload_size()));
}

/* The sequence of the whole package that the area holds, or 0. */
uint32_t read_whole(ecu_update& update, uint32_t index) noexcept {
  PackageHeader header;
  const bool whole = load_stored(update, index, header) == ECU_OK && holds_payload(update, index, header);
  return whole ? header.sequence() : 0U;
}

/* Which key sector holds the newest whole key set, or kNone; with its sequence, or 0. */
uint8_t find_keys(ecu_update& update, uint32_t& sequence) noexcept {
  uint8_t keys = kNone;
  sequence = 0U;
  for (uint8_t i = 0U; i < 2U; ++i) {
    const uint32_t found = read_whole(update, ECU_AREA_KEYS_0 + i);
    if (found > sequence) {
      sequence = found;
      keys = i;
    }
  }
  return keys;
}

/* Without a record the slots tell. Where slot 1 holds no package, slot 0 is as the factory filled it, or was
 * confirmed; else the newer one is staged, and what is whole in the other slot is its reserve. */
ecu_status find_models(ecu_update& update, ecu_journal& journal) noexcept {
  PackageHeader header;
  const uint32_t second = read_whole(update, ECU_AREA_SLOT_1);
  const ecu_status status = load_stored(update, ECU_AREA_SLOT_0, header);
  if (status == ECU_FLASH_FAILED) {
    return status;  // sequence 0 would be recorded
  }
  const uint32_t first = status == ECU_OK ? header.sequence() : 0U;
  if (second == 0U) {
    journal.slots[0] = ecu_journal_slot{kConfirmed, {}, first};
    return ECU_OK;
  }
  const bool whole = holds_package(update, ECU_AREA_SLOT_0, first, header);
  const bool newer = whole && first > second;
  if (whole) {
    journal.slots[0] = ecu_journal_slot{newer ? kStaged : kConfirmed, {}, first};
  }
  journal.slots[1] = ecu_journal_slot{newer ? kConfirmed : kStaged, {}, second};
  journal.active = newer ? 1U : 0U;
  return ECU_OK;
}

}  // namespace

bool holds_package(ecu_update& update, uint32_t index, uint32_t sequence, PackageHeader& header) noexcept {
  const Area& area = update.areas[index];
  if (sequence == 0U) {
    return is_erased(area, room_of(area), ECU_PACKAGE_HEADER_SIZE) && holds_image(area);
  }
  return load_stored(update, index, header) == ECU_OK && header.sequence() == sequence &&
         holds_payload(update, index, header);
}

ecu_status read_state(ecu_update& update) noexcept {
  Found found;
  ecu_status status = scan(update, found);
  if (status != ECU_OK) {
    return status;
  }
  uint32_t sequence = 0U;
  const uint8_t keys = find_keys(update, sequence);
  if (update.keys_right != 0U && sequence < update.journal.keys_sequence) {
    return ECU_FLASH_FAILED;  // a key set that was in force can not be read now
  }
  const bool lost = found.known == 0U;
  if (lost) {
    status = find_models(update, found.journal);
  }
  if (status != ECU_OK) {
    return status;
  }
  // The newest whole key set is in force, without one the factory keys: not where the journal knows of a
  // newer one. They may have been withdrawn.
  update.keys = keys;
  update.keys_right = sequence >= found.journal.keys_sequence ? 1U : 0U;
  update.single = found.single;
  if (sequence > found.journal.keys_sequence) {
    found.journal.keys_sequence = sequence;
    update.single = 1U;  // to be recorded
  }
  update.journal = found.journal;
  update.known = found.known;
  update.end = found.end;
  update.sector = found.sector;
  update.lost = lost ? 1U : 0U;
  return ECU_OK;
}

}  // namespace ecu
