/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/slots.md promises, and neither power cuts nor lost records show: one case for each condition,
 * made so that no other one does its work. */
#include "promises.h"

#include <limits>

#include "checks.h"
#include "ecus.h"

namespace ecu::test {
namespace {

constexpr uint32_t kLast = std::numeric_limits<uint32_t>::max();

/* --- The counter in fuses --- */

/* Somebody who can write flash has a slot of his own confirmed: the fuses count only what is signed. */
bool a_forged_slot_burns_no_fuses() {
  Ecu ecu;
  ecu.flash.add_fuses(0);
  ecu.update_to(kB, 8);
  const ecu_key key = ecu.key;
  ecu.key = stranger();
  ecu.fill_factory(kHostile, kLast - 15U);
  ecu.key = key;
  ecu.forge_record([](State& forged) {
    forged.slots[0] = {ECU_SLOT_CONFIRMED, kLast - 15U};
    forged.active = 0;
  });
  ecu.restart();
  ecu.restart();
  return ecu.flash.fuses() == 8;
}

bool confirm_raises_the_fuses() {
  Ecu ecu;
  ecu.flash.add_fuses(0);
  bool right = ecu.install(ecu.package(kB, 8)) == ECU_OK && ecu.restart() == ECU_OK && ecu.found.trial == 1U;
  right = right && ecu.flash.fuses() == 0 && ecu_update_confirm(&ecu.update) == ECU_OK;
  return right && ecu.flash.fuses() == 8;
}

/* --- A slot that is in use --- */

bool refuses_as_busy(Ecu& ecu, const ByteVector& package) {
  const uint32_t before = ecu.flash.operations();
  return ecu.send(package) == ECU_UPDATE_TRIAL_RUNNING && ecu.flash.operations() == before;
}

/* The record of a confirmation lies in flash although that had to report a failure: begin finds the model
 * confirmed, but for the application it is on trial, up to the next boot. */
bool an_install_after_a_confirmation_that_failed() {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  ecu.lie(true, false);
  right = right && ecu_update_confirm(&ecu.update) == ECU_FLASH_FAILED;
  ecu.lie(false, false);
  right = right && refuses_as_busy(ecu, ecu.package(kA, 10));
  right = right && ecu.boot() == ECU_OK && runs(ecu, kC) && ecu.found.trial == 0U;
  return right && ecu.send(ecu.package(kA, 10)) == ECU_OK;
}

/* The slot that runs is found damaged, and its twin is whole: it is not written while it runs. */
bool an_install_over_the_model_that_runs() {
  Ecu ecu = confirmed(8);
  ecu.update_to(kB, 8);
  bool right = ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 0U;
  const uint8_t slot = ecu.found.slot;
  ecu.flip(ecu.flash.slot(slot) + 80, 2);
  right = right && refuses_as_busy(ecu, ecu.package(kC, 9));
  right = right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.found.slot != slot;
  return right && ecu.send(ecu.package(kC, 9)) == ECU_OK;
}

/* A trial that a second boot has given up is none any more. */
bool an_install_after_a_trial_was_given_up() {
  Ecu ecu;
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(ecu.package(kC, 50)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  right = right && ecu.install(keys_of(next, 50, ecu.key)) == ECU_OK;
  right = right && ecu_update_confirm(&ecu.update) == ECU_PACKAGE_UNKNOWN_KEY;
  right = right && ecu.boot() == ECU_OK && runs(ecu, kA) && ecu.found.reverted == ECU_PACKAGE_UNKNOWN_KEY;
  return right && ecu.send(build_package({true, 51, kB, next})) == ECU_OK;
}

/* --- Keys --- */

/* Two key sets under one sequence: the device keeps the first. */
bool other_keys_under_one_sequence() {
  Ecu ecu = confirmed(8);
  const ecu_key next = build_key(2, 0);
  bool right = ecu.install(keys_of(next, 9, ecu.key)) == ECU_OK;
  const uint32_t before = ecu.flash.operations();
  right = right && ecu.send(keys_of(build_key(3, 0), 9, next)) == ECU_PACKAGE_OTHER_CONTENT &&
          ecu.flash.operations() == before;
  return right && ecu.install(keys_of(next, 9, next)) == ECU_OK;
}

/* The sequence of the confirmed model is used up, for keys as well. */
bool keys_under_the_sequence_of_a_model() {
  Ecu ecu = confirmed(8);
  return ecu.send(keys_of(build_key(2, 0), 8, ecu.key)) == ECU_PACKAGE_OTHER_CONTENT &&
         ecu.send(ecu.package(kC, 9)) == ECU_OK;
}

/* --- Records --- */

/* All records of a first update are lost: of a device that has confirmed nothing a sector is erased. */
bool the_records_of_a_first_update() {
  Ecu ecu = confirmed(8);
  const bool right = ecu.update.sector == 1 && ecu.update.end == kRecordSize;
  lose(ecu, ecu.flash.journal(0), 3U * kRecordSize);
  lose(ecu, ecu.flash.journal(1), kRecordSize);
  ecu.restart();
  return right && runs(ecu, kB) && ecu.send(ecu.package(kC, 7)) == ECU_PACKAGE_ROLLBACK;
}

/* All records of an update that was given up are lost: the device is as the factory made it. */
bool the_records_of_a_first_trial() {
  Ecu ecu;
  ecu.fill_factory(kA, 30);
  bool right = ecu.restart() == ECU_OK && ecu.install(ecu.package(kB, 31)) == ECU_OK;
  right = right && ecu.restart() == ECU_OK && ecu_update_revert(&ecu.update) == ECU_OK;
  right = right && ecu.update.end == 3U * kRecordSize;
  lose(ecu, ecu.flash.journal(0), ecu.update.end);
  return right && ecu.restart() == ECU_OK && runs(ecu, kA) && ecu.found.trial == 0U;
}

/* Both journal sectors can not be read in one time of power, in which power fails in a record. It does not
 * cost the newest records, which can be read again. */
bool a_record_behind_what_can_not_be_read() {
  Ecu ecu;
  grow_old(ecu);
  ecu.update_to(kC, 100);
  ecu.update_to(kB, 101);
  bool right = ecu.update.end < ecu.flash.geometry().sector / 2U;
  lose_journal(ecu);
  ecu.flash.cut_at({ecu.flash.operations(), Torn::kHalf}, 1);
  ecu.restart();
  right = right && !ecu.flash.powered();
  recover(ecu, ecu.flash.journal(0), 2U * ecu.flash.geometry().sector);
  return right && ecu.restart() == ECU_OK && runs(ecu, kB) && ecu.found.trial == 0U;
}

/* A record of something that there is not, with a right CRC, is none. */
bool a_record_out_of_range(const std::function<void(State&, uint8_t slot)>& change) {
  bool right = true;
  for (uint8_t slot = 0; slot < 2U; ++slot) {
    Ecu ecu = confirmed(8);
    ecu.update_to(kC, 9);
    if (slot == 1U) {
      ecu.update_to(kB, 10);
    }
    right = right && ecu.update.journal.active == slot;
    ecu.forge_record([&](State& forged) { change(forged, slot); });
    right = right && ecu.restart() == ECU_OK && runs(ecu, slot == 1U ? kB : kC) && ecu.found.trial == 0U;
  }
  return right;
}
bool a_slot_that_is_not_there() {
  return a_record_out_of_range([](State& forged, uint8_t) { forged.active = 2; });
}
bool a_state_that_is_not_there() {
  return a_record_out_of_range(
      [](State& forged, uint8_t slot) { forged.slots[slot].state = static_cast<ecu_slot_state>(3); });
}

/* The last sequence of all is used up: no record is newer, and confirm does not say that one was written. */
bool no_record_follows_the_last_one(bool torn) {
  Ecu ecu = confirmed(8);
  bool right = ecu.install(ecu.package(kC, 9)) == ECU_OK && ecu.restart() == ECU_OK && runs(ecu, kC);
  const State state = state_of(ecu.flash.at(ecu.newest_record()));
  const uint32_t end = ecu.newest_record() + kRecordSize;
  ecu.flash.place(end, record_bytes(kLast, state));
  if (torn) {
    ecu.flash.place(end + kRecordSize, ByteVector(kRecordSize, 0x5a));
  }
  right = right && ecu_update_begin(&ecu.update) == ECU_OK;
  right = right && ecu_update_confirm(&ecu.update) == ECU_FLASH_FAILED && ecu.restart() == ECU_OK;
  return right && runs(ecu, kB) && ecu.found.trial == 0U;
}
bool no_record_follows_the_last_one() { return no_record_follows_the_last_one(false); }
bool no_record_follows_the_last_one_and_a_torn_one() { return no_record_follows_the_last_one(true); }

constexpr Check kPromises[] = {
    {"a forged slot burns no fuses", a_forged_slot_burns_no_fuses},
    {"confirm raises the fuses", confirm_raises_the_fuses},
    {"an install after a confirmation that failed", an_install_after_a_confirmation_that_failed},
    {"an install over the model that runs", an_install_over_the_model_that_runs},
    {"an install after a trial was given up", an_install_after_a_trial_was_given_up},
    {"other keys under one sequence", other_keys_under_one_sequence},
    {"keys under the sequence of a model", keys_under_the_sequence_of_a_model},
    {"the records of a first update", the_records_of_a_first_update},
    {"the records of a first trial", the_records_of_a_first_trial},
    {"a record behind what can not be read", a_record_behind_what_can_not_be_read},
    {"a slot that is not there", a_slot_that_is_not_there},
    {"a state that is not there", a_state_that_is_not_there},
    {"no record follows the last one", no_record_follows_the_last_one},
    {"no record follows the last one and a torn one", no_record_follows_the_last_one_and_a_torn_one},
};

}  // namespace

int run_promises() { return run_all(kPromises); }

}  // namespace ecu::test
