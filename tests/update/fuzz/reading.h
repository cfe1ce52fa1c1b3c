/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What docs/slots.md says about the bytes in flash, and what follows for a boot and an install. Written from
 *  that page; shares nothing with the runtime.
 */
#ifndef ECU_TESTS_UPDATE_READING_H
#define ECU_TESTS_UPDATE_READING_H

#include <stdint.h>

#include "flash_simulator.h"
#include "stock.h"

namespace ecu::test {

/** No slot, no sector. */
constexpr unsigned kNoPlace = 2;

enum class Source : uint8_t { kJournal, kNothingRecorded, kLost };

/** Contents of a slot or key sector. */
struct Holding {
  const Item* item = nullptr;  // whose header it is, but for digest, key and signature
  bool whole = false;          // the header has its digest, and the payload is the one of the header
  bool known_key = false;      // the id of the key is as it was made
  bool sealed = false;         // and the signature too
  bool bare = false;           // an image, and erased bytes where a header would be
};

struct Reading {
  Source source = Source::kJournal;
  ecu_slot_info slots[2] = {};
  unsigned active = 0;
  unsigned tries = 0;
  unsigned keys = kNoPlace;  // the sector in force; kNoPlace: the factory keys
  uint32_t keys_sequence = 0;
  bool keys_right = true;
  unsigned sector = kNoPlace;  // of the journal, the one with the newest record
  uint32_t newest_record = 0;
  uint32_t fuses = 0;
  Holding holdings[4];  // slots and key sectors

  [[nodiscard]] unsigned staged() const {
    return slots[active ^ 1U].state == ECU_SLOT_STAGED ? active ^ 1U : kNoPlace;
  }
  /** A record of somebody else: the active slot is not confirmed, or not with the highest sequence. */
  [[nodiscard]] bool is_forged() const {
    const ecu_slot_info& other = slots[active ^ 1U];
    return slots[active].state != ECU_SLOT_CONFIRMED ||
           (other.state == ECU_SLOT_CONFIRMED && other.sequence > slots[active].sequence);
  }
  /** Below it no model runs; below the second none is tried or installed. */
  [[nodiscard]] uint32_t lowest() const;
  [[nodiscard]] uint32_t newest() const;
  /** The confirmed slot that runs. */
  [[nodiscard]] unsigned runnable() const;
  /** The slot holds the package of its sequence. */
  [[nodiscard]] bool holds(unsigned slot) const;
  /** Whether a key in force has signed the package. */
  [[nodiscard]] ecu_status check_key(const Item& item, bool known_key, bool sealed) const;
  /** Whether the staged slot may start a trial; the number of tries apart. */
  [[nodiscard]] ecu_status check_trial(unsigned slot) const;
  /** The slot that a model would be written to. */
  [[nodiscard]] unsigned target() const { return (runnable() == kNoPlace ? active : runnable()) ^ 1U; }
  /** What begin and write give for the package before anything is written; a trial that runs apart. */
  [[nodiscard]] ecu_status check_package(const Item& item, FlashSimulator& flash) const;
};

Reading read_flash(FlashSimulator& flash);

}  // namespace ecu::test
#endif
