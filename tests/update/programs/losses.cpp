/* SPDX-License-Identifier: Apache-2.0 */
/* Flash that cannot be read for a time or for ever, and bits that change years later: what was confirmed
 * still runs, nothing older does, and no key comes back. */
#include "losses.h"

#include "checks.h"
#include "ecus.h"
#include "random.h"

namespace ecu::test {
namespace {

/* 101 is confirmed, 100 its reserve, in both sectors. */
void update_to_101(Ecu& ecu) {
  grow_old(ecu);
  ecu.update_to(kC, 100);
  ecu.update_to(kB, 101);
}

/* Starts twice; the confirmed model runs, without a trial. */
bool still_runs(Ecu& ecu, const Payload& payload) {
  bool right = true;
  for (unsigned boot = 0; boot < 2U; ++boot) {
    right = ecu.restart() == ECU_OK && runs(ecu, payload) && ecu.found.trial == 0U && right;
  }
  return right;
}

/* What comes to the device at each of the two sectors. */
bool in_each_sector(bool (*check)(unsigned sector)) {
  const bool first = check(0);
  return check(1) && first;
}

/* One sector can not be read any more: the other one says what was confirmed. */
bool a_journal_sector(unsigned sector) {
  Ecu ecu;
  update_to_101(ecu);
  lose_sector(ecu, sector);
  const bool right = still_runs(ecu, kB) && ecu.send(ecu.package(kA, 50)) == ECU_PACKAGE_ROLLBACK;
  ecu.update_to(kC, 102);
  return right && still_runs(ecu, kC);
}
bool a_journal_sector() { return in_each_sector(a_journal_sector); }

bool a_journal_sector_after_new_keys(unsigned sector) {
  Ecu ecu;
  update_to_101(ecu);
  const ecu_key first = ecu.key;
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(keys_of(next, 102, first)) == ECU_OK && still_runs(ecu, kB);
  lose_sector(ecu, sector);
  right = right && still_runs(ecu, kB) && ecu.send(ecu.package(kA, 1000)) == ECU_PACKAGE_UNKNOWN_KEY;
  ecu.key = next;
  return right && ecu.install(ecu.package(kA, 1000)) == ECU_OK;
}
bool a_journal_sector_after_new_keys() { return in_each_sector(a_journal_sector_after_new_keys); }

/* The confirmed model is installed once more, as a reserve, and the one after it never arrives whole. */
bool a_journal_sector_and_twins(unsigned sector) {
  Ecu ecu = confirmed(1);
  ecu.update_to(kC, 2);
  ecu.update_to(kC, 2);
  const bool right =
      ecu.install(behind_header_of(ecu.package(kA, 2), kHostile)) == ECU_PACKAGE_OTHER_CONTENT &&
      ecu.install(behind_header_of(ecu.package(kC, 2), kHostile)) == ECU_PACKAGE_BAD_PAYLOAD;
  lose_sector(ecu, sector);
  return right && still_runs(ecu, kC);
}
bool a_journal_sector_and_twins() { return in_each_sector(a_journal_sector_and_twins); }

/* A device from the factory, in which no sector of the journal was ever written. */
bool a_journal_sector_of_the_factory(unsigned sector) {
  Ecu ecu;
  ecu.fill_factory(kA, 30);
  lose_sector(ecu, sector);
  bool right = true;
  for (unsigned boot = 0; boot < 5; ++boot) {
    right = right && ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
  }
  ecu.update_to(kB, 31);
  return right && still_runs(ecu, kB);
}
bool a_journal_sector_of_the_factory() { return in_each_sector(a_journal_sector_of_the_factory); }

/* Power fails in a confirmation, or in the boot behind it, and a sector is lost years later. */
bool a_journal_sector_after_a_cut(unsigned sector) {
  bool right = true;
  for (uint32_t operation = 0; operation < 8; ++operation) {
    for (unsigned torn = 0; torn < kTornKinds; ++torn) {
      Ecu ecu;
      ecu.update_to(kB, 7);
      right = right && ecu.install(ecu.package(kC, 8)) == ECU_OK && ecu.restart() == ECU_OK;
      ecu.flash.cut_at({ecu.flash.operations() + operation, static_cast<Torn>(torn)}, 1);
      (void)ecu_update_confirm(&ecu.update);
      ecu.restart();
      ecu.restart();
      const bool confirmed = ecu.found.trial == 0U;
      ecu.flash.cut_at({UINT32_MAX, Torn::kNothing}, 0);  // where there was no such operation
      lose_sector(ecu, sector);
      right = right && (!confirmed || still_runs(ecu, kC));
    }
  }
  return right;
}
bool a_journal_sector_after_a_cut() { return in_each_sector(a_journal_sector_after_a_cut); }

/* Power fails in the copy of a confirmation, and the next model arrives before a boot; then it is tried. */
bool a_journal_sector_after_a_copy_that_failed(unsigned sector) {
  Ecu ecu = confirmed(7);
  ecu.update_to(kC, 8);
  bool right = ecu.install(ecu.package(kA, 9)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kA);
  ecu.flash.cut_at({ecu.flash.operations() + 1, Torn::kNothing}, 1);
  (void)ecu_update_confirm(&ecu.update);
  right = right && ecu.open() == ECU_OK && ecu.install(ecu.package(kB, 10)) == ECU_OK;
  right = right && ecu.restart() == ECU_OK && runs(ecu, kB);
  lose_sector(ecu, sector);
  return right && ecu.restart() == ECU_OK && ecu.found.sequence >= 9U;
}
bool a_journal_sector_after_a_copy_that_failed() {
  return in_each_sector(a_journal_sector_after_a_copy_that_failed);
}

/* Bits of a journal sector are stuck: that costs their places. */
bool a_stuck_bit_in_a_journal_sector(unsigned sector) {
  Ecu ecu;
  Random random(1);
  for (uint32_t place = 5; place < 10; ++place) {  // stuck at 0 or 1
    ecu.flash.stick(ecu.flash.journal(sector) + (place * kRecordSize), random);
  }
  bool right = true;
  for (uint32_t sequence = 1; sequence <= 60; ++sequence) {
    ecu.update_to(sequence % 2 == 1 ? kB : kC, sequence);
    right = right && ecu.restart() == ECU_OK && ecu.found.sequence == sequence && ecu.found.trial == 0U;
  }
  return right && ecu.flash.violation().empty();
}
bool a_stuck_bit_in_a_journal_sector() { return in_each_sector(a_stuck_bit_in_a_journal_sector); }

/* The slot on trial can not be read in one confirm. */
bool a_slot_that_is_away_for_a_moment() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  ecu.flash.damage_sector(ecu.flash.slot(ecu.found.slot), Bad::kReadFails);
  right = right && ecu_update_confirm(&ecu.update) == ECU_IMAGE_BAD_DIGEST;
  ecu.flash.heal();
  return right && ecu_update_confirm(&ecu.update) == ECU_OK && still_runs(ecu, kC);
}

/* No record can be read: that is no device from the factory. */
bool the_whole_journal(uint32_t operation, Torn torn) {
  Ecu ecu = confirmed(8);
  lose_journal(ecu);
  ecu.flash.cut_at({ecu.flash.operations() + operation, torn}, 1);  // in the next record as well
  ecu.restart();
  ecu.restart();
  return runs(ecu, kB) && ecu.send(ecu.package(kC, 7)) == ECU_PACKAGE_ROLLBACK;
}
bool the_whole_journal() {
  bool right = true;
  for (uint32_t operation = 0; operation < 2; ++operation) {
    for (unsigned torn = 0; torn < kTornKinds; ++torn) {
      right = the_whole_journal(operation, static_cast<Torn>(torn)) && right;
    }
  }
  return right;
}

/* Both sectors can not be read for a time; what was decided then stays decided. */
bool both_journal_sectors_for_a_time() {
  Ecu ecu;
  grow_old(ecu);
  for (uint32_t sequence = 100; sequence < 160; ++sequence) {
    ecu.update_to(sequence % 2 == 1 ? kB : kC, sequence);
  }
  lose_journal(ecu);
  bool right = ecu.restart() == ECU_OK && runs(ecu, kB) && ecu_update_confirm(&ecu.update) == ECU_OK;
  ecu.update_to(kA, 160);
  recover(ecu, ecu.flash.journal(0), 2U * ecu.flash.geometry().sector);
  return right && ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
}

/* All records can not be read for a time, but free places can, so that a sector is not erased for the next
 * record; the model that was on trial again is given up. */
bool all_records_for_a_time() {
  Ecu ecu;
  for (uint32_t sequence = 1; sequence < 30; ++sequence) {
    ecu.update_to(sequence % 2 == 1 ? kB : kC, sequence);
  }
  for (unsigned sector = 0; sector < 2; ++sector) {
    lose(ecu, ecu.flash.journal(sector), 8U * kRecordSize);
  }
  bool right = ecu.restart() == ECU_OK && runs(ecu, kB) && ecu_update_revert(&ecu.update) == ECU_OK;
  right = right && ecu.boot() == ECU_OK && runs(ecu, kC);
  recover(ecu, ecu.flash.journal(0), 2U * ecu.flash.geometry().sector);
  return right && still_runs(ecu, kC);
}

/* A part of an install lies in the other slot, its header first, and records are lost. */
bool records_during_an_install() {
  Ecu ecu = confirmed(9);
  const ByteVector package = ecu.package(kC, 12);
  bool right = ecu_update_begin(&ecu.update) == ECU_OK &&
               ecu_update_write(&ecu.update, package.data(), package.size() - 9) == ECU_OK;
  lose_journal(ecu);
  right = right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu_update_confirm(&ecu.update) == ECU_OK;
  return right && ecu.install(ecu.package(kA, 10)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kA);
}

/* The same when the older sector can be read. */
bool newer_records_during_an_install() {
  Ecu ecu;
  update_to_101(ecu);
  const ByteVector package = ecu.package(kC, 103);
  const bool right = ecu.install(behind_header_of(package, kHostile)) == ECU_PACKAGE_BAD_PAYLOAD;
  lose_sector(ecu, ecu.update.sector);
  return right && still_runs(ecu, kB) && ecu.send(ecu.package(kA, 50)) == ECU_PACKAGE_ROLLBACK;
}

/* The newest records can not be read in one begin; the old ones can. */
bool newer_records_that_are_away_for_a_moment() {
  Ecu ecu;
  update_to_101(ecu);
  const unsigned sector = ecu.update.sector;
  lose_sector(ecu, sector);
  bool right = ecu_update_begin(&ecu.update) == ECU_FLASH_FAILED;
  recover(ecu, ecu.flash.journal(sector), ecu.flash.geometry().sector);
  right = right && ecu.install(keys_of(build_key(2, 0), 109, ecu.key)) == ECU_OK;
  return right && still_runs(ecu, kB);
}

/* A sender comes before the boot that tries what was confirmed. */
bool an_install_before_the_first_boot() {
  Ecu ecu = confirmed(7);
  ecu.update_to(kC, 8);
  lose_journal(ecu);
  bool right = ecu.open() == ECU_OK;
  right = right && ecu.send(ecu.package(kA, 9)) == ECU_UPDATE_TRIAL_RUNNING && ecu.boot() == ECU_OK;
  return right && runs(ecu, kC) && ecu.found.trial == 1U;
}

/* The records of an update lie in both sectors. */
bool a_journal_sector_after_a_full_one(unsigned sector) {
  Ecu ecu = confirmed(1);
  ecu.update_to(kC, 2);
  while (ecu.update.end + kRecordSize != ecu.flash.geometry().sector) {
    ecu.forge_record([](State&) {});
    ecu.restart();
  }
  const unsigned full = ecu.update.sector;
  bool right = ecu.install(ecu.package(kA, 3)) == ECU_OK && ecu.update.sector == (full ^ 1U);
  right = right && ecu.restart() == ECU_OK && ecu_update_confirm(&ecu.update) == ECU_OK;
  lose_sector(ecu, sector);
  return right && still_runs(ecu, kA);
}
bool a_journal_sector_after_a_full_one() { return in_each_sector(a_journal_sector_after_a_full_one); }

/* A key set is in force without its record; years later a bit of it changes. */
bool keys_whose_record_was_cut() {
  Ecu ecu = confirmed(8);
  bool right = ecu.send(keys_of(build_key(2, 0), 9, ecu.key)) == ECU_OK;
  ecu.flash.cut_at({ecu.flash.operations() + 1, Torn::kNothing}, 1);
  right = right && ecu_update_finish(&ecu.update) == ECU_FLASH_FAILED && ecu.restart() == ECU_OK;
  ecu.flip(ecu.flash.keys(0) + 50, 1);
  ecu.restart();
  return right && runs(ecu, kB) && ecu.send(ecu.package(kC, 10)) == ECU_UPDATE_KEYS_DAMAGED;
}

/* A key set is in force without its record, and can not be read in one begin: older keys stay out. */
bool a_key_set_that_is_away_for_a_moment() {
  Ecu ecu = confirmed(8);
  bool right = ecu.send(keys_of(build_key(2, 0), 9, ecu.key)) == ECU_OK;
  ecu.flash.cut_at({ecu.flash.operations() + 1, Torn::kNothing}, 1);
  right = right && ecu_update_finish(&ecu.update) == ECU_FLASH_FAILED && ecu.open() == ECU_OK;
  ecu.flash.damage_sector(ecu.flash.keys(0), Bad::kReadFails);
  right = right && ecu_update_begin(&ecu.update) == ECU_FLASH_FAILED;
  ecu.flash.heal();
  return right && ecu.send(ecu.package(kC, 10)) == ECU_PACKAGE_UNKNOWN_KEY;
}

/* Records and the key set are lost: the model waits, and runs when the key set can be read again. */
bool a_trial_without_keys() {
  Ecu ecu;
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(keys_of(next, 5, ecu.key)) == ECU_OK;
  ecu.key = next;
  right = right && ecu.install(ecu.package(kB, 8)) == ECU_OK;
  lose(ecu, ecu.flash.keys(0), 64);
  ecu.key = build_key(1, 0);  // of the factory
  right = right && ecu.restart() == ECU_OK && ecu.found.reverted == ECU_UPDATE_KEYS_DAMAGED && runs(ecu, kA);
  recover(ecu, ecu.flash.keys(0), 64);
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 1U;
}

/* Keys are withdrawn while a model runs on trial that they signed. */
bool keys_withdrawn_during_a_trial() {
  Ecu ecu;
  bool right = ecu.install(ecu.package(kC, 50)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  right = right && ecu.install(keys_of(build_key(2, 0), 50, ecu.key)) == ECU_OK;
  right = right && ecu_update_confirm(&ecu.update) == ECU_PACKAGE_UNKNOWN_KEY && ecu.restart() == ECU_OK;
  return right && runs(ecu, kA);
}

/* Power fails between the two records of a confirmation; years later a bit of the first one changes. */
bool confirmed_once_on_the_last_try() {
  Ecu ecu;
  ecu.tries = 1;
  bool right = ecu.install(ecu.package(kB, 8)) == ECU_OK && ecu.restart() == ECU_OK;
  const uint32_t first = ecu.newest_record() + kRecordSize;
  ecu.flash.cut_at({ecu.flash.operations() + 1, Torn::kNothing}, 1);
  right = right && ecu_update_confirm(&ecu.update) == ECU_OK;
  right = right && ecu.restart() == ECU_OK && ecu.found.trial == 0U;
  const uint32_t operations = ecu.flash.operations();
  right = right && ecu.restart() == ECU_OK && ecu.flash.operations() == operations;  // once is enough
  ecu.flip(first, 3);
  return right && ecu.restart() == ECU_OK && ecu.found.trial == 0U && runs(ecu, kB);
}

/* The record that puts keys in force is lost. */
bool keys_without_their_record() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(keys_of(build_key(2, 0), 9, ecu.key)) == ECU_OK;
  lose(ecu, ecu.newest_record(), 32);
  ecu.restart();
  return right && runs(ecu, kB) && ecu.send(ecu.package(kC, 10)) == ECU_PACKAGE_UNKNOWN_KEY;
}

/* Records can not be read for a time: what was decided then stays decided. */
bool a_record_that_heals() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  const uint32_t tried = ecu.newest_record();
  lose(ecu, tried, 32);
  right = right && ecu.open() == ECU_OK && ecu_update_revert(&ecu.update) == ECU_OK;
  recover(ecu, tried, 32);
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 0U;
}

bool records_that_heal() {
  Ecu ecu = confirmed(8);
  for (unsigned round = 0; round < 3; ++round) {
    (void)ecu.install(ecu.package(kC, 9));
    ecu.restart();
    (void)ecu_update_revert(&ecu.update);
  }
  const uint32_t size = 8U * kRecordSize;
  const uint32_t first = ecu.newest_record() + kRecordSize - size;
  lose(ecu, first, size);
  ecu.restart();
  ecu.update_to(kA, 9);
  recover(ecu, first, size);
  return ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
}

/* The journal can not be read in one begin. */
bool a_journal_that_is_away_for_a_moment() {
  Ecu ecu = confirmed(8);
  lose_journal(ecu);
  bool right = ecu_update_begin(&ecu.update) == ECU_FLASH_FAILED;
  recover(ecu, ecu.flash.journal(0), 2U * ecu.flash.geometry().sector);
  right = right && ecu.install(keys_of(build_key(2, 0), 9, ecu.key)) == ECU_OK;
  return right && ecu.restart() == ECU_OK && runs(ecu, kB);
}

/* A revert whose record fails is none; it is called again. */
bool a_revert_that_fails() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  ecu.lie(true, false);
  right = right && ecu_update_revert(&ecu.update) == ECU_FLASH_FAILED;
  ecu.lie(false, false);
  right = right && ecu_update_confirm(&ecu.update) == ECU_UPDATE_NO_TRIAL;
  right = right && ecu_update_revert(&ecu.update) == ECU_OK;
  return right && ecu.boot() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 0U;
}

/* The record of a confirmation lies in flash although that had to report a failure; then comes a revert, and
 * power fails in it. */
bool a_revert_behind_a_confirmation_that_failed() {
  bool right = true;
  for (uint32_t operation = 0; operation < 6; ++operation) {
    Ecu ecu = confirmed(7);
    right = right && ecu.install(ecu.package(kC, 8)) == ECU_OK && ecu.restart() == ECU_OK;
    ecu.lie(true, false);
    right = right && ecu_update_confirm(&ecu.update) == ECU_FLASH_FAILED;
    ecu.lie(operation % 2U != 0U, false);
    ecu.flash.cut_at({ecu.flash.operations() + operation / 2U, Torn::kNothing}, 1);
    (void)ecu_update_revert(&ecu.update);
    ecu.lie(false, false);
    ecu.flash.cut_at({UINT32_MAX, Torn::kNothing}, 0);  // where there was no such operation
    right = right && ecu.restart() == ECU_OK && ecu.found.image != nullptr;
  }
  return right;
}

/* Records are lost, and the application gives the newest model up: the one before it is the reserve. */
bool a_reserve(unsigned slot) {
  Ecu ecu = confirmed(7);
  ecu.update_to(kC, 8);
  if (slot == 0) {
    ecu.update_to(kA, 9);
  }
  lose_journal(ecu);
  bool right = ecu.restart() == ECU_OK && runs(ecu, slot == 0 ? kA : kC) && ecu.found.trial == 1U;
  right = right && ecu_update_revert(&ecu.update) == ECU_OK && ecu.restart() == ECU_OK;
  return right && runs(ecu, slot == 0 ? kC : kB) && ecu.found.trial == 0U;
}
bool a_reserve() {
  const bool first = a_reserve(0);
  return a_reserve(1) && first;
}

/* Records are lost after a model was given up: it does not come back. */
bool a_model_that_was_given_up() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK &&
               ecu_update_revert(&ecu.update) == ECU_OK;
  lose_journal(ecu);
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu_update_confirm(&ecu.update) == ECU_OK;
}

/* One bit of what was never written makes no loss of a device from the factory: its keys are in force, also
 * beside a part of a key package. */
bool a_bit_of_an_erased_journal() {
  Ecu ecu;
  ecu.fill_factory(kA, 30);
  ecu.flip(ecu.flash.journal(1) + 700, 2);
  bool right = true;
  for (unsigned boot = 0; boot < 5; ++boot) {
    right = right && ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
  }
  const ByteVector keys = keys_of(build_key(2, 0), 31, ecu.key);
  right = right && ecu_update_begin(&ecu.update) == ECU_OK &&
          ecu_update_write(&ecu.update, keys.data(), keys.size() - 9U) == ECU_OK;
  return right && ecu.restart() == ECU_OK && ecu.send(ecu.package(kB, 32)) == ECU_OK;
}

/* The header that a line wrote can not be read in one begin: nothing is recorded of it. */
bool a_factory_header_that_is_away_for_a_moment() {
  Ecu ecu;
  ecu.fill_factory(kA, 30);
  bool right = ecu.restart() == ECU_OK && runs(ecu, kA);
  ecu.flash.damage_sector(ecu.flash.slot(1) - ecu.flash.geometry().sector, Bad::kReadFails);
  right = right && ecu_update_begin(&ecu.update) == ECU_FLASH_FAILED;
  ecu.flash.heal();
  right = right && ecu.install(keys_of(build_key(2, 0), 31, ecu.key)) == ECU_OK;
  return right && still_runs(ecu, kA);
}

/* One bit of the sequence that a line wrote: the device can be repaired. */
bool a_bit_of_a_factory_header() {
  Ecu ecu;
  ecu.fill_factory(kA, 20261129);
  bool right = ecu.restart() == ECU_OK && ecu.found.sequence == 20261129;
  const uint32_t header = ecu.flash.slot(0) + ecu.flash.slot_size() - ECU_PACKAGE_HEADER_SIZE;
  uint32_t at = header;
  while (memcmp(ecu.flash.at(at), "\x1a\x01\x35\x29", 4) != 0) {
    ++at;
  }
  ecu.flip(at + 1U, 7);
  right = right && ecu.restart() == ECU_UPDATE_NO_MODEL;
  return right && ecu.install(ecu.package(kB, 20261130)) == ECU_OK && ecu.restart() == ECU_OK &&
         runs(ecu, kB);
}

/* Power fails in the first record of all, on flash that reports torn units; the new model is given up. */
bool the_first_record_of_all(uint32_t operation) {
  Ecu ecu;
  ecu.flash.lose_torn_units();
  bool right = ecu.send(ecu.package(kB, 5)) == ECU_OK;
  ecu.flash.cut_at({ecu.flash.operations() + operation, Torn::kHalf}, 1);
  (void)ecu_update_finish(&ecu.update);
  right = right && ecu.restart() == ECU_OK;
  (void)ecu_update_revert(&ecu.update);
  return right && ecu.restart() == ECU_OK && runs(ecu, kA);
}
bool the_first_record_of_all() {
  bool right = true;
  for (uint32_t operation = 0; operation < 2; ++operation) {
    right = the_first_record_of_all(operation) && right;
  }
  return right;
}

constexpr Check kLosses[] = {
    {"a journal sector", a_journal_sector},
    {"a journal sector after new keys", a_journal_sector_after_new_keys},
    {"a journal sector and twins", a_journal_sector_and_twins},
    {"a journal sector of the factory", a_journal_sector_of_the_factory},
    {"a journal sector after a cut", a_journal_sector_after_a_cut},
    {"a journal sector after a full one", a_journal_sector_after_a_full_one},
    {"a journal sector after a copy that failed", a_journal_sector_after_a_copy_that_failed},
    {"a stuck bit in a journal sector", a_stuck_bit_in_a_journal_sector},
    {"a slot that is away for a moment", a_slot_that_is_away_for_a_moment},
    {"the whole journal", the_whole_journal},
    {"both journal sectors for a time", both_journal_sectors_for_a_time},
    {"all records for a time", all_records_for_a_time},
    {"records during an install", records_during_an_install},
    {"newer records during an install", newer_records_during_an_install},
    {"newer records that are away for a moment", newer_records_that_are_away_for_a_moment},
    {"an install before the first boot", an_install_before_the_first_boot},
    {"keys whose record was cut", keys_whose_record_was_cut},
    {"a key set that is away for a moment", a_key_set_that_is_away_for_a_moment},
    {"a trial without keys", a_trial_without_keys},
    {"keys withdrawn during a trial", keys_withdrawn_during_a_trial},
    {"confirmed once on the last try", confirmed_once_on_the_last_try},
    {"keys without their record", keys_without_their_record},
    {"a record that heals", a_record_that_heals},
    {"records that heal", records_that_heal},
    {"a revert that fails", a_revert_that_fails},
    {"a revert behind a confirmation that failed", a_revert_behind_a_confirmation_that_failed},
    {"a reserve", a_reserve},
    {"a journal that is away for a moment", a_journal_that_is_away_for_a_moment},
    {"a model that was given up", a_model_that_was_given_up},
    {"a bit of an erased journal", a_bit_of_an_erased_journal},
    {"a factory header that is away for a moment", a_factory_header_that_is_away_for_a_moment},
    {"a bit of a factory header", a_bit_of_a_factory_header},
    {"the first record of all", the_first_record_of_all},
};

}  // namespace

int run_losses() { return run_all(kLosses); }

}  // namespace ecu::test
