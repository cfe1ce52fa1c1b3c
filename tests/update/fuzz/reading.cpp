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

struct Record {
  uint32_t sequence;
  unsigned sector;
  uint32_t address;
  State state;
};

bool says_the_same(const State& a, const State& b) {
  const auto equal = [](const ecu_slot_info& x, const ecu_slot_info& y) {
    return x.state == y.state && x.sequence == y.sequence;
  };
  return a.active == b.active && a.tries == b.tries && a.keys_sequence == b.keys_sequence &&
         equal(a.slots[0], b.slots[0]) && equal(a.slots[1], b.slots[1]);
}

/* All that is a record, in the order of places. */
std::vector<Record> find_records(Places& places, FlashSimulator& flash) {
  std::vector<Record> records;
  const uint32_t stride = std::max(kRecordSize, flash.geometry().unit);
  places.count = flash.geometry().sector / stride;
  records.reserve(size_t{2} * places.count);
  for (unsigned i = 0; i < 2 * places.count; ++i) {
    const unsigned sector = i / places.count;
    const unsigned place = i % places.count;
    const uint32_t address = flash.journal(sector) + (place * stride);
    if (is_erased(flash, address, stride)) {
      continue;
    }
    places.ends[sector] = place + 1;
    ++places.used;
    const uint8_t* const bytes = flash.at(address);
    if (!flash.is_lost(address, kRecordSize) && is_record(bytes)) {
      records.push_back({little(bytes), sector, address, state_of(bytes)});
      places.tails[sector] = 0;
    } else {
      ++places.torn;
      ++places.tails[sector];
    }
  }
  return records;
}

/* The newest record of both sectors is the whole state. */
void read_journal(Reading& reading, FlashSimulator& flash) {
  Places& places = reading.places;
  const std::vector<Record> records = find_records(places, flash);
  const auto older = [](const Record& a, const Record& b) { return a.sequence < b.sequence; };
  const auto newest = std::max_element(records.begin(), records.end(), older);
  if (newest == records.end() || newest->sequence == 0) {
    reading.source = places.used <= kMostOfFactory ? Source::kNothingRecorded : Source::kLost;
    return;
  }
  const State& state = newest->state;
  places.newest = newest->sequence;
  places.keys = state.keys_sequence;
  places.sector = newest->sector;
  const unsigned other = newest->sector ^ 1U;
  places.doubted =
      places.tails[newest->sector] != 0 ||
      (places.tails[other] != 0 &&
       std::none_of(records.begin(), records.end(), [other](const Record& r) { return r.sector == other; }));
  places.alone = std::count_if(records.begin(), records.end(),
                               [&](const Record& record) { return says_the_same(record.state, state); }) == 1;
  const auto before = std::max_element(records.begin(), newest, older);
  places.vouched =
      before != newest && says_the_same(before->state, state) &&
      std::none_of(newest + 1, records.end(), [&](const Record& r) { return older(*before, r); });
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

/* The slots hold what the record does not know of: it is of an older time. */
bool is_behind(const Reading& reading) {
  const auto is_unknown = [&reading](unsigned slot) {
    const Holding& holding = reading.holdings[slot];
    const ecu_slot_info& known = reading.slots[slot];
    if (known.state != ECU_SLOT_EMPTY) {
      return holding.stored != 0 && holding.stored != known.sequence;
    }
    return reading.places.doubted && holding.whole && holding.stored > reading.slots[reading.active].sequence;
  };
  return is_unknown(0) || is_unknown(1);
}

/* The newest whole key set, if it is not older than the journal knows; the factory's keys do not come back
 * when records are lost. */
void find_keys(Reading& reading, FlashSimulator& flash) {
  uint32_t sequence = 0;
  for (unsigned sector = 0; sector < 2; ++sector) {
    const Holding& holding = reading.holdings[2 + sector];
    if (holding.whole && holding.item->brings != 0 && holding.stored > sequence) {
      reading.keys = sector;
      sequence = holding.stored;
    }
  }
  const uint32_t size = flash.geometry().sector;
  const bool written = !is_erased(flash, flash.keys(0), size) || !is_erased(flash, flash.keys(1), size);
  const bool doubted = reading.keys == kNoPlace && reading.source == Source::kLost && written;
  reading.keys_right = sequence >= reading.keys_sequence && !doubted;
  reading.keys_sequence =
      std::max({reading.keys_sequence, sequence, doubted ? 1U : 0U});  // doubted from now on
}

/* The newest whole model is staged, what can run of the other slot is its reserve. */
void find_models(Reading& reading) {
  const Holding* const slots = reading.holdings;
  const auto sequence = [slots](unsigned slot) { return slots[slot].whole ? slots[slot].stored : 0; };
  const unsigned newest = sequence(1) > sequence(0) || sequence(0) == 0 ? 1 : 0;
  const unsigned other = newest ^ 1U;
  reading.tries = 0;
  reading.active = other;
  reading.slots[newest] = {sequence(newest) != 0 ? ECU_SLOT_STAGED : ECU_SLOT_EMPTY, sequence(newest)};
  const bool reserve = slots[other].whole || slots[other].bare;
  reading.slots[other] = {reserve ? ECU_SLOT_CONFIRMED : ECU_SLOT_EMPTY, sequence(other)};
}

}  // namespace

Reading read_flash(FlashSimulator& flash, bool searches) {
  Reading reading;
  read_journal(reading, flash);
  reading.fuses = flash.fuses();
  for (unsigned i = 0; i < 2; ++i) {
    reading.holdings[i] = read_holding(flash, flash.slot(i), flash.slot_size());
    reading.holdings[2 + i] = read_holding(flash, flash.keys(i), flash.geometry().sector);
  }
  find_keys(reading, flash);  // an older record tells of keys, too
  if (reading.source == Source::kNothingRecorded) {
    reading.slots[0] = {ECU_SLOT_CONFIRMED, reading.holdings[0].stored};
  } else if (searches && reading.source == Source::kJournal && is_behind(reading)) {
    reading.source = Source::kLost;
  }
  if (reading.source == Source::kLost) {
    find_models(reading);
  }
  return reading;
}

uint32_t Reading::last_number() const {
  const uint64_t last = std::min<uint64_t>(uint64_t{places.newest} + places.torn, UINT32_MAX);
  return static_cast<uint32_t>(last) | (source == Source::kLost ? kAfterLoss : 0);
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

void lose_newest(FlashSimulator& flash, uint32_t count) {
  Places places;
  std::vector<Record> records = find_records(places, flash);
  std::sort(records.begin(), records.end(),
            [](const Record& a, const Record& b) { return a.sequence > b.sequence; });
  records.resize(std::min<size_t>(records.size(), count), {});
  for (const Record& record : records) {
    flash.damage_bytes(record.address);
  }
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
