/* SPDX-License-Identifier: Apache-2.0 */
#include "reading.h"

#include <string.h>

#include <algorithm>

#include "records.h"

namespace ecu::test {
namespace {

bool is_erased(FlashSimulator& flash, uint32_t address, uint32_t size) {
  const uint8_t* const bytes = flash.at(address);
  return bytes[0] == flash.erased_value() && memcmp(bytes, bytes + 1, size - 1) == 0 &&
         !flash.is_lost(address, size);
}

/* The newest record of both sectors is the whole state. Without one, one place that is not erased, the first,
 * is what power has left of the first record of all. */
void read_journal(Reading& reading, FlashSimulator& flash) {
  const uint32_t stride = std::max(kRecordSize, flash.geometry().unit);
  unsigned written = 0;
  for (unsigned sector = 0; sector < 2; ++sector) {
    for (uint32_t at = 0; at + stride <= flash.geometry().sector; at += stride) {
      const uint32_t address = flash.journal(sector) + at;
      const uint8_t* const record = flash.at(address);
      written += (sector == 0 && at == 0) || is_erased(flash, address, stride) ? 0U : 1U;
      const uint32_t sequence = flash.is_lost(address, kRecordSize) ? 0 : sequence_of(record);
      if (sequence > reading.newest_record) {
        const State state = state_of(record);
        reading.newest_record = sequence;
        reading.sector = sector;
        std::copy(state.slots, state.slots + 2, reading.slots);
        reading.active = state.active;
        reading.tries = state.tries;
        reading.keys = state.keys;
        reading.keys_sequence = state.keys_sequence;
      }
    }
  }
  if (reading.sector == kNoPlace) {
    reading.source = written == 0 ? Source::kNothingRecorded : Source::kLost;
    reading.slots[0].state = ECU_SLOT_CONFIRMED;
  }
}

bool equal(const Item& item, const uint8_t* bytes, Range range) {
  return memcmp(item.header.data() + range.start, bytes + range.start, range.end - range.start) == 0;
}

/* The header but for the places that say nothing about what it is. */
bool is_header_of(const Item& item, const uint8_t* bytes) {
  return equal(item, bytes, {0, kDigestBytes.start}) &&
         equal(item, bytes, {kDigestBytes.end, kKeyIdBytes.start}) &&
         equal(item, bytes, {kKeyIdBytes.end, kSignatureBytes.start}) &&
         equal(item, bytes, {kSignatureBytes.end, item.header.size()});
}

bool has_payload(FlashSimulator& flash, uint32_t address, const uint8_t* bytes, uint32_t size) {
  return !flash.is_lost(address, size) && memcmp(flash.at(address), bytes, size) == 0;
}

Holding read_holding(FlashSimulator& flash, uint32_t address, uint32_t size) {
  Holding found;
  const uint32_t place = address + size - ECU_PACKAGE_HEADER_SIZE;
  const uint8_t* const header = flash.at(place);
  const bool readable = !flash.is_lost(place, ECU_PACKAGE_HEADER_SIZE);
  const bool erased = is_erased(flash, place, ECU_PACKAGE_HEADER_SIZE);
  for (const Item& item : stock()) {
    if (readable && is_header_of(item, header)) {
      found.item = &item;
      found.whole =
          equal(item, header, kDigestBytes) &&
          has_payload(flash, address, item.payload.data(), static_cast<uint32_t>(item.payload.size()));
      found.known_key = equal(item, header, kKeyIdBytes);
      found.sealed = found.known_key && equal(item, header, kSignatureBytes);
    }
    const uint32_t image = item.model ? little(item.payload.data() + 8) : 0;
    found.bare =
        found.bare || (erased && item.model && has_payload(flash, address, item.payload.data(), image));
  }
  return found;
}

bool is_key_set(const Holding& holding, uint32_t sequence) {
  return holding.whole && holding.item->brings != 0 && holding.item->sequence == sequence;
}

/* Keys outlive the journal; the factory's do not come back when records are lost. */
void find_keys(Reading& reading, FlashSimulator& flash) {
  for (unsigned sector = 0; sector < 2; ++sector) {
    const Holding& holding = reading.holdings[2 + sector];
    const bool right = holding.whole && holding.item->brings != 0;
    if (right && holding.item->sequence > reading.keys_sequence) {
      reading.keys = sector;
      reading.keys_sequence = holding.item->sequence;
    }
  }
  for (unsigned sector = 0; sector < 2 && reading.source == Source::kLost; ++sector) {
    if (reading.keys == kNoPlace && !is_erased(flash, flash.keys(sector), flash.geometry().sector)) {
      reading.keys = sector;  // damaged
    }
  }
}

/* The newest whole model is staged, the other slot is of use only when it holds the same package. */
void find_models(Reading& reading) {
  uint32_t highest = 0;
  for (unsigned slot = 0; slot < 2; ++slot) {
    const Holding& holding = reading.holdings[slot];
    if (holding.whole && holding.item->sequence > highest) {
      highest = holding.item->sequence;
      reading.active = slot ^ 1U;
    }
  }
  if (highest != 0) {
    reading.slots[reading.active ^ 1U] = {ECU_SLOT_STAGED, highest};
    reading.slots[reading.active] = {ECU_SLOT_CONFIRMED, highest};
  }
}

}  // namespace

Reading read_flash(FlashSimulator& flash) {
  Reading reading;
  read_journal(reading, flash);
  reading.fuses = flash.fuses();
  for (unsigned i = 0; i < 2; ++i) {
    reading.holdings[i] = read_holding(flash, flash.slot(i), flash.slot_size());
    reading.holdings[2 + i] = read_holding(flash, flash.keys(i), flash.geometry().sector);
  }
  if (reading.source != Source::kJournal) {
    find_keys(reading, flash);
  }
  if (reading.source == Source::kLost) {
    find_models(reading);
  } else if (reading.source == Source::kNothingRecorded && reading.holdings[0].item != nullptr) {
    reading.slots[0].sequence = reading.holdings[0].item->sequence;
  }
  reading.keys_right =
      reading.keys == kNoPlace || is_key_set(reading.holdings[2 + reading.keys], reading.keys_sequence);
  return reading;
}

uint32_t Reading::lowest() const { return std::max(fuses, slots[active].sequence); }
uint32_t Reading::newest() const { return std::max(lowest(), keys_sequence); }

bool Reading::holds(unsigned slot) const {
  const Holding& holding = holdings[slot];
  const uint32_t sequence = slots[slot].sequence;
  return sequence == 0 ? holding.bare : holding.whole && holding.item->sequence == sequence;
}

unsigned Reading::runnable() const {
  for (const unsigned slot : {active, active ^ 1U}) {
    if (slots[slot].state == ECU_SLOT_CONFIRMED && slots[slot].sequence >= lowest() && holds(slot)) {
      return slot;
    }
  }
  return kNoPlace;
}

ecu_status Reading::check_key(const Item& item, bool known_key, bool sealed) const {
  if (!keys_right) {
    return ECU_UPDATE_KEYS_DAMAGED;
  }
  const unsigned signers = keys == kNoPlace ? 1U << kFactory : holdings[2 + keys].item->brings;
  if (!known_key || ((signers >> item.signer) & 1U) == 0) {
    return ECU_PACKAGE_UNKNOWN_KEY;
  }
  if (!sealed) {
    return ECU_PACKAGE_BAD_SIGNATURE;
  }
  if (item.signer == kLast && !item.model) {
    return ECU_PACKAGE_WRONG_USE;
  }
  return item.signer == kLast && item.sequence < kLastMinimum ? ECU_PACKAGE_KEY_RETIRED : ECU_OK;
}

ecu_status Reading::check_trial(unsigned slot) const {
  if (slots[slot].sequence == 0 || !holds(slot)) {
    return ECU_IMAGE_BAD_DIGEST;
  }
  if (slots[slot].sequence < newest()) {
    return ECU_PACKAGE_ROLLBACK;
  }
  return check_key(*holdings[slot].item, holdings[slot].known_key, holdings[slot].sealed);
}

ecu_status Reading::check_package(const Item& item, FlashSimulator& flash) const {
  const ecu_status status = check_key(item, true, true);
  if (status != ECU_OK || item.sequence > newest()) {
    return status;
  }
  if (item.sequence < newest()) {
    return ECU_PACKAGE_ROLLBACK;
  }
  const unsigned same = item.model ? runnable() : keys;
  if (same == kNoPlace) {
    return item.model ? ECU_OK : ECU_PACKAGE_OTHER_CONTENT;
  }
  const uint32_t address = item.model ? flash.slot(same) : flash.keys(same);
  const bool equal =
      has_payload(flash, address, item.payload.data(), static_cast<uint32_t>(item.payload.size()));
  return equal ? ECU_OK : ECU_PACKAGE_OTHER_CONTENT;
}

}  // namespace ecu::test
