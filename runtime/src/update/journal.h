/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The journal of docs/slots.md: records in two sectors, each the whole state; the newest one counts. A full
 *  sector is continued in the other, which is erased before; what is confirmed stands in both.
 */
#ifndef ECU_SRC_UPDATE_JOURNAL_H
#define ECU_SRC_UPDATE_JOURNAL_H

#include <stdint.h>

#include "ecu/update.h"

namespace ecu {

/** What a record changes in the state. The first three are what becomes of a slot: an ecu_slot_state. */
enum class Change : uint8_t {
  kEmptied = ECU_SLOT_EMPTY,        // it holds nothing that may run: given up, or about to be written
  kStaged = ECU_SLOT_STAGED,        // it holds the payload of the package with the sequence `value`
  kConfirmed = ECU_SLOT_CONFIRMED,  // it, with the package `value`, is the active one
  kKeys,                            // the key set of the package `value` is in force
  kTried,                           // the staged slot starts its trial number `value`
  kNothing                          // the same once more, in the other sector
};

/** No slot, no sector. */
constexpr uint8_t kNone = 2U;

/** Bytes of a record. */
constexpr uint32_t kRecordSize = 32U;

/** Bytes from one record in flash to the next with this program unit. */
[[nodiscard]] constexpr uint32_t record_stride(uint32_t program_unit) noexcept {
  return program_unit > kRecordSize ? program_unit : kRecordSize;
}

/** Records that a journal sector holds at least. */
constexpr uint32_t kFewestRecords = 8U;

/** What the journal says. */
struct Found {
  ecu_journal
      journal;     // its newest record, blank without one; with the sequence that the next one goes on from
  uint32_t known;  // sequence of that record; 0: there is none
  uint32_t end;    // as in ecu_update
  uint8_t sector;
  uint8_t single;
};

/** Reads the journal; changes nothing.
 *
 *  @return ECU_OK, or ECU_FLASH_FAILED when the flash could not be read, or not as before
 */
[[nodiscard]] ecu_status scan(const ecu_update& update, Found& found) noexcept;

/** Changes the state and records it; on failure the state stays. kNothing goes to the other sector, and which
 *  model is confirmed is recorded in both: each may be lost.
 *
 *  @param slot  0 or 1, with changes of a slot
 *  @return ECU_OK after the record was read back, or ECU_FLASH_FAILED
 */
[[nodiscard]] ecu_status append(ecu_update& update, Change change, uint8_t slot,
                                uint32_t value = 0U) noexcept;

}  // namespace ecu
#endif
