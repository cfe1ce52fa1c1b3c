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
  if (area.read(0U, head, sizeof head) != ECU_OK || memcmp(head, kImageMagic, sizeof kImageMagic) != 0) {
    return false;
  }
  const uint32_t size = load_u32(head + kImageSizeAt);
  return size >= kSmallestImage && size <= area.room() && area.ends_with_digest(size - ECU_DIGEST_SIZE);
}

bool holds_keys(ecu_update& update, uint32_t sector, uint32_t sequence) noexcept {
  PackageHeader header = {};
  const uint32_t index = ECU_AREA_KEYS_0 + sector;
  return sequence != 0U && holds_package(update, index, sequence, header) &&
         is_key_set(Area(update, index), header.payload_size());
}

/* The newest whole key set in flash is in force; without one the factory keys, but not where a sector was
 * written and records are lost: they may have been withdrawn. */
void find_keys(ecu_update& update, bool lost) noexcept {
  PackageHeader header;
  for (uint8_t sector = 0U; sector < 2U; ++sector) {
    const Area area(update, ECU_AREA_KEYS_0 + sector);
    const uint32_t sequence = read_stored(update, ECU_AREA_KEYS_0 + sector, header);
    if (sequence > update.journal.keys_sequence && holds_keys(update, sector, sequence)) {
      update.journal.keys = sector;
      update.journal.keys_sequence = sequence;
    } else if (lost && update.journal.keys == kNone && !area.is_erased(0U, area.size())) {
      update.journal.keys = sector;  // with sequence 0, which no key set has: damaged
    }
  }
}

/* The newest whole model in flash is staged. The other slot counts as confirmed with the same sequence: what
 * is older does not run any more, and the same package in it does. */
void find_models(ecu_update& update) noexcept {
  PackageHeader header;
  ecu_journal& journal = update.journal;
  for (uint8_t slot = 0U; slot < 2U; ++slot) {
    const uint32_t sequence = read_stored(update, slot, header);
    if (sequence > journal.slots[0].sequence && holds_package(update, slot, sequence, header)) {
      journal.active = slot ^ 1U;
      journal.slots[slot] = ecu_slot_info{ECU_SLOT_STAGED, sequence};
      journal.slots[slot ^ 1U] = ecu_slot_info{ECU_SLOT_CONFIRMED, sequence};
    }
  }
}

}  // namespace

uint32_t read_stored(ecu_update& update, uint32_t index, PackageHeader& header) noexcept {
  const Area area(update, index);
  const Bytes bytes(update.buffer, sizeof update.buffer);
  const bool found = area.read(area.room(), update.buffer, sizeof update.buffer) == ECU_OK &&
                     read_header(bytes, header) == ECU_OK;
  return found ? header.sequence() : 0U;
}

bool holds_package(ecu_update& update, uint32_t index, uint32_t sequence, PackageHeader& header) noexcept {
  const Area area(update, index);
  if (sequence == 0U) {
    return area.is_erased(area.room(), ECU_PACKAGE_HEADER_SIZE) && holds_image(area);
  }
  return read_stored(update, index, header) == sequence && check_digests(header) == ECU_OK &&
         area.has_digest(header.payload_size(), header.payload_digest());
}

ecu_status read_state(ecu_update& update) noexcept {
  Found found = Found::kState;
  const ecu_status status = scan(update, found);
  if (status != ECU_OK) {
    return status;
  }
  ecu_journal& journal = update.journal;
  if (found != Found::kState) {
    journal.slots[0].state = ECU_SLOT_CONFIRMED;
    find_keys(update, found == Found::kLost);
  }
  PackageHeader header;
  if (found == Found::kLost) {
    find_models(update);
  } else if (found == Found::kErased) {
    journal.slots[0].sequence = read_stored(update, ECU_AREA_SLOT_0, header);
  }
  update.keys_right =
      journal.keys == kNone || holds_keys(update, journal.keys, journal.keys_sequence) ? 1U : 0U;
  return ECU_OK;
}

}  // namespace ecu
