/* SPDX-License-Identifier: Apache-2.0 */
/* Flash that cannot be read for a time or for ever, and bits that change years later: what was confirmed
 * still runs, nothing older does, and no key comes back. */
#include "losses.h"

#include "checks.h"
#include "ecus.h"

namespace ecu::test {
namespace {

/* 101 is confirmed, 100 its reserve, and the records that say so can not be read. */
void lose_newest(Ecu& ecu) {
  grow_old(ecu);
  ecu.update_to(kC, 100);
  ecu.update_to(kB, 101);
  lose_sector(ecu, 1);
}

/* The only journal sector that was ever written can not be read: that is no device from the factory. */
bool the_only_journal_sector(uint32_t operation, Torn torn) {
  Ecu ecu = confirmed(8);
  lose_sector(ecu, 0);
  ecu.flash.cut_at({ecu.flash.operations() + operation, torn}, 1);  // in the next record as well
  ecu.restart();
  ecu.restart();
  return runs(ecu, kB) && ecu.send(ecu.package(kC, 7)) == ECU_PACKAGE_ROLLBACK;
}
bool the_only_journal_sector() {
  bool right = true;
  for (uint32_t operation = 0; operation < 2; ++operation) {
    for (unsigned torn = 0; torn < kTornKinds; ++torn) {
      right = the_only_journal_sector(operation, static_cast<Torn>(torn)) && right;
    }
  }
  return right;
}

/* The newest records cannot be read, and the other sector has old ones: those do not count. */
bool the_newer_journal_sector() {
  Ecu ecu;
  lose_newest(ecu);
  ecu.restart();
  return runs(ecu, kB) && ecu.send(ecu.package(kA, 50)) == ECU_PACKAGE_ROLLBACK &&
         ecu_update_confirm(&ecu.update) == ECU_OK && ecu.restart() == ECU_OK && ecu.found.trial == 0U &&
         runs(ecu, kB);
}
bool the_newer_journal_sector_and_keys() {
  Ecu ecu;
  const ecu_key first = ecu.key;
  grow_old(ecu);
  bool right = ecu.install(keys_of(build_key(2, 0), 101, first)) == ECU_OK;
  ecu.key = build_key(2, 0);
  ecu.update_to(kC, 102);
  ecu.update_to(kB, 103);
  lose_sector(ecu, 1);
  ecu.key = first;
  ecu.restart();
  return right && runs(ecu, kB) && ecu.send(ecu.package(kA, 1000)) == ECU_PACKAGE_UNKNOWN_KEY;
}

/* Both sectors can not be read for a time; what was decided then stays decided. */
bool both_journal_sectors_for_a_time() {
  Ecu ecu;
  grow_old(ecu);
  for (uint32_t sequence = 100; sequence < 160; ++sequence) {
    ecu.update_to(sequence % 2 == 1 ? kB : kC, sequence);
  }
  lose_sector(ecu, 0);
  lose_sector(ecu, 1);
  bool right = ecu.restart() == ECU_OK && runs(ecu, kB) && ecu_update_confirm(&ecu.update) == ECU_OK;
  ecu.update_to(kA, 160);
  recover(ecu, ecu.flash.journal(0), 2U * ecu.flash.geometry().sector);
  return right && ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
}

/* A part of an install lies in the other slot, its header first, and records are lost. */
bool records_during_an_install() {
  Ecu ecu = confirmed(9);
  const ByteVector package = ecu.package(kC, 12);
  bool right = ecu_update_begin(&ecu.update) == ECU_OK &&
               ecu_update_write(&ecu.update, package.data(), package.size() - 9) == ECU_OK;
  lose_sector(ecu, 0);
  right = right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu_update_confirm(&ecu.update) == ECU_OK;
  return right && ecu.install(ecu.package(kA, 10)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kA);
}

/* The same when the newest records are lost and old ones are there. */
bool newer_records_during_an_install() {
  Ecu ecu;
  grow_old(ecu);
  ecu.update_to(kC, 101);
  ecu.update_to(kB, 102);
  const ByteVector package = ecu.package(kC, 103);
  const bool right = ecu.install(behind_header_of(package, kHostile)) == ECU_PACKAGE_BAD_PAYLOAD;
  lose_sector(ecu, 1);
  ecu.restart();
  return right && runs(ecu, kB) && ecu.send(ecu.package(kA, 50)) == ECU_PACKAGE_ROLLBACK;
}

/* The newest records can not be read in one begin; the old ones can. */
bool newer_records_that_are_away_for_a_moment() {
  Ecu ecu;
  lose_newest(ecu);
  bool right = ecu_update_begin(&ecu.update) == ECU_FLASH_FAILED;
  recover(ecu, ecu.flash.journal(1), ecu.flash.geometry().sector);
  right = right && ecu.install(keys_of(build_key(2, 0), 109, ecu.key)) == ECU_OK;
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 0U;
}

/* A sender comes before the boot that tries what was confirmed. */
bool an_install_before_the_first_boot() {
  Ecu ecu = confirmed(7);
  ecu.update_to(kC, 8);
  lose_sector(ecu, 0);
  bool right = ecu.open() == ECU_OK;
  right = right && ecu.send(ecu.package(kA, 9)) == ECU_UPDATE_TRIAL_RUNNING && ecu.boot() == ECU_OK;
  return right && runs(ecu, kC) && ecu.found.trial == 1U;
}

/* The newer sector is lost, and the older one ends with an install that has long been confirmed. */
bool newer_records_behind_an_install() {
  Ecu ecu = confirmed(1);
  ecu.update_to(kC, 2);
  while (ecu.update.ends[0] + kRecordSize != ecu.flash.geometry().sector) {
    ecu.forge_record([](State&) {});
    ecu.restart();
  }
  ecu.update_to(kA, 3);
  bool right = ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
  right = right && ecu.update.sector == 1;
  lose_sector(ecu, 1);
  ecu.restart();
  return right && runs(ecu, kA);
}

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
  lose_sector(ecu, 0);
  bool right = ecu_update_begin(&ecu.update) == ECU_FLASH_FAILED;
  recover(ecu, ecu.flash.journal(0), ecu.flash.geometry().sector);
  right = right && ecu.install(keys_of(build_key(2, 0), 9, ecu.key)) == ECU_OK;
  return right && ecu.restart() == ECU_OK && runs(ecu, kB);
}

/* A revert whose record fails; the next boot comes in the same time of power. */
bool a_revert_that_fails() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  ecu.lie(true, false);
  right = right && ecu_update_revert(&ecu.update) == ECU_FLASH_FAILED;
  ecu.lie(false, false);
  return right && ecu.boot() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 0U;
}

/* Records are lost, and the application gives the newest model up: the one before it is the reserve. */
bool a_reserve() {
  Ecu ecu = confirmed(7);
  ecu.update_to(kC, 8);
  lose_sector(ecu, 0);
  bool right = ecu.restart() == ECU_OK && runs(ecu, kC) && ecu_update_revert(&ecu.update) == ECU_OK;
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 0U;
}

/* Records are lost after a model was given up: it does not come back. */
bool a_model_that_was_given_up() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK &&
               ecu_update_revert(&ecu.update) == ECU_OK;
  lose_sector(ecu, 0);
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu_update_confirm(&ecu.update) == ECU_OK;
}

/* One bit of what was never written makes no loss of a device from the factory. */
bool a_bit_of_an_erased_journal() {
  Ecu ecu;
  ecu.fill_factory(kA, 30);
  ecu.flip(ecu.flash.journal(1) + 700, 2);
  bool right = true;
  for (unsigned boot = 0; boot < 5; ++boot) {
    right = right && ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
  }
  return right;
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
    {"the only journal sector", the_only_journal_sector},
    {"the newer journal sector", the_newer_journal_sector},
    {"the newer journal sector, and keys", the_newer_journal_sector_and_keys},
    {"both journal sectors for a time", both_journal_sectors_for_a_time},
    {"records during an install", records_during_an_install},
    {"newer records during an install", newer_records_during_an_install},
    {"newer records that are away for a moment", newer_records_that_are_away_for_a_moment},
    {"an install before the first boot", an_install_before_the_first_boot},
    {"newer records behind an install", newer_records_behind_an_install},
    {"keys whose record was cut", keys_whose_record_was_cut},
    {"a trial without keys", a_trial_without_keys},
    {"keys withdrawn during a trial", keys_withdrawn_during_a_trial},
    {"confirmed once on the last try", confirmed_once_on_the_last_try},
    {"keys without their record", keys_without_their_record},
    {"a record that heals", a_record_that_heals},
    {"records that heal", records_that_heal},
    {"a revert that fails", a_revert_that_fails},
    {"a reserve", a_reserve},
    {"a journal that is away for a moment", a_journal_that_is_away_for_a_moment},
    {"a model that was given up", a_model_that_was_given_up},
    {"a bit of an erased journal", a_bit_of_an_erased_journal},
    {"a bit of a factory header", a_bit_of_a_factory_header},
    {"the first record of all", the_first_record_of_all},
};

}  // namespace

int run_losses() { return run_all(kLosses); }

}  // namespace ecu::test
