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

/* Without a key set the factory keys are in force, but not where a sector was written: they may have been
 * withdrawn. It is damaged then, and has sequence 0. */
void doubt_factory_keys(ecu_update& update) noexcept {
  for (uint8_t sector = 0U; sector < 2U; ++sector) {
    const Area& area = update.areas[ECU_AREA_KEYS_0 + sector];
    if (update.journal.keys == kNone && !is_erased(area, 0U, area.place.size)) {
      update.journal.keys = sector;
    }
  }
}

/* The newest whole model in flash is staged. The other slot counts as confirmed with the same sequence: what
 * is older does not run any more, and the same package in it does. */
void stage_newest(ecu_update& update) noexcept {
  ecu_journal& journal = update.journal;
  const uint8_t slot = find_newest(update, ECU_AREA_SLOT_0, journal.slots[0].sequence);
  if (slot != kNone) {
    journal.active = slot ^ 1U;
    journal.slots[slot].state = ECU_SLOT_STAGED;
    journal.slots[slot ^ 1U].state = ECU_SLOT_CONFIRMED;
    journal.slots[1].sequence = journal.slots[0].sequence;
  }
}

}  // namespace

uint32_t read_stored(ecu_update& update, uint32_t index, PackageHeader& header) noexcept {
  const Area& area = update.areas[index];
  const Bytes bytes(update.buffer, sizeof update.buffer);
  const bool found = read(area, room_of(area), update.buffer, sizeof update.buffer) == ECU_OK &&
                     read_header(bytes, header) == ECU_OK;
  return found ? header.sequence() : 0U;
}

bool holds_package(ecu_update& update, uint32_t index, uint32_t sequence, PackageHeader& header) noexcept {
  const Area& area = update.areas[index];
  if (sequence == 0U) {
    return is_erased(area, room_of(area), ECU_PACKAGE_HEADER_SIZE) && holds_image(area);
  }
  return read_stored(update, index, header) == sequence && check_digests(header) == ECU_OK &&
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
  if (found != Found::kState) {
    journal.slots[0].state = ECU_SLOT_CONFIRMED;
    journal.keys = find_newest(update, ECU_AREA_KEYS_0, journal.keys_sequence);
    if (found == Found::kLost) {
      doubt_factory_keys(update);
      stage_newest(update);
    } else {
      journal.slots[0].sequence = read_stored(update, ECU_AREA_SLOT_0, header);
    }
  }
  const uint32_t sequence = journal.keys_sequence;
  const bool right =
      journal.keys == kNone ||
      (sequence != 0U && holds_package(update, ECU_AREA_KEYS_0 + journal.keys, sequence, header));
  update.keys_right = right ? 1U : 0U;
  return ECU_OK;
}

}  // namespace ecu
