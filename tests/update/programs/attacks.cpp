/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile sender, a failing port and a rotten bit can do together: each case tries to get a model to
 * run that nobody signed or that is too old, or keys to sign that were withdrawn. `attacks cases` runs
 * all of them and prints a line for each; `attacks rot EVERY` flips one of so many bits of
 * journals, key sectors and headers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <functional>
#include <string>

#include "checks.h"
#include "damages.h"
#include "ecus.h"
#include "losses.h"
#include "promises.h"

namespace ecu::test {
namespace {

/* Fails operations on the journal that begin while the filter is on: the port says so, whatever happened. */
enum class Liar { kPrograms, kReadBack };

/* STAGED lies in flash although finish had to report a failure. The next sender has other bytes. */
bool a_record_that_failed_may_be_there(Liar liar) {
  Ecu ecu = confirmed(5);
  const ByteVector package = ecu.package(kC, 6);
  bool right = ecu.send(package) == ECU_OK;
  ecu.lie(liar == Liar::kPrograms, liar == Liar::kReadBack);
  right = right && ecu_update_finish(&ecu.update) == ECU_FLASH_FAILED;
  ecu.lie(false, false);
  right = right && ecu.install(behind_header_of(package, kHostile)) == ECU_PACKAGE_BAD_PAYLOAD;
  ecu.restart();
  return right && runs(ecu, kB) && ecu.found.trial == 0U;
}
bool staging_that_failed_in_programs() { return a_record_that_failed_may_be_there(Liar::kPrograms); }
bool staging_that_failed_in_reading_back() { return a_record_that_failed_may_be_there(Liar::kReadBack); }

/* CONFIRMED lies in flash although confirm had to report a failure. The application gives the model up. */
bool a_confirmation_that_failed_is_taken_back() {
  Ecu ecu = confirmed(5);
  bool right = ecu.install(ecu.package(kC, 6)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  ecu.lie(false, true);
  right = right && ecu_update_confirm(&ecu.update) == ECU_FLASH_FAILED;
  ecu.lie(false, false);
  right = right && ecu_update_revert(&ecu.update) == ECU_OK && ecu.restart() == ECU_OK;
  return right && runs(ecu, kB) && ecu.found.trial == 0U && ecu.found.sequence == 5;
}

/* The same with KEYS: the sender's own key set lies behind a genuine header. */
bool keys_that_failed_in_reading_back() {
  Ecu ecu = confirmed(5);
  const ecu_key next = build_key(2, 0);
  const ByteVector package = build_package({false, 6, build_key_set({next}), ecu.key});
  bool right = ecu.send(package) == ECU_OK;
  ecu.lie(false, true);
  right = right && ecu_update_finish(&ecu.update) == ECU_FLASH_FAILED;
  ecu.lie(false, false);
  const ByteVector hostile = build_key_set({stranger()});
  right = right && ecu.install(behind_header_of(package, hostile)) != ECU_OK;
  ecu.restart();
  return right && ecu.send(build_package({true, 9, kC, stranger()})) != ECU_OK && runs(ecu, kB);
}

/* One bit takes REVERTED away, and hostile bytes lie in the slot. */
bool a_revert_that_is_lost() {
  Ecu ecu = confirmed(5);
  const ByteVector package = ecu.package(kC, 6);
  bool right = ecu.install(package) == ECU_OK;
  right = right && ecu.install(behind_header_of(package, kHostile)) == ECU_PACKAGE_BAD_PAYLOAD;
  ecu.flip(ecu.newest_record(), 3);
  ecu.restart();
  return right && runs(ecu, kB);
}

/* A driver that is not ready is no journal of the factory. */
bool a_journal_that_can_not_be_read(unsigned sectors) {
  Ecu ecu = confirmed(8);
  for (unsigned sector = 0; sector < 2; ++sector) {
    const bool bad = ((sectors >> sector) & 1U) != 0;
    ecu.flash.damage_sector(ecu.flash.journal(sector), bad ? Bad::kReadFails : Bad::kNot);
  }
  bool right = ecu.open() == ECU_FLASH_FAILED && ecu.boot() == ECU_NOT_OPEN &&
               ecu_update_begin(&ecu.update) == ECU_NOT_OPEN;
  for (unsigned sector = 0; sector < 2; ++sector) {
    ecu.flash.damage_sector(ecu.flash.journal(sector), Bad::kNot);
  }
  right = right && ecu.open() == ECU_OK && ecu.boot() == ECU_OK && ecu.found.sequence == 8;
  ecu.flash.damage_sector(ecu.flash.journal(0), Bad::kReadFails);  // and not later, when it is read again
  return right && ecu_update_begin(&ecu.update) == ECU_FLASH_FAILED;
}
bool journal_0_is_not_read() { return a_journal_that_can_not_be_read(1); }
bool no_journal_is_read() { return a_journal_that_can_not_be_read(3); }

/* A unit that ECC has given up is a torn record, not the end of the device. */
bool a_torn_record_reads_as_damaged() {
  Ecu ecu = confirmed(8);
  ecu.flash.damage_bytes(ecu.flash.journal(ecu.update.sector) + ecu.update.end);
  ecu.restart();
  return runs(ecu, kB) && ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK &&
         ecu.found.trial == 1U && ecu.flash.violation().empty();
}

/* The leaked key stages a model, then it is withdrawn. */
bool a_staged_model_of_a_withdrawn_key() {
  Ecu ecu;
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(ecu.package(kC, 50)) == ECU_OK;
  right = right && ecu.install(build_package({false, 60, build_key_set({next}), ecu.key})) == ECU_OK;
  ecu.restart();
  return right && runs(ecu, kA) && ecu.found.reverted == ECU_PACKAGE_UNKNOWN_KEY &&
         ecu_update_confirm(&ecu.update) == ECU_UPDATE_NO_TRIAL;
}
bool a_staged_model_of_a_key_that_left() {
  Ecu ecu;
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(ecu.package(kC, 60)) == ECU_OK;
  right = right && ecu.install(build_package({false, 60, build_key_set({next}), ecu.key})) == ECU_OK;
  ecu.restart();
  return right && runs(ecu, kA) && ecu.found.reverted == ECU_PACKAGE_UNKNOWN_KEY;
}

/* An ECU with the root key 2 for keys and the release key 3 for models. */
Ecu with_roles() {
  Ecu ecu = confirmed(5);
  const ByteVector set =
      build_key_set({build_key(2, 0, ECU_KEY_FOR_KEYS), build_key(3, 0, ECU_KEY_FOR_MODELS)});
  (void)ecu.install(build_package({false, 6, set, ecu.key}));
  return ecu;
}

/* The key that signs models leaks: it gets no key in, and the root key takes it away. */
bool a_release_key_replaces_the_keys() {
  Ecu ecu = with_roles();
  const ecu_key root = build_key(2, 0);
  const ecu_key release = build_key(3, 0);
  const ByteVector hostile = build_package({false, 9, build_key_set({stranger()}), release});
  const uint32_t before = ecu.flash.operations();
  bool right = ecu.install(hostile) == ECU_PACKAGE_WRONG_USE && ecu.flash.operations() == before;
  right = right && ecu.send(build_package({true, 10, kC, stranger()})) == ECU_PACKAGE_UNKNOWN_KEY;
  right = right && ecu.send(build_package({true, 10, kC, release})) == ECU_OK;
  const ByteVector next = build_key_set({root, build_key(4, 0, ECU_KEY_FOR_MODELS)});
  right = right && ecu.install(build_package({false, 11, next, root})) == ECU_OK;
  ecu.restart();
  return right && runs(ecu, kB) &&
         ecu.send(build_package({true, 12, kC, release})) == ECU_PACKAGE_UNKNOWN_KEY &&
         ecu.send(build_package({true, 12, kC, build_key(4, 0)})) == ECU_OK;
}

bool a_root_key_signs_a_model() {
  Ecu ecu = with_roles();
  const uint32_t before = ecu.flash.operations();
  return ecu.install(build_package({true, 9, kC, build_key(2, 0)})) == ECU_PACKAGE_WRONG_USE &&
         ecu.flash.operations() == before && runs(ecu, kB);
}

/* The key that has staged a model is for keys alone when its trial comes. */
bool a_staged_model_of_a_key_for_keys() {
  Ecu ecu;
  ecu_key next = ecu.key;
  next.kind = ECU_KEY_ED25519 | ECU_KEY_FOR_KEYS;
  bool right = ecu.install(ecu.package(kC, 60)) == ECU_OK;
  right = right && ecu.install(build_package({false, 60, build_key_set({next}), ecu.key})) == ECU_OK;
  ecu.restart();
  return right && runs(ecu, kA) && ecu.found.reverted == ECU_PACKAGE_WRONG_USE;
}

/* Records of somebody who can write the journal: old models do not run, and the fuses stay. */
bool a_forged_record(const std::function<void(State&)>& change) {
  Ecu ecu;
  ecu.flash.add_fuses(0);
  ecu.update_to(kB, 8);
  ecu.restart();
  ecu.forge_record(change);
  ecu.restart();
  return !runs(ecu, kA) && ecu.flash.fuses() == 8;
}
bool a_forged_slot(uint8_t slot, ecu_slot_state state, uint32_t sequence) {
  return a_forged_record([=](State& forged) {
    forged.slots[slot] = {state, sequence};
    forged.active = state == ECU_SLOT_CONFIRMED ? slot : forged.active;
  });
}
bool a_forged_confirmation() { return a_forged_slot(0, ECU_SLOT_CONFIRMED, 0xffffffffU); }
bool a_forged_sequence() { return a_forged_slot(1, ECU_SLOT_CONFIRMED, 0xffffffffU); }
bool a_forged_old_confirmation() { return a_forged_slot(0, ECU_SLOT_CONFIRMED, 0); }
bool a_forged_staging() { return a_forged_slot(0, ECU_SLOT_STAGED, 1); }
bool a_forged_staging_of_the_reserve() {
  Ecu ecu = confirmed(7);
  ecu.update_to(kC, 8);
  ecu.forge_record([](State& forged) { forged.slots[forged.active ^ 1U].state = ECU_SLOT_STAGED; });
  ecu.restart();
  return runs(ecu, kC) && ecu.found.reverted == ECU_PACKAGE_ROLLBACK;
}
bool a_forged_new_staging() { return a_forged_slot(0, ECU_SLOT_STAGED, 9); }

/* No counter, no model; an ECU that is opened without it would take old packages. */
bool a_counter_that_fails() {
  Ecu ecu;
  ecu.flash.add_fuses(20);
  ecu.counter_fails = true;
  return ecu.open() == ECU_FLASH_FAILED && ecu.boot() == ECU_NOT_OPEN;
}
bool a_counter_that_can_not_be_raised() {
  Ecu ecu;
  ecu.flash.add_fuses(0);
  bool right = ecu.install(ecu.package(kB, 5)) == ECU_OK && ecu.restart() == ECU_OK && ecu.found.trial == 1U;
  ecu.raise_fails = true;
  right = right && ecu_update_confirm(&ecu.update) == ECU_OK && ecu.flash.fuses() == 0;
  right = right && ecu.open() == ECU_OK && ecu.boot() == ECU_FLASH_FAILED && ecu.found.image == nullptr;
  ecu.raise_fails = false;
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.flash.fuses() == 5;
}

/* A line that writes the header too: sequence and counter count from the first boot on. */
bool a_factory_slot_with_a_header() {
  Ecu ecu;
  ecu.flash.add_fuses(30);
  ecu.fill_factory(kA, 30);
  bool right = ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.sequence == 30;
  right = right && ecu.send(ecu.package(kB, 29)) == ECU_PACKAGE_ROLLBACK &&
          ecu.send(ecu.package(kB, 30)) == ECU_PACKAGE_OTHER_CONTENT && ecu.flash.operations() == 0;
  ecu.flip(ecu.flash.slot(0) + static_cast<uint32_t>(kA.size()) - 9, 1);  // the vectors count too
  return right && ecu.restart() == ECU_UPDATE_NO_MODEL;
}

/* Without one it is package 0, and the place of the header is erased: no install leaves that. */
bool a_factory_slot_with_half_a_header() {
  Ecu ecu;
  bool right = ecu.restart() == ECU_OK && ecu.found.sequence == 0;
  ecu.flash.place(ecu.flash.slot(0) + ecu.flash.slot_size() - 8, ByteVector(8, 0x12));
  return right && ecu.restart() == ECU_UPDATE_NO_MODEL;
}

/* The journals are erased, and a key package came before that. */
bool keys_outlive_the_journal() {
  Ecu ecu = confirmed(5);
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(build_package({false, 6, build_key_set({next}), ecu.key})) == ECU_OK;
  for (unsigned sector = 0; sector < 2; ++sector) {
    memset(ecu.flash.at(ecu.flash.journal(sector)), 0xff, ecu.flash.geometry().sector);
  }
  ecu.restart();
  return right && ecu.send(ecu.package(kC, 9)) == ECU_PACKAGE_UNKNOWN_KEY;
}

/* A record puts a key set in force that arrived behind a genuine header and was refused. */
bool a_key_set_that_was_not_signed() {
  Ecu ecu = confirmed(5);
  const ecu_key next = build_key(2, 0);
  const ByteVector set = build_key_set({next});
  bool right = ecu.install(build_package({false, 6, set, ecu.key})) == ECU_OK;
  const ByteVector newer = build_package({false, 7, set, next});
  right =
      right && ecu.install(behind_header_of(newer, build_key_set({stranger()}))) == ECU_PACKAGE_BAD_PAYLOAD;
  ecu.forge_record([](State& state) { state.keys_sequence = 7; });
  ecu.restart();
  return right && ecu.send(build_package({true, 9, kC, stranger()})) == ECU_UPDATE_KEYS_DAMAGED;
}

/* Records are lost and so is the key set: the factory keys do not come back. */
bool keys_and_journal_are_damaged() {
  Ecu ecu = confirmed(5);
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(build_package({false, 6, build_key_set({next}), ecu.key})) == ECU_OK;
  memset(ecu.flash.at(ecu.flash.journal(0)), 0, ecu.flash.geometry().sector);
  ecu.flip(ecu.flash.keys(0) + 50, 1);
  ecu.restart();
  (void)ecu_update_revert(&ecu.update);  // a record
  ecu.restart();
  return right && ecu.send(ecu.package(kC, 9)) == ECU_UPDATE_KEYS_DAMAGED;
}

/* The port forgets its geometry after open. */
bool a_geometry_that_fails_later() {
  Ecu ecu;
  ecu.geometry_calls = 0;
  bool right = ecu.open() == ECU_OK && ecu.geometry_calls == ECU_AREA_COUNT;
  ecu.geometry_fails = true;
  return right && ecu.boot() == ECU_OK && ecu.install(ecu.package(kB, 5)) == ECU_OK &&
         ecu.flash.violation().empty();
}

/* Between the check of a header and the end of its package something newer is confirmed. */
bool keys_behind_a_confirmation() {
  Ecu ecu;
  bool right = ecu.install(ecu.package(kB, 500)) == ECU_OK && ecu.restart() == ECU_OK;
  const ecu_key next = build_key(2, 0);
  right = right && ecu.send(build_package({false, 8, build_key_set({next}), ecu.key})) == ECU_OK;
  right = right && ecu_update_confirm(&ecu.update) == ECU_OK &&
          ecu_update_finish(&ecu.update) == ECU_UPDATE_NOT_STARTED;
  ecu.restart();
  return right && ecu.send(ecu.package(kC, 501)) == ECU_OK;
}
bool a_boot_ends_an_install() {
  Ecu ecu;
  return ecu.send(ecu.package(kB, 5)) == ECU_OK && ecu.boot() == ECU_OK &&
         ecu_update_finish(&ecu.update) == ECU_UPDATE_NOT_STARTED;
}

/* Key sets that a tool would not make. */
bool refuses_key_set(const std::function<void(ByteVector&)>& change) {
  Ecu ecu;
  ByteVector set = build_key_set({build_key(2, 0)});
  set.resize(set.size() - ECU_DIGEST_SIZE);
  change(set);
  const ByteVector digest = sha256_of(set.data(), set.size());
  set.insert(set.end(), digest.begin(), digest.end());
  return ecu.install(build_package({false, 2, set, ecu.key})) == ECU_PACKAGE_BAD_KEY_SET &&
         ecu.install(ecu.package(kB, 3)) == ECU_OK;
}
bool wrong_key_sets() {
  bool right = true;
  for (const int uses : {0, 4, 5, 0xff}) {
    right = refuses_key_set([=](ByteVector& set) { set[9] = static_cast<uint8_t>(uses); }) && right;
  }
  for (const int kind : {0, 3, 0xff}) {
    right = refuses_key_set([=](ByteVector& set) { set[8] = static_cast<uint8_t>(kind); }) && right;
  }
  for (const size_t place : {0U, 4U, 6U, 7U, 8U, 9U, 10U, 11U, 16U, 23U, 24U, 55U}) {
    right = refuses_key_set([=](ByteVector& set) { set[place] ^= 0x4dU; }) && right;
  }
  Ecu ecu;
  ByteVector longer = build_key_set({build_key(2, 0)});
  longer.resize(200, 0xee);
  return right && ecu.install(build_package({false, 2, longer, ecu.key})) == ECU_PACKAGE_BAD_KEY_SET;
}

/* A trial that runs is not tried again. */
bool a_second_boot_takes_no_try() {
  Ecu ecu;
  ecu.tries = 1;
  bool right = ecu.install(ecu.package(kB, 5)) == ECU_OK && ecu.restart() == ECU_OK && ecu.found.trial == 1U;
  right = right && ecu.boot() == ECU_OK && ecu.found.trial == 1U && runs(ecu, kB);
  return right && ecu_update_confirm(&ecu.update) == ECU_OK;
}

/* --- One bit of flash --- */

/* What a device came to, and what must be true of it whatever bit changes. */
struct History {
  const char* name;
  Ecu ecu;
  ecu_key withdrawn;  // signs no more
  Payload newest;     // confirmed last, and whole in its slot
  uint32_t sequence;  // of it
  bool withdraws;
};

/* 8 confirmed, keys 9 without the factory key, 10 confirmed. */
History rotated(bool fuses) {
  Ecu ecu;
  if (fuses) {
    ecu.flash.add_fuses(0);
  }
  const ecu_key first = ecu.key;
  const ecu_key next = build_key(2, 0);
  ecu.update_to(kB, 8);
  (void)ecu.install(build_package({false, 9, build_key_set({next}), first}));
  ecu.key = next;
  ecu.update_to(kC, 10);
  ecu.key = first;  // the device was made with it
  return {fuses ? "rotated, fuses" : "rotated", ecu, first, kC, 10, true};
}

/* Keys 9 are the newest record of all, and the confirmed model is older than they are. */
History new_keys() {
  Ecu ecu = confirmed(8);
  (void)ecu.install(build_package({false, 9, build_key_set({build_key(2, 0)}), ecu.key}));
  return {"new keys", ecu, ecu.key, kB, 8, true};
}

/* Power failed between the two records of a confirmation; then an install was broken off. */
History confirmed_once() {
  Ecu ecu;
  (void)ecu.install(ecu.package(kB, 8));
  ecu.restart();
  ecu.flash.cut_at({ecu.flash.operations() + 1, Torn::kNothing}, 1);
  (void)ecu_update_confirm(&ecu.update);
  ecu.restart();
  (void)ecu.send(ecu.package(kC, 9));
  return {"confirmed once", ecu, stranger(), kB, 8, false};
}

/* Many updates; the last record is the copy of a confirmation. */
History much_used() {
  Ecu ecu;
  for (uint32_t sequence = 1; sequence <= 21; ++sequence) {
    ecu.update_to(sequence % 2 == 1 ? kB : kC, sequence);
  }
  return {"much used", ecu, stranger(), kB, 21, false};
}

/* The record of a confirmation found its sector full, so that its copy is in the first place of that. */
History just_continued() {
  Ecu ecu = confirmed(8);
  (void)ecu.install(ecu.package(kC, 9));
  ecu.restart();
  while (ecu.update.end != ecu.flash.geometry().sector) {
    ecu.forge_record([](State&) {});
    ecu.open();
  }
  ecu.boot();
  (void)ecu_update_confirm(&ecu.update);
  return {"just continued", ecu, stranger(), kC, 9, false};
}

/* An install of 9 that was refused at its end: hostile bytes behind a genuine header. */
History attacked() {
  Ecu ecu = confirmed(8);
  const ByteVector package = ecu.package(kC, 9);
  (void)ecu.install(package);
  (void)ecu.install(behind_header_of(package, kHostile));
  ecu.restart();
  return {"attacked", ecu, stranger(), kB, 8, false};
}

/* One bit: the newest model runs, confirmed or on trial; nothing older is taken, nothing comes back. */
std::string wrong_after(const History& history, uint32_t address, unsigned bit, bool of_the_model) {
  Ecu ecu = history.ecu;
  ecu.flip(address, bit);
  const ecu_status status = ecu.restart();
  const bool lacks = of_the_model && status == ECU_UPDATE_NO_MODEL;
  if (!lacks && (status != ECU_OK || !runs(ecu, history.newest))) {
    return "the newest model does not run";
  }
  const ecu_key known = history.withdraws ? build_key(2, 0) : history.ecu.key;
  const ecu_status older = ecu.send(build_package({true, history.sequence - 1, kA, known}));
  if (older != ECU_PACKAGE_ROLLBACK && older != ECU_UPDATE_KEYS_DAMAGED) {
    return "an older package gives status " + std::to_string(older);
  }
  if (history.withdraws && ecu.send(build_package({true, 1000, kA, history.withdrawn})) == ECU_OK) {
    return "a withdrawn key signs";
  }
  if (!lacks && ecu.found.trial != 0U && ecu_update_confirm(&ecu.update) != ECU_OK) {
    return "the newest model is not confirmed again";
  }
  return ecu.flash.violation();
}

/* Takes one of `every` bits. */
struct Steps {
  unsigned every;
  unsigned bits;
  unsigned runs;
};

/* Flips the bits of an area that is written, one at a time. */
int rot_area(const History& history, uint32_t address, uint32_t size, bool of_the_model, Steps& steps) {
  Ecu whole = history.ecu;
  for (uint32_t at = address; at < address + size; ++at) {
    for (unsigned bit = 0; *whole.flash.at(at) != 0xff && bit < 8; ++bit) {
      if (++steps.bits % steps.every != 0) {
        continue;
      }
      const std::string wrong = wrong_after(history, at, bit, of_the_model);
      ++steps.runs;
      if (!wrong.empty()) {
        printf("WRONG %s, bit %u of byte %u: %s\n", history.name, bit, at - address, wrong.c_str());
        return 1;
      }
    }
  }
  return 0;
}

int rot_all(unsigned every) {
  Steps steps = {every, 0, 0};
  int failures = 0;
  for (const History& history : {rotated(false), rotated(true), new_keys(), confirmed_once(), much_used(),
                                 just_continued(), attacked()}) {
    const FlashSimulator& flash = history.ecu.flash;
    const uint32_t header = flash.slot_size() - ECU_PACKAGE_HEADER_SIZE;
    failures += rot_area(history, flash.journal(0), 4U * flash.geometry().sector, false, steps);
    for (unsigned slot = 0; slot < 2; ++slot) {
      failures += rot_area(history, flash.slot(slot) + header, ECU_PACKAGE_HEADER_SIZE, true, steps);
    }
  }
  printf("rot: %u bits, %d failures\n", steps.runs, failures);
  return failures;
}

constexpr Check kCases[] = {
    {"staging that failed in programs", staging_that_failed_in_programs},
    {"staging that failed in reading back", staging_that_failed_in_reading_back},
    {"a confirmation that failed is taken back", a_confirmation_that_failed_is_taken_back},
    {"keys that failed in reading back", keys_that_failed_in_reading_back},
    {"a revert that is lost", a_revert_that_is_lost},
    {"journal 0 is not read", journal_0_is_not_read},
    {"no journal is read", no_journal_is_read},
    {"a torn record reads as damaged", a_torn_record_reads_as_damaged},
    {"a staged model of a withdrawn key", a_staged_model_of_a_withdrawn_key},
    {"a staged model of a key that left", a_staged_model_of_a_key_that_left},
    {"a release key replaces the keys", a_release_key_replaces_the_keys},
    {"a root key signs a model", a_root_key_signs_a_model},
    {"a staged model of a key for keys", a_staged_model_of_a_key_for_keys},
    {"a forged confirmation", a_forged_confirmation},
    {"a forged sequence", a_forged_sequence},
    {"a forged old confirmation", a_forged_old_confirmation},
    {"a forged staging", a_forged_staging},
    {"a forged staging of the reserve", a_forged_staging_of_the_reserve},
    {"a forged new staging", a_forged_new_staging},
    {"a counter that fails", a_counter_that_fails},
    {"a counter that can not be raised", a_counter_that_can_not_be_raised},
    {"a factory slot with a header", a_factory_slot_with_a_header},
    {"a factory slot with half a header", a_factory_slot_with_half_a_header},
    {"keys outlive the journal", keys_outlive_the_journal},
    {"a key set that was not signed", a_key_set_that_was_not_signed},
    {"keys and journal are damaged", keys_and_journal_are_damaged},
    {"a geometry that fails later", a_geometry_that_fails_later},
    {"keys behind a confirmation", keys_behind_a_confirmation},
    {"a boot ends an install", a_boot_ends_an_install},
    {"wrong key sets", wrong_key_sets},
    {"a second boot takes no try", a_second_boot_takes_no_try},
};

int run_cases() { return run_all(kCases) + run_losses() + run_promises(); }

}  // namespace
}  // namespace ecu::test

int main(int argc, char** argv) {
  const char* const mode = argc > 1 ? argv[1] : "";
  const unsigned every = argc > 2 ? static_cast<unsigned>(atoi(argv[2])) : 1U;
  if (strcmp(mode, "rot") == 0) {
    return ecu::test::rot_all(every);
  }
  return strcmp(mode, "damages") == 0 ? ecu::test::run_damages(every) : ecu::test::run_cases();
}
