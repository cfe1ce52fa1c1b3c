/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <string.h>

#include <algorithm>

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
    : factory_key(build_key(1, 0)), new_key(build_key(2, 0)), last_key(build_key(4, 2)) {
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
    package[sequence] = build_package({true, sequence, payload[sequence], factory_key});
    other_content[sequence] = build_package({true, sequence, other, factory_key});
    resigned[sequence] = build_package({true, sequence, payload[sequence], new_key});
    keys[sequence] = build_package({false, sequence, key_set, factory_key});
    last_keys[sequence] = build_package({false, sequence, last_set, new_key});
    signed_last[sequence] = build_package({true, sequence, payload[sequence], last_key});
  }
}

uint32_t Device::records_of(const Start& start) {
  const ecu_slot_info& other = start.slots[start.active ^ 1U];
  const uint32_t keys = start.keys == 0 ? 0 : 1;
  return keys + (other.state == ECU_SLOT_EMPTY ? 2 : other.state == ECU_SLOT_STAGED ? 4 : 3);
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
  const ecu_slot_info& fallback = start.slots[start.active ^ 1U];
  confirmed_ = start.slots[start.active].sequence;
  counter_ = confirmed_;
  may_lack_model_ = start.damaged && (fallback.state != ECU_SLOT_CONFIRMED || fallback.sequence < confirmed_);
  for (const ecu_slot_info& info : start.slots) {
    if (info.state == ECU_SLOT_CONFIRMED) {
      may_run_ |= bit(info.sequence);
    } else if (info.state == ECU_SLOT_STAGED) {
      may_try_ |= bit(info.sequence);
      must_try_ = info.sequence;
    }
  }
}

void Device::place_slots(const Start& start) {
  for (unsigned slot = 0; slot < 2; ++slot) {
    const ecu_slot_info& info = start.slots[slot];
    if (info.state != ECU_SLOT_EMPTY) {
      flash.place(flash.slot(slot), shelf->payload[info.sequence]);
    } else {
      flash.place(flash.slot(slot), shelf->other_content[3]);  // something else, by no means a model
    }
    if (start.damaged && slot == start.active) {
      *flash.at(flash.slot(slot) + 80) ^= 4U;
    }
  }
}

void Device::place_journal(const Start& start, uint32_t fill, Random& random) {
  const unsigned sector = random.below(2);
  const uint32_t stride = std::max(16U, flash.geometry().unit);
  uint32_t sequence = 1 + random.below(1000);
  uint32_t place = 0;
  const auto put = [&](const Entry& entry) {
    flash.place(flash.journal(sector) + (stride * place), record_bytes(sequence, entry));
    ++sequence;
    ++place;
  };
  const uint8_t other = start.active ^ 1U;
  const ecu_slot_info& info = start.slots[other];
  if (info.state == ECU_SLOT_STAGED) {
    put({kStaged, other, 0, info.sequence});
    put({kTried, other, 0, 0});
  } else if (info.state == ECU_SLOT_CONFIRMED) {
    put({kConfirmed, other, 0, info.sequence});
  }
  const Entry active = {kConfirmed, start.active, 0, start.slots[start.active].sequence};
  put(active);
  if (start.keys != 0) {
    put({kKeys, 0, 0, start.keys});
    flash.place(flash.keys(0), shelf->key_set);
    keys_ = start.keys;
  }
  put({kCommit, 0, 0, place});
  while (place < fill) {
    if (random.below(8) == 0) {
      ByteVector torn = record_bytes(sequence, active);
      torn[random.below(16)] ^= 0x41U;
      flash.place(flash.journal(sector) + (stride * place), torn);
      ++place;
    } else {
      put(active);
    }
  }
  place_leftovers(sector ^ 1U, random);
}

/* The other journal sector: erased, or finished long ago, or not finished. */
void Device::place_leftovers(unsigned sector, Random& random) {
  const uint32_t kind = random.below(3);
  const uint32_t stride = std::max(16U, flash.geometry().unit);
  const Entry old[] = {
      {kConfirmed, 0, 0, 0}, {kCommit, 0, 0, 1}, {kStaged, 1, 0, 15}, {kConfirmed, 1, 0, 15}};
  for (uint32_t i = 0; kind > 0 && i < 4; ++i) {
    ByteVector bytes = record_bytes(kind == 1 ? 0 : 5000 + i, old[i]);
    bytes[13] ^= kind == 1 ? 0x00 : 0xff;
    flash.place(flash.journal(sector) + (stride * i), bytes);
  }
}

void Device::damage_active() {
  *flash.at(flash.slot(update.journal.active) + 80) ^= 4U;
  may_lack_model_ = true;
}

void Device::power_on() {
  ++sessions;
  flash.power_on();
  port_ = flash.port();
  config_ = ecu_update_config{};
  config_.flash = &port_;
  for (unsigned i = 0; i < 2; ++i) {
    config_.areas[ECU_AREA_SLOT_0 + i] = {flash.slot(i), flash.slot_size()};
    config_.areas[ECU_AREA_JOURNAL_0 + i] = {flash.journal(i), flash.geometry().sector};
    config_.areas[ECU_AREA_KEYS_0 + i] = {flash.keys(i), flash.geometry().sector};
    config_.memory[i] = flash.at(flash.slot(i));
  }
  config_.device = {{}, {}, 0x1001, ECU_ENGINE_NATIVE, kInterface, kKernels, sizeof kKernels, 4096, 300};
  memcpy(config_.device.vendor_id, kVendor, sizeof kVendor);
  memcpy(config_.device.class_id, kClass, sizeof kClass);
  config_.factory_keys = &shelf->factory_key;
  config_.factory_key_count = 1;
  config_.verify = verify_double;
  config_.self_test = SelfTest::run;
  config_.self_test_context = this;
  config_.tries = kTries;
  memset(&update, 0xa5, sizeof update);  // RAM after power-up
  booted = ecu_boot{};
  flash.protect(0);
  const ecu_status status = ecu_update_open(&update, &config_);
  expect(status == ECU_OK, "open refuses a right configuration");
  demand(fault == Fault::kReads || active_sequence() >= counter_, "the counter went down");
  demand(fault == Fault::kReads || active_sequence() >= flash.fuses(),
         "the fuses count what was not confirmed");
  demand(fault == Fault::kReads || update.journal.keys_sequence >= keys_, "new keys were lost");
  counter_ = std::max(counter_, active_sequence());
  flash.protect(1U << update.journal.active);
}

uint32_t Device::active_sequence() const { return update.journal.slots[update.journal.active].sequence; }

bool Device::nothing_staged() const {
  return update.journal.slots[0].state != ECU_SLOT_STAGED && update.journal.slots[1].state != ECU_SLOT_STAGED;
}

void Device::expect(bool condition, const std::string& text) {
  demand(condition || fault != Fault::kNone, text);
}

void Device::demand(bool condition, const std::string& text) {
  if (!condition && failure_.empty() && flash.powered()) {
    failure_ = text;
  }
  if (failure_.empty() && !flash.violation().empty()) {
    failure_ = flash.violation();
  }
}

bool Device::holds_any(unsigned slot) {
  const auto same = [&](const ByteVector& payload) {
    return memcmp(flash.at(flash.slot(slot)), payload.data(), little(&payload[8])) == 0;
  };
  return std::any_of(std::begin(shelf->payload), std::end(shelf->payload), same);
}

bool Device::boot() {
  const ecu_status status = ecu_update_boot(&update, &booted);
  observe(status);
  return flash.powered() && status == ECU_OK && failure_.empty();
}

void Device::observe(ecu_status status) {
  if (!flash.powered()) {
    // Power may have failed right after the device gave the trial up, for one of its two reasons.
    ++lost_boots_;
    must_try_ = lost_boots_ > kTries || (bad_ & bit(must_try_)) != 0 ? 0 : must_try_;
    return;
  }
  counter_ = std::max(counter_, active_sequence());
  if (status == ECU_UPDATE_NO_MODEL) {
    expect(may_lack_model_, "no model");
    expect(must_try_ == 0 || booted.reverted != ECU_OK, "a staged model was lost");
    must_try_ = 0;
    demand(booted.image == nullptr && booted.slot == kNone, "an image without a model");
    return;
  }
  expect(status == ECU_OK && booted.slot < 2 && booted.sequence < kSequences, "boot fails");
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
  demand(sequence >= confirmed_, "a confirmed model was reverted");
  if (booted.trial != 0) {
    demand((may_try_ & bit(sequence)) != 0, "trial of a model that was not installed, or given up");
    demand(++trials_[sequence] <= kTries, "more trials than allowed");
    return;
  }
  demand((may_run_ & bit(sequence)) != 0, "a model runs that was never confirmed");
  const bool gave_up = booted.reverted != ECU_OK;
  expect(must_try_ == 0 || gave_up || sequence == must_try_, "a staged model was lost");
}

ecu_status Device::send(const ByteVector& package, size_t size) {
  static const uint32_t chunks[] = {1, 7, 64, 333, 1000, 1024, 4096, 100000};
  const uint32_t chunk = chunks[random_.below(8)];
  ecu_status status = ecu_update_begin(&update);
  for (size_t at = 0; at < size && status == ECU_OK; at += chunk) {
    status = ecu_update_write(&update, package.data() + at, std::min<size_t>(chunk, size - at));
  }
  return status;
}

void Device::install(const ByteVector& package, uint32_t sequence, ecu_status expected) {
  must_try_ = 0;  // a model that waits is given up for this one
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
  const ecu_status status = ecu_update_confirm(&update);
  expect(status == ECU_OK, "confirm fails");
  if (status == ECU_OK && flash.powered()) {
    confirmed_ = sequence;
    may_lack_model_ = false;
    flash.protect(1U << update.journal.active);
    expect(active_sequence() == sequence, "confirm has no effect");
  }
}

void Device::revert() {
  const ecu_status status = ecu_update_revert(&update);
  expect(status == ECU_OK, "revert fails");
  if (status == ECU_OK && flash.powered()) {
    may_try_ = 0;
    must_try_ = 0;
    flash.protect(1U << update.journal.active);
  }
}

}  // namespace ecu::test
