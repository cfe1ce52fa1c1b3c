/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  An ECU that runs the update code on simulated flash, with a port that can fail and lie. It knows nothing
 * of what is right: the cases do.
 */
#ifndef ECU_TESTS_UPDATE_ECU_H
#define ECU_TESTS_UPDATE_ECU_H

#include <stdint.h>

#include <functional>

#include "ecu/update.h"
#include "flash_simulator.h"
#include "packages.h"
#include "records.h"

namespace ecu::test {

using Payload = ByteVector;

/** An image and something behind it; all have one size, other seeds give other content. */
Payload payload_of(uint64_t seed);

class Ecu {
 public:
  /** From the factory: payload 1 in slot 0 without a header, no fuses, booted. */
  Ecu();
  Ecu(const Ecu& other);  // an ECU with the same flash, booted
  Ecu& operator=(const Ecu&) = delete;

  ecu_status open();
  ecu_status boot();
  /** Power off and on. */
  ecu_status restart();
  /** The package, up to the call of finish. */
  ecu_status send(const ByteVector& package);
  ecu_status install(const ByteVector& package);
  /** Installs, boots and confirms; a failure shows later. */
  void update_to(const Payload& payload, uint32_t sequence);
  /** A slot 0 as a line fills it that writes the header as well. */
  void fill_factory(const Payload& payload, uint32_t sequence);

  [[nodiscard]] ByteVector package(const Payload& payload, uint32_t sequence) const;

  /** From now on, programs and erases of the journal do what they should and report a failure; reads of it
   *  fail. */
  void lie(bool programs, bool reads);
  void flip(uint32_t address, unsigned bit) { *flash.at(address) ^= static_cast<uint8_t>(1U << bit); }
  [[nodiscard]] uint32_t newest_record() const;
  /** Writes one more record, as somebody who can write flash. */
  void forge_record(const std::function<void(State&)>& change);

  FlashSimulator flash;
  ecu_key key;
  ecu_update update = {};
  ecu_boot found = {};
  uint8_t tries = 3;
  bool counter_fails = false;
  bool raise_fails = false;
  bool geometry_fails = false;
  unsigned geometry_calls = 0;

 private:
  [[nodiscard]] bool in_journal(uint32_t address) const {
    return address >= flash.journal(0) && address < flash.keys(0);
  }
  ecu_flash make_port();

  ecu_flash real_ = {};
  ecu_flash port_ = {};
  ecu_update_config config_ = {};
  bool lies_in_programs_ = false;
  bool lies_in_reads_ = false;
};

}  // namespace ecu::test
#endif
