/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <string.h>

#include "../little_endian.h"
#include "area.h"

namespace ecu {
namespace {

constexpr uint8_t kImageMagic[4] = {0x45U, 0x43U, 0x55U, 0x49U};  // docs/model_image.md
constexpr uint32_t kImageSizeAt = 8U;
constexpr uint32_t kSmallestImage = 144U;

/* The slot starts with a model image that matches its own digest. Read through the port, which may meet
 * damage that would stop the processor. */
bool holds_image(const ecu_update_config& config, uint8_t slot) noexcept {
  const Area area(config, slot);
  uint8_t head[kImageSizeAt + 4U];
  if (!area.read(0U, head, sizeof head) || memcmp(head, kImageMagic, sizeof kImageMagic) != 0) {
    return false;
  }
  const uint32_t size = load_u32(head + kImageSizeAt);
  return size >= kSmallestImage && size <= payload_room(config, slot) &&
         area.ends_with_digest(size - ECU_DIGEST_SIZE);
}

/* Gives the staged model one more try, when it has one left. */
ecu_status start_trial(ecu_update& update, uint8_t slot) noexcept {
  const ecu_update_config& config = *update.config;
  if (update.journal.tries >= config.tries) {
    return ECU_UPDATE_NO_TRIAL;
  }
  if (!holds_image(config, slot)) {
    return ECU_IMAGE_BAD_DIGEST;
  }
  const uint8_t tries = static_cast<uint8_t>(update.journal.tries + 1U);
  const ecu_status status = append(config, update.journal, what_of(Op::kTried, slot, tries));
  if (status != ECU_OK || config.self_test == nullptr) {
    return status;
  }
  return config.self_test(config.self_test_context, config.memory[slot], payload_room(config, slot));
}

void run(ecu_update& update, uint8_t slot, ecu_boot& boot) noexcept {
  update.running = slot;
  boot.slot = slot;
  boot.image = update.config->memory[slot];
  boot.image_size = payload_room(*update.config, slot);
  boot.sequence = update.journal.slots[slot].sequence;
}

}  // namespace

uint32_t lowest_sequence(const ecu_update& update, uint32_t minimum) noexcept {
  const ecu_flash& port = *update.config->flash;
  const uint32_t confirmed = update.journal.slots[update.journal.active].sequence;
  uint32_t counter = 0U;
  if (port.counter == nullptr || port.counter(port.context, minimum, &counter) != ECU_OK) {
    return confirmed;
  }
  return counter > confirmed ? counter : confirmed;
}

uint8_t runnable_slot(const ecu_update& update) noexcept {
  const uint32_t lowest = lowest_sequence(update);
  for (uint8_t i = 0U; i < 2U; ++i) {
    const uint8_t slot = update.journal.active ^ i;
    const ecu_slot_info& info = update.journal.slots[slot];
    if (info.state == ECU_SLOT_CONFIRMED && info.sequence >= lowest && holds_image(*update.config, slot)) {
      return slot;
    }
  }
  return kNone;
}

}  // namespace ecu

using ecu::kNone;

ecu_status ecu_update_boot(ecu_update* update, ecu_boot* boot) {
  if (update == nullptr || boot == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  *boot = ecu_boot{};
  boot->slot = kNone;
  if (update->config == nullptr) {
    return ECU_NOT_OPEN;
  }
  const ecu_update_config& config = *update->config;
  ecu_journal& journal = update->journal;
  update->running = kNone;
  const uint8_t staged = ecu::staged_slot(journal);
  if (staged != kNone) {
    boot->reverted = ecu::start_trial(*update, staged);
    if (boot->reverted == ECU_OK) {
      boot->trial = 1U;
      ecu::run(*update, staged, *boot);
      return ECU_OK;
    }
    if (boot->reverted != ECU_FLASH_FAILED) {  // where no try can be recorded, the trial waits
      (void)ecu::append(config, journal, ecu::what_of(ecu::Op::kReverted, staged));
    }
  }
  // A confirmation may have been cut off before it raised the counter.
  (void)ecu::lowest_sequence(*update, journal.slots[journal.active].sequence);
  const uint8_t slot = ecu::runnable_slot(*update);
  if (slot == kNone) {
    return ECU_UPDATE_NO_MODEL;
  }
  ecu::run(*update, slot, *boot);
  return ECU_OK;
}

ecu_status ecu_update_confirm(ecu_update* update) {
  if (update == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  if (update->config == nullptr) {
    return ECU_NOT_OPEN;
  }
  ecu_journal& journal = update->journal;
  const uint8_t slot = ecu::staged_slot(journal);
  if (slot == kNone || slot != update->running) {
    return ECU_UPDATE_NO_TRIAL;
  }
  const uint32_t sequence = journal.slots[slot].sequence;
  const ecu_status status =
      ecu::append(*update->config, journal, ecu::what_of(ecu::Op::kConfirmed, slot), sequence);
  if (status == ECU_OK) {
    (void)ecu::lowest_sequence(*update, sequence);
  }
  return status;
}

ecu_status ecu_update_revert(ecu_update* update) {
  if (update == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  if (update->config == nullptr) {
    return ECU_NOT_OPEN;
  }
  const uint8_t slot = ecu::staged_slot(update->journal);
  if (slot == kNone) {
    return ECU_UPDATE_NO_TRIAL;
  }
  const ecu_status status =
      ecu::append(*update->config, update->journal, ecu::what_of(ecu::Op::kReverted, slot));
  if (status == ECU_OK && update->running == slot) {
    update->running = kNone;
  }
  return status;
}
