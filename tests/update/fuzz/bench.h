/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  A device for the fuzzer of the journal. What each call may do, and what it has to do, is told from the
 * bytes in flash (reading.h), not by what the code under test says.
 */
#ifndef ECU_TESTS_UPDATE_BENCH_H
#define ECU_TESTS_UPDATE_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "ecu/update.h"
#include "reading.h"
#include "scene.h"

namespace ecu::test {

/** What a call may write. A boot and a confirmation copy a record to the other sector. */
enum class Writes : uint8_t { kNone, kRevert, kBoot, kConfirm, kPackage };

/** A device, and a judge who reads flash before and after each call; a finding ends the program. */
class Bench {
 public:
  explicit Bench(Scene& scene) : flash_(scene.flash), device_(scene.device) {}

  /** Supplies power, opens the update code. */
  void power_on();
  /** Makes a call, when there is power. */
  void take(const Step& step);
  /** Whatever happened: a package that the device has to take comes to run. */
  void come_to_an_end();

 private:
  void restart();
  void call(const Step& step);
  void boot();
  void confirm();
  void revert();
  void send(const Step& step, size_t size);
  void finish();
  void lose_records(const Step& step);
  void recover_records();
  void check_loss(unsigned sector);
  void boot_confirmed();
  void end_call();
  void begin_call(Writes writes);
  [[nodiscard]] Reading look() const;
  [[nodiscard]] bool stays_in_both() const;
  void check_power_cut();
  [[nodiscard]] uint32_t fuses_after() const;
  [[nodiscard]] uint32_t most_read() const { return 8U * (flash_.keys(2) - flash_.slot(0)); }
  [[nodiscard]] ecu_status expected_of(const Item& item);
  [[nodiscard]] bool is_bad(const Item& item) const;
  [[nodiscard]] unsigned area_of(uint32_t address) const;
  ecu_status test_model(const void* payload);
  void judge_write(uint32_t address, const void* bytes);
  void judge_erase(unsigned sector) const;
  void judge_record(unsigned sector, uint32_t address, const void* bytes);
  [[nodiscard]] bool is_quiet(const Reading& now) const;
  [[nodiscard]] bool may_copy(const Reading& now) const;
  void judge_copies(bool quiet);
  void judge_read(uint32_t address, uint32_t size);
  ecu_flash make_port();
  /** The numbers of records come to their end: a call that needs more fails. */
  [[nodiscard]] bool is_scarce(uint32_t needed) const { return UINT32_MAX - number_ < needed; }
  /** No call leads to what was found, or to this: what must never happen does not, but an install may have no
   *  effect. */
  [[nodiscard]] bool is_forged() const { return found_.is_forged() || before_.is_forged(); }
  void demand(bool condition, const char* text) const;

  FlashSimulator& flash_;
  DeviceTraits device_;
  ecu_key key_ = key_of(kFactory);
  ecu_flash real_ = {};
  ecu_flash port_ = {};
  ecu_update_config config_ = {};
  ecu_update update_ = {};
  Reading before_;                  // what was in flash at the last call,
  Reading now_;                     // and after it
  Reading found_;                   // when the device was opened, or an install began
  unsigned stays_ = kNoPlace;       // the slot that ran when the install began
  unsigned running_ = kNoPlace;     // that boot decided for
  bool trial_ = false;              // and it is not confirmed
  const Item* arriving_ = nullptr;  // the package of the install that is under way
  size_t arrived_ = 0;              // bytes of it
  Writes writes_ = Writes::kNone;
  bool sends_model_ = false;      // an install of one begins
  bool waits_ = false;            // the trial of this boot can not start
  unsigned gives_up_ = kNoPlace;  // the slot that may be given up
  uint32_t number_ = 0;           // of the record before the next one
  unsigned appended_ = 0;         // records of the call
  bool changed_ = false;          // the last one since the journal was read was no copy
  bool newer_keys_ = false;       // a boot has recorded keys that no record knew of
  bool in_both_ = false;          // what is confirmed stood in both sectors before it
  bool erased_ = false;           // a journal sector was erased in it
  bool half_erased_[2] = {};      // power failed in the last erase of the journal sector
  std::vector<uint32_t> lost_;    // places of records that can be read again some day,
  uint32_t after_loss_ = 0;       // and the newest one that was left
  uint64_t bytes_read_ = 0;
};

}  // namespace ecu::test
#endif
