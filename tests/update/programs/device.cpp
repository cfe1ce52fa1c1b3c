/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <string.h>

#include <algorithm>

#include "configuration.h"

namespace ecu::test {
namespace {

constexpr uint8_t kNone = 2;

uint32_t bit(uint32_t sequence) { return 1U << sequence; }

}  // namespace

/** The hook that the update code calls before a trial. */
struct SelfTest {
  static ecu_status run(void* context, const void* payload, size_t size) {
    Device& device = *static_cast<Device*>(context);
    for (uint32_t sequence = 1; sequence < kSequences; ++sequence) {
      const ByteVector& known = device.shelf->payload[sequence];
      if (known.size() <= size && memcmp(known.data(), payload, known.size()) == 0) {
        return (device.bad_ & bit(sequence)) != 0 ? ECU_UPDATE_SELF_TEST_FAILED : ECU_OK;
      }
    }
    device.expect(false, "self-test of a payload that nobody made");
    return ECU_UPDATE_SELF_TEST_FAILED;
  }
};

Shelf::Shelf(Geometry geometry)
    : factory_key(build_key(1, 0)), new_key(build_key(2, 0)), last_key(build_key(4, 2, ECU_KEY_FOR_MODELS)) {
  const ByteVector last_set = build_key_set({last_key});
  key_set = build_key_set({new_key, build_key(3, 9)});
  for (uint32_t sequence = 0; sequence < kSequences; ++sequence) {  // 0: what the factory wrote
    // Odd ones fit into one piece of the buffer, even ones do not; one goes into a second sector.
    const uint32_t even = sequence == 2 ? geometry.sector + 75 : 1001 + (37 * sequence);
    const uint32_t size = sequence % 2 == 1 ? 161 + (61 * sequence) : even;
    payload[sequence] = build_image(size, sequence);
    payload[sequence].resize((size + 15) / 16 * 16 + 64, 0x11);
    ByteVector other = payload[sequence];
    other.at(other.size() - 1) ^= 1U;
    ByteVector wrong = build_image(size, 1000 + sequence);
    wrong.resize(other.size(), 0x66);
    package[sequence] = build_package({true, sequence, payload[sequence], factory_key});
    other_content[sequence] = build_package({true, sequence, other, factory_key});
    hostile[sequence] = header_of(package[sequence], payload[sequence]);
    hostile[sequence].insert(hostile[sequence].end(), wrong.begin(), wrong.end());
    resigned[sequence] = build_package({true, sequence, payload[sequence], new_key});
    keys[sequence] = build_package({false, sequence, key_set, factory_key});
    last_keys[sequence] = build_package({false, sequence, last_set, new_key});
    signed_last[sequence] = build_package({true, sequence, payload[sequence], last_key});
  }
  keys_of_last = build_package({false, kSequences - 1, last_set, last_key});
  signed_hostile = build_package({true, kSequences - 1, payload[1], build_key(9, 0)});
}

ByteVector Shelf::header_of(const ByteVector& package, const ByteVector& payload) {
  return ByteVector(package.begin(), package.end() - static_cast<ptrdiff_t>(payload.size()));
}

Device::Device(const Shelf& shelf_, Geometry geometry, uint8_t erased, const Start& start, uint32_t fill,
               uint64_t seed)
    : flash(geometry, erased, 3), shelf(&shelf_), random_(seed), bad_(start.bad) {
  place_slots(start);
  if (!start.factory) {
    place_journal(start, fill, random_);
  }
  if (random_.below(2) == 0) {
    flash.add_fuses(start.slots[start.active].sequence);
  }
  if (random_.below(3) == 0) {
    flash.lose_torn_units();
  }
  last_slot_ = start.active;
  const ecu_slot_info& fallback = start.slots[start.active ^ 1U];
  confirmed_ = start.slots[start.active].sequence;
  asked_ = confirmed_;
  may_lack_model_ = start.damaged && (fallback.state != ECU_SLOT_CONFIRMED || fallback.sequence < confirmed_);
  for (unsigned slot = 0; slot < 2; ++slot) {
    const ecu_slot_info& info = start.slots[slot];
    if (info.state == ECU_SLOT_CONFIRMED) {
      may_run_ |= bit(info.sequence);
      homes_[info.sequence] |= 1U << slot;
    } else if (info.state == ECU_SLOT_STAGED) {
      may_try_ |= bit(info.sequence);
      must_try_ = info.sequence;
    }
  }
}

/* A package as the installer leaves it in an area: the payload at the start, what stood before it at the end.
 */
void Device::put_package(uint32_t address, uint32_t size, const ByteVector& package,
                         const ByteVector& payload) {
  flash.place(address, payload);
  flash.place(address + size - ECU_PACKAGE_HEADER_SIZE, Shelf::header_of(package, payload));
}

void Device::place_slots(const Start& start) {
  for (unsigned slot = 0; slot < 2; ++slot) {
    const ecu_slot_info& info = start.slots[slot];
    const ByteVector& payload = shelf->payload[info.sequence];
    if (info.state == ECU_SLOT_EMPTY) {
      // What somebody sent behind a genuine header.
      const ByteVector& sent = shelf->hostile[3];
      const ptrdiff_t size = static_cast<ptrdiff_t>(shelf->payload[3].size());
      put_package(flash.slot(slot), flash.slot_size(), sent, ByteVector(sent.end() - size, sent.end()));
    } else if (info.sequence == 0) {
      flash.place(flash.slot(slot), payload);  // a line that writes no header
    } else {
      put_package(flash.slot(slot), flash.slot_size(), shelf->package[info.sequence], payload);
    }
    if (start.damaged && slot == start.active) {
      *flash.at(flash.slot(slot) + 80) ^= 4U;
    }
  }
}

void Device::place_journal(const Start& start, uint32_t fill, Random& random) {
  const unsigned sector = random.below(2);
  const uint32_t stride = std::max(kRecordSize, flash.geometry().unit);
  uint32_t sequence = 10 + random.below(1000);
  const State state = {start.active, 0, {start.slots[0], start.slots[1]}, start.keys};
  if (start.keys != 0) {
    put_package(flash.keys(0), flash.geometry().sector, shelf->keys[start.keys], shelf->key_set);
    keys_ = start.keys;
  }
  for (uint32_t place = 0; place < fill; ++place) {
    ByteVector record = record_bytes(sequence, state);
    if (place > 0 && random.below(8) == 0) {
      record[random.below(kRecordSize)] ^= 0x41U;
    }
    flash.place(flash.journal(sector) + (stride * place), record);
    ++sequence;
  }
  const bool full = (fill + 1) * stride > flash.geometry().sector;
  if (fill != 0) {
    place_other(sector ^ 1U, sequence - fill, full, state, random);
  }
}

/* The other journal sector: the state that was settled last, behind records of long ago; but when this one is
 * full it may be begun and not finished, or torn. */
void Device::place_other(unsigned sector, uint32_t first, bool full, const State& settled, Random& random) {
  const uint32_t kind = random.below(full ? 4 : 2);
  const uint32_t stride = std::max(kRecordSize, flash.geometry().unit);
  const State old = {1, 0, {{ECU_SLOT_CONFIRMED, 0}, {ECU_SLOT_CONFIRMED, 15}}, 0};
  const uint32_t count = kind == 0 ? 0 : kind == 2 ? 1 : 4;
  for (uint32_t i = 0; i < count; ++i) {
    ByteVector bytes = record_bytes(1 + i, old);
    bytes[29] ^= kind == 1 ? 0x00 : 0xff;
    flash.place(flash.journal(sector) + (stride * i), bytes);
  }
  if (kind < 2) {
    flash.place(flash.journal(sector) + (stride * count), record_bytes(first - 1U, settled));
  }
}

void Device::damage_last() {
  *flash.at(flash.slot(last_slot_) + 80) ^= 4U;
  may_lack_model_ = true;
  protect_what_must_stay();
}

void Device::power_on() {
  ++sessions;
  flash.power_on();
  change_flash();
  port_ = flash.port();
  config_ = configuration(flash, port_, shelf->factory_key);
  config_.self_test = SelfTest::run;
  config_.self_test_context = this;
  config_.tries = kTries;
  memset(&update, 0xa5, sizeof update);  // RAM after power-up
  booted = ecu_boot{};
  const ecu_status status = ecu_update_open(&update, &config_);
  opened_ = status == ECU_OK;
  insist(opened_, "open refuses a right configuration");
  demand(opened_ || status == ECU_FLASH_FAILED, "open refuses a right configuration, and not for its flash");
  demand(flash.fuses() <= asked_, "the fuses count what was not confirmed");
  protect_what_must_stay();
}

/* What happens to flash before this time of power. */
void Device::change_flash() {
  if (sessions == fault_session_ && loses_records()) {
    none_knows_ = !stands_in_both();
  }
  if (fault == Fault::kLosses) {
    if (sessions == fault_session_) {
      flash.take_cut_erases();  // power failed in an erase while both journals were away
      lose_records();
    } else if (sessions == found_session_) {
      flash.find_again();
    }
  } else if (sessions == fault_session_ && rots_anywhere_) {
    const unsigned sector = random_.below(4);  // journals, and key sectors behind them
    keys_hit_ = sector >= 2;
    flash.rot_anywhere(keys_hit_ ? flash.keys(sector - 2) : flash.journal(sector), random_);
  } else if (sessions == fault_session_ && fault == Fault::kRot) {
    flash.rot(flash.journal(random_.below(2)), random_);
  } else if (sessions == fault_session_) {
    flash.heal();
  }
}

/* One journal sector, both, or some places of one, half of the time the newest. */
void Device::lose_records() {
  const uint32_t kind = random_.below(4);
  const uint32_t size = flash.geometry().sector;
  none_knows_ = none_knows_ || kind == 2;
  if (kind < 3) {
    flash.lose_for_a_time(flash.journal(kind == 1 ? 1 : 0), kind == 2 ? 2 * size : size);
    return;
  }
  const uint32_t stride = std::max(kRecordSize, flash.geometry().unit);
  uint32_t first = flash.journal(random_.below(2)) + (stride * random_.below(size / stride));
  if (random_.below(2) == 0) {
    const uint32_t newest = newest_place(flash.journal(0), flash.keys(0));
    first = newest == flash.keys(0) ? first : newest;
  }
  const uint32_t sector = first < flash.journal(1) ? 0 : 1;
  const uint32_t start = std::max(first - std::min(first, stride * random_.below(8)), flash.journal(sector));
  flash.lose_for_a_time(start, first + stride - start);
}

/* Where the newest record from `start` up to `end` is that can be read; `end` where there is none. */
uint32_t Device::newest_place(uint32_t start, uint32_t end) {
  const uint32_t stride = std::max(kRecordSize, flash.geometry().unit);
  uint32_t newest = end;
  uint32_t highest = 0;
  for (uint32_t at = start; at + stride <= end; at += stride) {
    const uint32_t sequence = flash.is_lost(at, kRecordSize) ? 0 : sequence_of(flash.at(at));
    newest = sequence > highest ? at : newest;
    highest = std::max(highest, sequence);
  }
  return newest;
}

State Device::newest_state(uint32_t start, uint32_t end) {
  const uint32_t place = newest_place(start, end);
  return place == end ? State{} : state_of(flash.at(place));
}

State Device::newest_state() { return newest_state(flash.journal(0), flash.keys(0)); }

/* Both sectors know what is confirmed, or there is no record at all. */
bool Device::stands_in_both() {
  const State first = newest_state(flash.journal(0), flash.journal(1));
  const State second = newest_state(flash.journal(1), flash.keys(0));
  const ecu_slot_info& a = first.slots[first.active];
  const ecu_slot_info& b = second.slots[second.active];
  return first.active == second.active && a.state == b.state && a.sequence == b.sequence;
}

/* The slots that hold the model that was confirmed, or may have been. Where both do, one is enough. */
void Device::protect_what_must_stay() {
  if (pending_ != 0 && newest_state().slots[pending_slot_].state == ECU_SLOT_STAGED) {
    homes_[pending_] &= ~(1U << pending_slot_);  // power failed before the confirmation was written
  }
  unsigned slots = 0;
  const unsigned written = flash.take_written();
  for (unsigned& home : homes_) {
    home &= ~written;
  }
  for (unsigned slot = 0; slot < 2 && !damaged_twice(); ++slot) {
    for (uint32_t sequence = confirmed_; sequence < kSequences; ++sequence) {
      slots |= holds(slot, sequence) ? homes_[sequence] & (1U << slot) : 0U;
    }
  }
  flash.protect(slots, true);
}

uint32_t Device::active_sequence() const { return update.journal.slots[update.journal.active].sequence; }

bool Device::nothing_staged() const {
  return update.journal.slots[0].state != ECU_SLOT_STAGED && update.journal.slots[1].state != ECU_SLOT_STAGED;
}

void Device::expect(bool condition, const std::string& text) {
  demand(condition || fault != Fault::kNone, text);
}

void Device::insist(bool condition, const std::string& text) {
  demand(condition || fault == Fault::kReads, text);
}

void Device::demand(bool condition, const std::string& text) {
  if (!condition && failure_.empty() && flash.powered()) {
    failure_ = text;
  }
  if (failure_.empty() && !flash.violation().empty()) {
    failure_ = flash.violation();
  }
}

bool Device::holds(unsigned slot, uint32_t sequence) {
  const ByteVector& payload = shelf->payload[sequence];
  return memcmp(flash.at(flash.slot(slot)), payload.data(), payload.size()) == 0;
}

/* But for a few bits, which reads may change after they were looked at. */
bool Device::holds_any(unsigned slot) {
  const uint8_t* const bytes = flash.at(flash.slot(slot));
  return std::any_of(std::begin(shelf->payload), std::end(shelf->payload), [&](const ByteVector& payload) {
    size_t wrong = 0;
    for (size_t i = 0; i < payload.size(); ++i) {
      wrong += payload[i] != bytes[i] ? 1U : 0U;
    }
    return wrong <= 4;
  });
}

/* Packages that must not be taken, whatever happened to the flash. */
void Device::probe() {
  const auto refuses = [this](const ByteVector& package) {
    const uint32_t before = flash.operations();
    const ecu_status status = send(package, package.size());
    ecu_update_abort(&update);
    return status != ECU_OK && flash.operations() == before;
  };
  demand(refuses(shelf->signed_hostile), "a package of a stranger is taken");
  if (keys_ != 0 && !flash.is_disturbed()) {  // reads that change bits may take records and key set in time
    demand(refuses(shelf->package[kSequences - 1]), "a withdrawn key signs");
  }
  if (fault != Fault::kReads && !damaged_twice() && confirmed_ > 1) {
    demand(refuses(shelf->package[1]), "a package is taken that is older than the confirmed one");
  }
}

/* Somebody else's bytes behind the header of a package that the device is to take. */
void Device::attack(const ByteVector& hostile) {
  --attacks_left_;
  ecu_status status = send(hostile, hostile.size());
  if (status == ECU_OK) {
    status = ecu_update_finish(&update);
  }
  expect(status == ECU_PACKAGE_BAD_PAYLOAD, "a hostile payload gives status " + std::to_string(status));
  demand(status != ECU_OK, "a hostile payload is taken");
}

bool Device::boot() {
  const ecu_status status = ecu_update_boot(&update, &booted);
  observe(status);
  if (flash.powered() && failure_.empty() && (fault != Fault::kNone || keys_ != 0)) {
    probe();
  }
  return flash.powered() && status == ECU_OK && failure_.empty();
}

void Device::observe(ecu_status status) {
  if (!flash.powered()) {
    // Power may have failed right after the device gave the trial up, for one of its two reasons.
    ++lost_boots_;
    must_try_ = lost_boots_ > kTries || (bad_ & bit(must_try_)) != 0 ? 0 : must_try_;
    return;
  }
  if (pending_ != 0 && (status != ECU_OK || booted.trial != 0 || booted.sequence != pending_)) {
    homes_[pending_] &= ~(1U << pending_slot_);  // power failed before the confirmation was written
  }
  pending_ = 0;
  if (status == ECU_UPDATE_NO_MODEL) {
    insist(may_lack_model_ || damaged_twice(), "no model");
    insist(!lacks_trial() || booted.reverted != ECU_OK, "a staged model was lost");
    must_try_ = 0;
    demand(booted.image == nullptr && booted.slot == kNone, "an image without a model");
    if (fault == Fault::kReads) {
      flash.protect(0);  // what could not be read may be written
    }
    return;
  }
  insist(status == ECU_OK, "boot fails");
  if (status != ECU_OK) {
    demand(booted.image == nullptr, "an image although boot fails");
    return;
  }
  demand(booted.slot < 2 && booted.sequence < kSequences, "a slot or sequence that is not there");
  if (!failure_.empty()) {
    return;
  }
  last_slot_ = booted.slot;
  demand(booted.image == flash.at(flash.slot(booted.slot)), "the image is in another slot");
  flash.protect(booted.trial != 0 ? 3 : 1U << booted.slot);
  if (failure_.empty() && fault == Fault::kReads) {
    demand(holds_any(booted.slot), "a model runs that nobody made");  // a lost journal forgets which it is
  } else if (failure_.empty()) {
    observe_model(booted.sequence);
  }
  must_try_ = 0;
}

void Device::observe_model(uint32_t sequence) {
  const ByteVector& payload = shelf->payload[sequence];
  const bool right = memcmp(booted.image, payload.data(), payload.size()) == 0;
  demand(right, "the model that runs is not the one of its package");
  demand(sequence >= confirmed_ || damaged_twice(), "a confirmed model was reverted");
  if (booted.trial != 0) {
    // A device that has lost a record tries again what it may have confirmed or given up.
    const bool known = !loses_records() && !keeps_given_up_;
    demand(!known || (may_try_ & bit(sequence)) != 0, "trial of a model that was not installed, or given up");
    demand(!known || ++trials_[sequence] <= kTries, "more trials than allowed");
    return;
  }
  demand((may_run_ & bit(sequence)) != 0, "a model runs that was never confirmed");
  const bool gave_up = booted.reverted != ECU_OK;
  insist(!lacks_trial() || gave_up || sequence == must_try_, "a staged model was lost");
}

ecu_status Device::send(const ByteVector& package, size_t size) {
  static const uint32_t chunks[] = {1, 7, 64, 333, 1000, 1024, 4096, 100000};
  const uint32_t chunk = chunks[random_.below(8)];
  const uint32_t before = flash.operations();
  ecu_status status = ecu_update_begin(&update);
  for (size_t at = 0; at < size && status == ECU_OK; at += chunk) {
    status = ecu_update_write(&update, package.data() + at, std::min<size_t>(chunk, size - at));
  }
  if (flash.operations() != before && booted.slot < 2) {
    for (unsigned& home : homes_) {
      home &= 1U << booted.slot;  // the other slot is given up before it is written
    }
  }
  return status;
}

void Device::install(const ByteVector& package, uint32_t sequence, ecu_status expected) {
  must_try_ = 0;  // a model that waits is given up for this one
  if (attacks_left_ > 0 && random_.below(4) == 0 && expected == ECU_OK &&
      package == shelf->package[sequence]) {
    attack(shelf->hostile[sequence]);
    if (random_.below(4) == 0) {
      return;  // the right one comes after the next boot
    }
  }
  ecu_status status = send(package, package.size());
  if (status == ECU_OK) {
    may_try_ |= bit(sequence);
    trials_[sequence] = 0;
    status = ecu_update_finish(&update);
  }
  expect(status == expected, "an install ends with status " + std::to_string(status));
  if (status == ECU_OK && flash.powered()) {
    if (update.target < 2) {
      must_try_ = sequence;
      lost_boots_ = 0;
    } else {
      keys_ = sequence;
    }
  }
}

void Device::install_part(const ByteVector& package, uint32_t) {
  const ecu_status status = send(package, package.size() - 1 - random_.below(300));
  expect(status == ECU_OK, "a part of a package is refused");
  if (random_.below(2) == 0) {
    expect(ecu_update_finish(&update) == ECU_PACKAGE_TRUNCATED, "a truncated package is taken");
  } else {
    ecu_update_abort(&update);
  }
}

void Device::refuse(const ByteVector& package, ecu_status expected) {
  const uint32_t before = flash.operations();
  const ecu_status status = send(package, package.size());
  expect(status == expected, "a package that must be refused gives status " + std::to_string(status));
  expect(flash.operations() == before, "a refused package changed flash");
  expect(ecu_update_finish(&update) == ECU_UPDATE_NOT_STARTED, "a refused install can be finished");
}

void Device::confirm() {
  const uint32_t sequence = booted.sequence;
  may_run_ |= bit(sequence);
  homes_[sequence] |= 1U << booted.slot;
  pending_ = sequence;
  pending_slot_ = booted.slot;
  asked_ = std::max(asked_, sequence);
  const ecu_status status = ecu_update_confirm(&update);
  expect(status == ECU_OK, "confirm fails");
  if (status == ECU_OK && flash.powered()) {
    confirmed_ = sequence;
    pending_ = 0;
    may_lack_model_ = false;
    protect_what_must_stay();
    expect(active_sequence() == sequence, "confirm has no effect");
  }
}

void Device::revert() {
  if (fault >= Fault::kRot && booted.sequence == confirmed_) {
    may_lack_model_ = true;  // tried again after records were lost: the application gives its model up
    homes_[confirmed_] = 0;
  }
  flash.protect(booted.trial != 0 ? 1U << (booted.slot ^ 1U) : 1U << booted.slot);
  const ecu_status status = ecu_update_revert(&update);
  expect(status == ECU_OK, "revert fails");
  if (status == ECU_OK && flash.powered()) {
    may_try_ = 0;
    must_try_ = 0;
    protect_what_must_stay();
  }
}

}  // namespace ecu::test
