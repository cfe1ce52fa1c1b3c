/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What docs/slots.md says about the bytes in flash, and what follows for a boot and an install. Written from
 *  that page; shares nothing with the runtime.
 */
#ifndef ECU_TESTS_UPDATE_READING_H
#define ECU_TESTS_UPDATE_READING_H

#include <stdint.h>

#include <vector>

#include "flash_simulator.h"
#include "stock.h"

namespace ecu::test {

/** No slot, no sector. */
constexpr unsigned kNoPlace = 2;

/** Contents of a slot or key sector. */
struct Holding {
  const Item* item = nullptr;  // whose header it is, but for digest, key and signature
  uint32_t stored = 0;         // sequence of the header, when its digests are right
  bool whole = false;          // and the payload is the one of the header
  bool known_key = false;      // the id of the key is as it was made
  bool sealed = false;         // and the signature too
  bool bare = false;           // an image, and erased bytes where a header would be
};

/** What the places of the journal are. */
struct Places {
  unsigned sector = 0;    // the one that is written next: with the newest record, or more free places
  uint32_t newest = 0;    // the sequence of that record, 0 without any
  unsigned count = 0;     // in a sector
  unsigned ends[2] = {};  // the first free ones
  unsigned doubted = 0;   // that may hold newer records some day
  uint32_t keys = 0;      // sequence of the key set that the newest knows
  bool in_both = false;   // the newest record of the other sector says the same

  [[nodiscard]] bool is_full(unsigned of) const { return ends[of] == count; }
};

struct Reading {
  ecu_slot_info slots[2] = {};
  unsigned active = 0;
  unsigned tries = 0;
  unsigned keys = kNoPlace;  // the sector in force; kNoPlace: the factory keys
  uint32_t keys_sequence = 0;
  bool keys_right = true;
  Places places;
  uint32_t fuses = 0;
  Holding holdings[4];  // slots and key sectors

  [[nodiscard]] bool is_recorded() const { return places.newest != 0; }
  [[nodiscard]] unsigned staged() const {
    return slots[active ^ 1U].state == ECU_SLOT_STAGED ? active ^ 1U : kNoPlace;
  }
  /** A record of somebody else: the slot that was confirmed last is staged, or the other one was later. */
  [[nodiscard]] bool is_forged() const {
    const ecu_slot_info& last = slots[active];
    const ecu_slot_info& other = slots[active ^ 1U];
    const bool is_older = last.state != ECU_SLOT_CONFIRMED || other.sequence > last.sequence;
    return last.state == ECU_SLOT_STAGED || (other.state == ECU_SLOT_CONFIRMED && is_older);
  }
  /** The sequence that the record before the next one had, or might have had. */
  [[nodiscard]] uint32_t last_number() const;
  /** Below it no model runs or is tried; below the second none is installed. */
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
  /** A model that the device could run, were there no journal: whole, signed, not below the fuses. */
  [[nodiscard]] const Item* trustworthy(unsigned slot) const;
  /** What begin and write give for the package before anything is written; a trial that runs apart. */
  [[nodiscard]] ecu_status check_package(const Item& item, FlashSimulator& flash) const;
};

/** What a device finds that opens or begins; no record of the sector `without` can be read. */
Reading read_flash(FlashSimulator& flash, unsigned without = kNoPlace);

/** Whether the same is confirmed, staged and in force. */
bool says_the_same(const Reading& a, const Reading& b);

/** The newest records, so many, can not be read any more, of one sector or of both (kNoPlace). Gives where
 *  they are, the newest first. */
std::vector<uint32_t> lose_newest(FlashSimulator& flash, unsigned sector, size_t count);

}  // namespace ecu::test
#endif
