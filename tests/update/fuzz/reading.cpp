/* SPDX-License-Identifier: Apache-2.0 */
#include "reading.h"

#include <string.h>

#include <algorithm>
#include <vector>

#include "records.h"

namespace ecu::test {
namespace {

bool is_erased(FlashSimulator& flash, uint32_t address, uint32_t size) {
  const uint8_t* const bytes = flash.at(address);
  return bytes[0] == flash.erased_value() && memcmp(bytes, bytes + 1, size - 1) == 0 &&
         !flash.is_lost(address, size);
}

constexpr uint32_t kAfterLoss = 0x80000000U;

/* One that is not free. */
struct Place {
  unsigned sector;
  uint32_t address;
  uint32_t sequence;  // 0: torn
  State state;
};

bool is_older(const Place& a, const Place& b) { return a.sequence < b.sequence; }

bool says_the_same(const State& a, const State& b) {
  const auto equal = [](const ecu_slot_info& x, const ecu_slot_info& y) {
    return x.state == y.state && x.sequence == y.sequence;
  };
  return a.active == b.active && a.tries == b.tries && a.keys_sequence == b.keys_sequence &&
         equal(a.slots[0], b.slots[0]) && equal(a.slots[1], b.slots[1]);
}

/* All places that are not free, in their order. */
std::vector<Place> find_written(Places& places, FlashSimulator& flash, unsigned without) {
  std::vector<Place> written;
  const uint32_t stride = std::max(kRecordSize, flash.geometry().unit);
  places.count = flash.geometry().sector / stride;
  written.reserve(size_t{2} * places.count);
  for (unsigned i = 0; i < 2 * places.count; ++i) {
    const unsigned sector = i / places.count;
    const unsigned place = i % places.count;
    const uint32_t address = flash.journal(sector) + (place * stride);
    if (is_erased(flash, address, stride)) {
      continue;
    }
    const uint8_t* const bytes = flash.at(address);
    const bool readable = sector != without && !flash.is_lost(address, kRecordSize) && is_record(bytes);
    places.ends[sector] = place + 1;
    written.push_back({sector, address, readable ? little(bytes) : 0, readable ? state_of(bytes) : State{}});
  }
  return written;
}

/* The newest record of both sectors is the whole state. Of two equal ones, as without any, the written sector
 * counts that has more free places. */
void read_journal(Reading& reading, FlashSimulator& flash, unsigned without) {
  Places& places = reading.places;
  const std::vector<Place> written = find_written(places, flash, without);
  Place newest[2] = {};
  for (const Place& place : written) {
    newest[place.sector] = std::max(newest[place.sector], place, is_older);
  }
  const bool equal = newest[0].sequence == newest[1].sequence;
  const bool more = places.ends[1] != 0 && (places.ends[0] == 0 || places.ends[1] < places.ends[0]);
  const bool second = equal ? more : is_older(newest[0], newest[1]);
  places.sector = second ? 1 : 0;
  const Place& last = newest[places.sector];
  const Place& twin = newest[places.sector ^ 1U];
  for (const Place& place : written) {
    const bool later = place.sector == places.sector ? place.address > last.address : twin.sequence == 0;
    places.doubted += later ? 1 : 0;
  }
  const State& state = last.state;
  places.newest = last.sequence;
  places.keys = state.keys_sequence;
  places.in_both = twin.sequence != 0 && says_the_same(twin.state, state);
  std::copy(state.slots, state.slots + 2, reading.slots);
  reading.active = state.active;
  reading.tries = state.tries;
  reading.keys_sequence = state.keys_sequence;
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
      found.stored = equal(item, header, kDigestBytes) ? item.sequence : 0;
      found.whole = found.stored != 0 && has_payload(flash, address, item.payload.data(),
                                                     static_cast<uint32_t>(item.payload.size()));
      found.known_key = equal(item, header, kKeyIdBytes);
      found.sealed = found.known_key && equal(item, header, kSignatureBytes);
    }
    const uint32_t image = item.model ? little(item.payload.data() + 8) : 0;
    found.bare =
        found.bare || (erased && item.model && has_payload(flash, address, item.payload.data(), image));
  }
  return found;
}

/* The newest whole key set, if it is not older than the journal knows. */
void find_keys(Reading& reading) {
  uint32_t sequence = 0;
  for (unsigned sector = 0; sector < 2; ++sector) {
    const Holding& holding = reading.holdings[2 + sector];
    if (holding.whole && holding.item->brings != 0 && holding.stored > sequence) {
      reading.keys = sector;
      sequence = holding.stored;
    }
  }
  reading.keys_right = sequence >= reading.keys_sequence;
  reading.keys_sequence = std::max(reading.keys_sequence, sequence);
}

/* Without a record. A whole package in slot 1 was installed: the newer of both is staged, what can run of the
 * other slot is its reserve. */
void find_models(Reading& reading) {
  const Holding* const slots = reading.holdings;
  if (!slots[1].whole) {
    reading.slots[0] = {ECU_SLOT_CONFIRMED, slots[0].stored};
    return;
  }
  const auto sequence = [slots](unsigned slot) { return slots[slot].whole ? slots[slot].stored : 0; };
  const unsigned newest = sequence(1) >= sequence(0) ? 1 : 0;
  const unsigned other = newest ^ 1U;
  const bool reserve = slots[other].whole || slots[other].bare;
  reading.active = other;
  reading.slots[newest] = {ECU_SLOT_STAGED, sequence(newest)};
  reading.slots[other] = {reserve ? ECU_SLOT_CONFIRMED : ECU_SLOT_EMPTY, sequence(other)};
}

}  // namespace

Reading read_flash(FlashSimulator& flash, unsigned without) {
  Reading reading;
  read_journal(reading, flash, without);
  reading.fuses = flash.fuses();
  for (unsigned i = 0; i < 2; ++i) {
    reading.holdings[i] = read_holding(flash, flash.slot(i), flash.slot_size());
    reading.holdings[2 + i] = read_holding(flash, flash.keys(i), flash.geometry().sector);
  }
  find_keys(reading);
  if (!reading.is_recorded()) {
    find_models(reading);
  }
  return reading;
}

uint32_t Reading::last_number() const {
  const uint64_t last = std::min<uint64_t>(uint64_t{places.newest} + places.doubted, UINT32_MAX);
  const bool lost = places.newest == 0 && (places.ends[0] != 0 || places.ends[1] != 0);
  return lost ? kAfterLoss : static_cast<uint32_t>(last);
}

bool says_the_same(const Reading& a, const Reading& b) {
  const auto state = [](const Reading& r) {
    return State{static_cast<uint8_t>(r.active),
                 static_cast<uint8_t>(r.tries),
                 {r.slots[0], r.slots[1]},
                 r.keys_sequence};
  };
  return says_the_same(state(a), state(b));
}

std::vector<uint32_t> lose_newest(FlashSimulator& flash, unsigned sector, size_t count) {
  Places places;
  std::vector<Place> written = find_written(places, flash, kNoPlace);
  std::sort(written.begin(), written.end(), [](const Place& a, const Place& b) { return is_older(b, a); });
  std::vector<uint32_t> lost;
  for (const Place& place : written) {
    const bool meant = sector == kNoPlace || sector == place.sector;
    if (meant && place.sequence != 0 && lost.size() < count) {
      flash.damage_bytes(place.address);
      lost.push_back(place.address);
    }
  }
  return lost;
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
  if (slots[slot].sequence < lowest()) {
    return ECU_PACKAGE_ROLLBACK;
  }
  return check_key(*holdings[slot].item, holdings[slot].known_key, holdings[slot].sealed);
}

const Item* Reading::trustworthy(unsigned slot) const {
  const Holding& holding = holdings[slot];
  const bool right = holding.whole && holding.stored >= fuses &&
                     check_key(*holding.item, holding.known_key, holding.sealed) == ECU_OK;
  return right ? holding.item : nullptr;
}

ecu_status Reading::check_package(const Item& item, FlashSimulator& flash) const {
  const ecu_status status = check_key(item, true, true);
  const unsigned waits = item.model ? staged() : kNoPlace;
  const uint32_t least = std::max(newest(), waits == kNoPlace ? 0 : slots[waits].sequence);
  if (status == ECU_OK && item.sequence < least) {
    return ECU_PACKAGE_ROLLBACK;
  }
  if (status != ECU_OK || item.sequence > newest()) {
    return status;
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
