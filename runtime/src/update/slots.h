/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_UPDATE_SLOTS_H
#define ECU_SRC_UPDATE_SLOTS_H

#include <stdint.h>

#include "journal.h"

namespace ecu {

/** Bytes of a slot that a payload may take; what follows keeps the bytes of the package before it. */
[[nodiscard]] inline uint32_t payload_room(const ecu_update_config& config, uint32_t slot) noexcept {
  return config.areas[slot].size - ECU_PACKAGE_HEADER_SIZE;
}

/** The staged slot, or kNone. */
[[nodiscard]] inline uint8_t staged_slot(const ecu_journal& journal) noexcept {
  const uint8_t other = journal.active ^ 1U;
  return journal.slots[other].state == ECU_SLOT_STAGED ? other : kNone;
}

/** The sequence below which no model runs: what was confirmed last, or the one-time-programmable counter,
 *  which is first raised to `minimum`.
 */
[[nodiscard]] uint32_t lowest_sequence(const ecu_update& update, uint32_t minimum = 0U) noexcept;

/** The confirmed slot that may run and holds what it should, or kNone. Reads the image of a slot or two. */
[[nodiscard]] uint8_t runnable_slot(const ecu_update& update) noexcept;

}  // namespace ecu
#endif
