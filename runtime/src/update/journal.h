/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The journal of docs/slots.md: records in two sectors, of which the one with the newest commit counts.
 *  A full sector is continued in the other: erased, then the whole state, then a record that commits it.
 */
#ifndef ECU_SRC_UPDATE_JOURNAL_H
#define ECU_SRC_UPDATE_JOURNAL_H

#include <stdint.h>

#include "ecu/update.h"

namespace ecu {

/** What a record says. The numbers are part of the format. */
enum class Op : uint8_t {
  kBegin = 1,      // the content of the slot is invalid from here
  kStaged = 2,     // the slot holds the payload of the package with this sequence
  kTried = 3,      // the staged slot starts its trial number `tries`
  kConfirmed = 4,  // the slot is the active one
  kReverted = 5,   // the staged slot was given up
  kKeys = 6,       // the key set in key sector `slot` is in force
  kCommit = 7      // the `value` records before this one are the whole state
};

/** One entry of the journal, as three numbers. */
struct Record {
  uint32_t sequence;  // of the record; rises by one
  uint32_t what;      // see what_of
  uint32_t value;     // package sequence with kStaged, kConfirmed and kKeys; count with kCommit
};

/** Bytes 4 to 7 of a record as a number: operation, slot (0 or 1), and with kTried the tries. */
[[nodiscard]] constexpr uint32_t what_of(Op op, uint8_t slot, uint8_t tries = 0U) noexcept {
  return static_cast<uint32_t>(op) | (static_cast<uint32_t>(slot) << 8U) |
         (static_cast<uint32_t>(tries) << 16U);
}
[[nodiscard]] constexpr Op op_of(uint32_t what) noexcept { return static_cast<Op>(what & 0xffU); }
[[nodiscard]] constexpr uint8_t slot_of(uint32_t what) noexcept {
  return static_cast<uint8_t>((what >> 8U) & 0xffU);
}
[[nodiscard]] constexpr uint8_t tries_of(uint32_t what) noexcept {
  return static_cast<uint8_t>((what >> 16U) & 0xffU);
}

/** No slot, no sector. */
constexpr uint8_t kNone = 2U;

/** Bytes of a record in flash with this program unit. */
[[nodiscard]] constexpr uint32_t record_stride(uint32_t program_unit) noexcept {
  return program_unit > 16U ? program_unit : 16U;
}

/** Records that a journal sector holds at least: a snapshot of the state has up to five, the last of them
 *  its commit. */
constexpr uint32_t kFewestRecords = 8U;
constexpr uint32_t kMostBeforeCommit = 4U;

/** What the two sectors say together. */
enum class Found : uint8_t {
  kState,   // the state, or the newest one that is known to be whole
  kErased,  // nothing was ever recorded: the device is as the factory made it
  kLost     // records are missing that were once there
};

/** Reads the journal. Without a state it is blank, and the next record goes where nothing is lost by it.
 *  Writes nothing.
 *
 *  @return ECU_OK, or ECU_FLASH_FAILED when the flash could not be read: then nothing is known
 */
[[nodiscard]] ecu_status scan(ecu_update& update, Found& found) noexcept;

/** Appends a record and changes the state; on failure the state stays, but for lost places. Which model is
 *  confirmed and which keys are in force is written twice, since the newest record of all may be lost
 *  unseen: it looks like one that power has cut.
 *
 *  @param what of what_of
 *  @return ECU_OK after the record was read back, or ECU_FLASH_FAILED
 */
[[nodiscard]] ecu_status append(ecu_update& update, uint32_t what, uint32_t value = 0U) noexcept;

}  // namespace ecu
#endif
