/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Flash in memory that loses power on demand, wears, gets damaged, and watches its rules:
 *  no unit is programmed twice, no protected slot is touched, the newest record is never erased.
 */
#ifndef ECU_TESTS_UPDATE_FLASH_SIMULATOR_H
#define ECU_TESTS_UPDATE_FLASH_SIMULATOR_H

#include <stdint.h>

#include <string>
#include <vector>

#include "ecu/update.h"
#include "random.h"

namespace ecu::test {

struct Geometry {
  uint32_t unit;
  uint32_t sector;
};

/** What an operation has done when power fails in it. */
enum class Torn : uint8_t { kNothing, kComplete, kHalf, kSomeBytes, kSomeBits };
constexpr unsigned kTornKinds = 5;

/** The last operation before power fails, counted from 0 since the flash was made. */
struct Cut {
  uint32_t operation;
  Torn torn;
};

/** How a sector fails, other than by a lost power supply. */
enum class Bad : uint8_t { kNot, kEraseFails, kProgramFails, kReadFails, kEraseIgnored, kProgramIgnored };

/** Slots of `slot_sectors` sectors, two journal sectors, two key sectors, in this order, from kBase on. */
class FlashSimulator {
 public:
  static constexpr uint32_t kBase = 0x8000;

  FlashSimulator(Geometry geometry, uint8_t erased, uint32_t slot_sectors);

  [[nodiscard]] uint32_t slot_size() const { return slot_sectors_ * geometry_.sector; }
  [[nodiscard]] uint32_t slot(unsigned index) const { return kBase + (index * slot_size()); }
  [[nodiscard]] uint32_t journal(unsigned index) const { return slot(2) + (index * geometry_.sector); }
  [[nodiscard]] uint32_t keys(unsigned index) const { return journal(2) + (index * geometry_.sector); }
  [[nodiscard]] const Geometry& geometry() const { return geometry_; }
  [[nodiscard]] uint8_t erased_value() const { return erased_; }
  [[nodiscard]] uint8_t* at(uint32_t address) { return bytes_.data() + (address - kBase); }

  /** The functions of this flash; the simulator must outlive them and stay where it is. The counter in fuses
   *  is there after add_fuses. */
  [[nodiscard]] ecu_flash port();

  /** Writes past all rules, for the state that a test starts from; may not repeat a unit. */
  void place(uint32_t address, const std::vector<uint8_t>& bytes);

  void add_fuses(uint32_t counter) {
    has_fuses_ = true;
    fuses_ = counter;
  }
  [[nodiscard]] uint32_t fuses() const { return fuses_; }

  void cut_at(Cut cut, uint64_t seed);
  void power_on() { powered_ = true; }
  [[nodiscard]] bool powered() const { return powered_; }
  [[nodiscard]] uint32_t operations() const { return operations_; }

  /** Bit 0 and 1: the slot must not be written now. With `one_is_enough`, one of two may be. */
  void protect(unsigned slots, bool one_is_enough = false) {
    protected_ = slots;
    spare_ = one_is_enough && slots == 3;
  }
  /** The slots that were written since the last call, as bits. */
  unsigned take_written() {
    const unsigned slots = written_;
    written_ = 0;
    return slots;
  }

  void damage_sector(uint32_t address, Bad bad) { bad_[index_of(address)] = bad; }
  /** Sectors, reads and stuck bits are right again; what was changed stays changed. */
  void heal() {
    bad_.assign(bad_.size(), Bad::kNot);
    stuck_.clear();
    disturb_ = 0;
  }
  [[nodiscard]] bool is_disturbed() const { return disturb_ != 0; }
  /** Flips a bit among the bytes of a sector that are not erased. */
  void rot(uint32_t address, Random& random);
  /** Flips a bit of a sector, be it erased. */
  void rot_anywhere(uint32_t address, Random& random) {
    *at(address + random.below(geometry_.sector)) ^= static_cast<uint8_t>(1U << random.below(8));
  }
  /** The unit at the address is what ECC reports as lost, until its sector is erased. */
  void damage_bytes(uint32_t address) {
    const size_t unit = (address - kBase) / geometry_.unit;
    lost_[unit] = 1;
    used_[unit] = 1;
  }
  /** It can be read again. */
  void recover_bytes(uint32_t address) { lost_[(address - kBase) / geometry_.unit] = 0; }
  /** These units read as damaged until `find_again`, or an erase; whether they were programmed stays. */
  void lose_for_a_time(uint32_t address, uint32_t size);
  void find_again();
  /** A read of these bytes, at least one, reports damage. */
  [[nodiscard]] bool is_lost(uint32_t address, uint32_t size) const;
  /** From now on, units in which power fails are lost like that. */
  void lose_torn_units() { loses_torn_ = true; }
  /** From now on, units may be programmed that read as erased though power failed in their erase. */
  void take_cut_erases() { takes_cut_erases_ = true; }
  /** One bit at the address never changes again: as it is where something was written, else either way. */
  void stick(uint32_t address, Random& random);
  /** One bit of the area changes in about one of `reads` reads. */
  void disturb(uint32_t reads) { disturb_ = reads; }

  /** Whether a record of the journal can be read. */

  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] uint32_t most_worn() const;

 private:
  struct Stuck {
    uint32_t address;
    uint8_t mask;
    uint8_t value;
  };

  [[nodiscard]] size_t index_of(uint32_t address) const { return (address - kBase) / geometry_.sector; }
  bool inside(uint32_t address, uint32_t size, const char* what);
  void check_protected(uint32_t address, const char* what);
  void copy(uint32_t address, uint8_t* bytes, uint32_t size);
  uint32_t newest_record(uint32_t address);
  void check_newest(uint32_t address);
  bool is_last();
  bool operate(uint32_t address, const uint8_t* bytes, uint32_t size);
  void change(uint32_t address, const uint8_t* bytes, uint32_t size, Torn torn);
  ecu_status read(uint32_t address, uint8_t* bytes, uint32_t size);
  ecu_status program(uint32_t address, const uint8_t* bytes, uint32_t size);
  ecu_status erase(uint32_t address);
  ecu_status count(uint32_t minimum, uint32_t& value);
  void report(const std::string& text);

  Geometry geometry_;
  uint8_t erased_;
  uint32_t slot_sectors_;
  std::vector<uint8_t> bytes_;
  std::vector<uint8_t> used_;  // per unit: 1 programmed since the last complete erase, 2 not quite erased
  std::vector<uint8_t> lost_;  // per unit: a read reports damage, 1 for ever, 2 for a time
  std::vector<uint32_t> wear_;
  std::vector<Bad> bad_;
  std::vector<Stuck> stuck_;
  uint32_t disturb_ = 0;
  bool has_fuses_ = false;
  uint32_t fuses_ = 0;
  bool loses_torn_ = false;
  bool takes_cut_erases_ = false;
  bool powered_ = true;
  bool armed_ = false;
  Cut cut_ = {};
  uint32_t operations_ = 0;
  unsigned protected_ = 0;
  unsigned written_ = 0;
  bool spare_ = false;  // one of the protected slots may be written
  Random random_ = Random(0);
  std::string violation_;
};

}  // namespace ecu::test
#endif
