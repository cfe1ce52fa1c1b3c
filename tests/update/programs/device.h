/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  A device with simulated flash, and an observer who knows what it was told and what it may therefore run.
 */
#ifndef ECU_TESTS_UPDATE_DEVICE_H
#define ECU_TESTS_UPDATE_DEVICE_H

#include <stdint.h>

#include <string>

#include "ecu/update.h"
#include "flash_simulator.h"
#include "packages.h"
#include "random.h"
#include "records.h"

namespace ecu::test {

constexpr uint32_t kSequences = 16;
constexpr uint8_t kTries = 2;

/** Payloads and packages of one geometry, by sequence; made once. */
class Shelf {
 public:
  explicit Shelf(Geometry geometry);

  ecu_key factory_key;
  ecu_key new_key;
  ByteVector payload[kSequences];
  ByteVector package[kSequences];        // of a model, signed with the factory key
  ByteVector other_content[kSequences];  // another payload under the same sequence
  ByteVector hostile[kSequences];        // the header of the package, and a payload of somebody else
  ByteVector resigned[kSequences];       // the payload, signed with the new key
  ecu_key last_key;
  ByteVector key_set;                // the new key, and another one
  ByteVector keys[kSequences];       // package with it, signed with the factory key
  ByteVector last_keys[kSequences];  // package with a set of the last key, signed with the new one
  ByteVector signed_last[kSequences];
  ByteVector keys_of_last;    // key set by a key that is for models
  ByteVector signed_hostile;  // by a key that no device ever had

  /** What stands before the payload. */
  [[nodiscard]] static ByteVector header_of(const ByteVector& package, const ByteVector& payload);
};

/** What flash holds before the first boot. */
struct Start {
  ecu_slot_info slots[2];
  uint8_t active;
  bool damaged;        // the image in the active slot has a wrong bit
  bool factory;        // no journal yet
  uint32_t bad = 0U;   // bit set of sequences whose model fails its self-test
  uint32_t keys = 0U;  // sequence of the package that brought the new keys; 0: factory keys
};

/** Faults of flash beyond lost power. */
enum class Fault : uint8_t {
  kNone,
  kWrites,  // some places take no erase or program, or not as they should: nothing that was there is lost
  kRot,     // one bit of a journal changes, or of a key sector: a device may try a model again
  kLosses,  // records cannot be read, for a time or for ever: the newest model runs, and may be tried again
  kReads    // much changes, or cannot be read for a time: it may lose all models, but run no wrong one
};

class Device {
 public:
  /** @param fill records in the journal, at least one; 0 with a factory state
   *  @param seed chooses the journal sector, what the other one holds, torn records, sizes of chunks
   */
  Device(const Shelf& shelf, Geometry geometry, uint8_t erased, const Start& start, uint32_t fill,
         uint64_t seed);

  /** Copies flash and observer; the copy is connected anew by power_on. */
  Device(const Device&) = default;
  Device& operator=(const Device&) = default;

  /** Supplies power, opens the update code. */
  void power_on();
  [[nodiscard]] bool opened() const { return opened_; }

  /** Faults are there up to this time of power; in kRot a bit changes before it, in kLosses they begin with
   *  it. */
  void set_fault(Fault kind, unsigned session) {
    fault = kind;
    fault_session_ = session;
  }

  /** In kRot: the bit may be an erased one, or one of a key sector. */
  void rot_anywhere() { rots_anywhere_ = true; }

  /** In kLosses: what was lost reads again from this time of power on. */
  void find_again(unsigned session) { found_session_ = session; }

  /** A slot cannot be erased: where records are torn as well, what was given up may be tried again. */
  void keeps_what_is_given_up() { keeps_given_up_ = true; }

  /** Flash is right by now, and a model runs: the application can come to its goal. */
  [[nodiscard]] bool can_go_on() const {
    const bool healed = fault == Fault::kWrites && fault_session_ != 0 && fault_session_ <= sessions;
    const bool right = healed || fault == Fault::kRot || fault == Fault::kLosses;
    return fault == Fault::kNone || (right && !keys_hit_ && booted.image != nullptr);
  }

  /** What an application does; each call also tells the observer. */
  bool boot();
  void install(const ByteVector& package, uint32_t sequence, ecu_status expected = ECU_OK);
  void install_part(const ByteVector& package, uint32_t sequence);
  void refuse(const ByteVector& package, ecu_status expected);
  void confirm();
  void revert();

  /** Changes a bit of the model that ran last, as time does. */
  void damage_last();

  /** A finding ends the run; while power is off nothing is found, and with faulty flash only what must never
   *  be. */
  void expect(bool condition, const std::string& text);
  void demand(bool condition, const std::string& text);
  /** A demand, but where reads fail: then a device may lose what it has. */
  void insist(bool condition, const std::string& text);

  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] uint32_t active_sequence() const;
  [[nodiscard]] bool nothing_staged() const;

  FlashSimulator flash;
  ecu_update update = {};
  ecu_boot booted = {};
  const Shelf* shelf;
  unsigned sessions = 0;  // times that power was supplied
  Fault fault = Fault::kNone;

 private:
  friend struct SelfTest;
  void place_slots(const Start& start);
  void place_journal(const Start& start, uint32_t fill, Random& random);
  State newest_state();
  State newest_state(uint32_t start, uint32_t end);
  uint32_t newest_place(uint32_t start, uint32_t end);
  void place_other(unsigned sector, uint32_t first, bool full, const State& settled, Random& random);
  ecu_status send(const ByteVector& package, size_t size);
  void observe(ecu_status status);
  void observe_model(uint32_t sequence);
  void protect_what_must_stay();
  void probe();
  void attack(const ByteVector& hostile);
  void put_package(uint32_t address, uint32_t size, const ByteVector& package, const ByteVector& payload);
  [[nodiscard]] bool holds(unsigned slot, uint32_t sequence);
  /** Records are lost in both sectors, or in the only one that knew, or the confirmed model is damaged too.
   */
  [[nodiscard]] bool damaged_twice() const { return loses_records() && (may_lack_model_ || none_knows_); }
  [[nodiscard]] bool loses_records() const { return fault == Fault::kRot || fault == Fault::kLosses; }
  [[nodiscard]] bool stands_in_both();
  void change_flash();
  void lose_records();
  /** A model waits for its trial; where its record is lost it may be forgotten. */
  [[nodiscard]] bool lacks_trial() const { return must_try_ != 0 && !loses_records(); }
  [[nodiscard]] bool holds_any(unsigned slot);

  Random random_;
  ecu_flash port_ = {};
  ecu_update_config config_ = {};
  uint32_t bad_;
  bool may_lack_model_;
  uint32_t may_run_ = 0;    // bit set of sequences for which confirm was called, or that were there at first
  uint32_t may_try_ = 0;    // bit set of sequences whose install was finished, and not given up since
  uint32_t confirmed_ = 0;  // sequence that was reported as confirmed
  uint32_t pending_ = 0;    // sequence for which confirm was called, as long as its outcome is not known
  uint8_t pending_slot_ = 0;
  bool keeps_given_up_ = false;
  uint32_t asked_ = 0;       // highest sequence for which confirm was called
  uint32_t must_try_ = 0;    // sequence that was reported as staged
  uint32_t lost_boots_ = 0;  // times that power failed in boot since then
  uint32_t keys_ = 0;        // sequence of the key set that was reported as in force
  uint8_t trials_[kSequences] = {};
  unsigned homes_[kSequences] = {};  // bit sets of the slots in which the model was, or may be, confirmed
  uint8_t last_slot_ = 0;            // that boot decided for
  bool opened_ = false;
  unsigned fault_session_ = 0;
  unsigned found_session_ = 0;
  bool rots_anywhere_ = false;
  bool none_knows_ = false;  // what was confirmed
  bool keys_hit_ = false;    // a bit of a key sector has changed
  unsigned attacks_left_ = 2;
  std::string failure_;
};

}  // namespace ecu::test
#endif
