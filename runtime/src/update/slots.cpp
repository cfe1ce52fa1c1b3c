/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include "area.h"
#include "key_set.h"
#include "stored.h"

namespace ecu {
namespace {

/* Whether what the slot holds may become the confirmed model: the whole package that the journal tells of,
 * not older than what was confirmed, signed by a key that is in force now. */
ecu_status check_release(ecu_update& update, uint8_t slot) noexcept {
  PackageHeader header;
  const uint32_t sequence = update.journal.slots[slot].sequence;
  if (sequence == 0U || !holds_package(update, slot, sequence, header)) {
    return ECU_IMAGE_BAD_DIGEST;
  }
  return sequence < lowest_sequence(update) ? ECU_PACKAGE_ROLLBACK : check_signed(update, header);
}

/* Gives the staged model one more try, when it has one left. */
ecu_status start_trial(ecu_update& update, uint8_t slot) noexcept {
  const ecu_update_config& config = *update.config;
  if (update.journal.tries >= config.tries) {
    return ECU_UPDATE_NO_TRIAL;
  }
  ecu_status status = check_release(update, slot);
  if (status == ECU_OK) {
    const uint32_t tries = update.journal.tries + 1U;
    status = append(update, Change::kTried, slot, tries);
  }
  if (status != ECU_OK || config.self_test == nullptr) {
    return status;
  }
  return config.self_test(config.self_test_context, config.memory[slot], room_of(update.areas[slot]));
}

/* The model does not come back, should the record be lost: without its first sector it is no package any
 * more, and no image. Behind the record, since one that confirms it may be in flash unknown. */
ecu_status give_up(ecu_update& update, uint8_t slot) noexcept {
  const ecu_status status = append(update, Change::kEmptied, slot);
  if (status == ECU_OK) {
    const Area& area = update.areas[slot];
    (void)erase(area, area.geometry.sector_size);
  }
  return status;
}

/* Makes up for a confirmation that was cut off before it raised the counter. */
ecu_status catch_up(ecu_update& update, uint8_t slot) noexcept {
  const uint32_t sequence = update.journal.slots[slot].sequence;
  const bool behind = update.config->flash->counter != nullptr && sequence > update.counter;
  return behind && check_release(update, slot) == ECU_OK ? read_counter(update, sequence) : ECU_OK;
}

void run(ecu_update& update, uint8_t slot, ecu_boot& boot) noexcept {
  update.running = slot;
  boot.slot = slot;
  boot.trial = update.trial;
  boot.image = update.config->memory[slot];
  boot.image_size = room_of(update.areas[slot]);
  boot.sequence = update.journal.slots[slot].sequence;
}

}  // namespace

ecu_status enter(ecu_update* update) noexcept {
  if (update == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  update->phase = kIdle;
  return update->config == nullptr ? ECU_NOT_OPEN : ECU_OK;
}

uint32_t newest_sequence(const ecu_update& update) noexcept {
  const uint32_t keys = update.journal.keys_sequence;
  const uint32_t lowest = lowest_sequence(update);
  return keys > lowest ? keys : lowest;
}

ecu_status read_counter(ecu_update& update, uint32_t minimum) noexcept {
  const ecu_flash& port = *update.config->flash;
  uint32_t value = update.counter;
  const ecu_status status = port.counter == nullptr ? ECU_OK : port.counter(port.context, minimum, &value);
  if (status == ECU_OK) {
    update.counter = value;
  }
  return status;
}

uint8_t runnable_slot(ecu_update& update) noexcept {
  const uint32_t lowest = lowest_sequence(update);
  PackageHeader header;
  for (uint8_t i = 0U; i < 2U; ++i) {
    const uint8_t slot = update.journal.active ^ i;
    const uint32_t sequence = update.journal.slots[slot].sequence;
    if (update.journal.slots[slot].state == ECU_SLOT_CONFIRMED && sequence >= lowest &&
        holds_package(update, slot, sequence, header)) {
      return slot;
    }
  }
  return kNone;
}

}  // namespace ecu

using ecu::kNone;

ecu_status ecu_update_boot(ecu_update* update, ecu_boot* boot) {
  if (boot == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  *boot = ecu_boot{};
  boot->slot = kNone;
  ecu_status status = ecu::enter(update);
  if (status != ECU_OK) {
    return status;
  }
  update->trial = 0U;
  uint8_t slot = ecu::other_slot(update->journal);
  if (ecu::has_staged(update->journal)) {
    // A trial that runs already goes on: it takes no other try.
    boot->reverted = slot == update->running ? ECU_OK : ecu::start_trial(*update, slot);
    update->trial = boot->reverted == ECU_OK ? 1U : 0U;
    // Where no try can be recorded, or no key can be looked up, the trial waits.
    if (boot->reverted != ECU_OK && boot->reverted != ECU_FLASH_FAILED &&
        boot->reverted != ECU_UPDATE_KEYS_DAMAGED) {
      (void)ecu::give_up(*update, slot);
    }
  }
  if (update->trial == 0U) {
    update->running = kNone;
    if (update->single != 0U) {
      (void)ecu::append(*update, ecu::Change::kNothing, slot);
    }
    slot = ecu::runnable_slot(*update);
    if (slot == kNone) {
      return ECU_UPDATE_NO_MODEL;
    }
    status = ecu::catch_up(*update, slot);
  }
  if (status == ECU_OK) {
    ecu::run(*update, slot, *boot);
  }
  return status;
}

ecu_status ecu_update_confirm(ecu_update* update) {
  ecu_status status = ecu::enter(update);
  if (status != ECU_OK) {
    return status;
  }
  const uint8_t slot = ecu::other_slot(update->journal);
  if (!ecu::has_staged(update->journal) || slot != update->running) {
    return ECU_UPDATE_NO_TRIAL;
  }
  const uint32_t sequence = update->journal.slots[slot].sequence;
  status = ecu::check_release(*update, slot);  // again: its key may have left since it was tried
  if (status != ECU_OK) {
    // Bytes that can not be read now may be read again; else the next boot decides anew.
    update->running = status == ECU_IMAGE_BAD_DIGEST ? slot : kNone;
    return status;
  }
  status = ecu::append(*update, ecu::Change::kConfirmed, slot, sequence);
  if (status == ECU_OK) {
    update->trial = 0U;
    (void)ecu::read_counter(*update, sequence);
  }
  return status;
}

ecu_status ecu_update_revert(ecu_update* update) {
  ecu_status status = ecu::enter(update);
  if (status != ECU_OK) {
    return status;
  }
  const uint8_t slot = ecu::other_slot(update->journal);
  if (!ecu::has_staged(update->journal)) {
    return ECU_UPDATE_NO_TRIAL;
  }
  update->trial = 0U;
  if (update->running == slot) {  // whatever the record comes to: the next boot decides anew
    update->running = kNone;
  }
  return ecu::give_up(*update, slot);
}
