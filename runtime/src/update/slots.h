/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_UPDATE_SLOTS_H
#define ECU_SRC_UPDATE_SLOTS_H

#include <stdint.h>

#include "journal.h"

namespace ecu {

/** How far an install is. Whatever else uses the buffer or changes the journal ends it. */
enum Phase : uint8_t { kIdle = 0, kHeader = 1, kPayload = 2 };

/** The slot that is not the active one: where a model is staged. */
[[nodiscard]] inline uint8_t other_slot(const ecu_journal& journal) noexcept { return journal.active ^ 1U; }

/** Whether a model is staged there. */
[[nodiscard]] inline bool has_staged(const ecu_journal& journal) noexcept {
  return journal.slots[other_slot(journal)].state == ECU_SLOT_STAGED;
}

/** The sequence of that. */
[[nodiscard]] inline uint32_t staged_sequence(const ecu_journal& journal) noexcept {
  return journal.slots[other_slot(journal)].sequence;
}

/** The sequence below which no model runs: what was confirmed last, or the one-time-programmable counter. */
[[nodiscard]] inline uint32_t lowest_sequence(const ecu_update& update) noexcept {
  const uint32_t confirmed = update.journal.slots[update.journal.active].sequence;
  return update.counter > confirmed ? update.counter : confirmed;
}

/** The sequence below which no package is installed: also that of the key set in force. */
[[nodiscard]] uint32_t newest_sequence(const ecu_update& update) noexcept;

/** Begins a call that changes the state, and ends an install: ECU_OK, ECU_NULL_ARGUMENT or ECU_NOT_OPEN. */
[[nodiscard]] ecu_status enter(ecu_update* update) noexcept;

/** Reads the one-time-programmable counter, if there is one, after raising it to `minimum`: ECU_OK, or
 *  ECU_FLASH_FAILED. */
[[nodiscard]] ecu_status read_counter(ecu_update& update, uint32_t minimum) noexcept;

/** The confirmed slot that may run and holds what it should, or kNone. Reads one or two slots, and needs the
 *  buffer of `update`. */
[[nodiscard]] uint8_t runnable_slot(ecu_update& update) noexcept;

}  // namespace ecu
#endif
