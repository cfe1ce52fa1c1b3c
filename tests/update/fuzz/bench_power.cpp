/* SPDX-License-Identifier: Apache-2.0 */
/* The bench between calls: power that fails and comes back, and what the device has to come to. */
#include <algorithm>

#include "bench.h"

namespace ecu::test {
namespace {

/* What an install up to its confirmation needs, with torn places that are counted each time. */
constexpr uint32_t kNumbersOfInstall = 1024;

}  // namespace

/* Power failed in the last call. What must be true whatever it was. */
void Bench::check_power_cut() {
  const bool recorded = now_.is_recorded();
  const unsigned staged = recorded ? kNoPlace : now_.staged();  // without a record it may be the reserve
  const uint32_t waits = staged == kNoPlace ? 0 : now_.slots[staged].sequence;
  demand(recorded || !before_.is_recorded(), "a power cut loses the journal");
  demand(std::max(now_.newest(), waits) >= before_.newest(), "a power cut brings old packages back");
  demand(now_.keys_right || !before_.keys_right, "a power cut damages the keys");
  if (is_forged()) {
    return;
  }
  const unsigned runs = before_.runnable();
  const bool confirmed = now_.runnable() != kNoPlace && now_.runnable() == before_.staged();
  demand(runs == kNoPlace || staged != kNoPlace || now_.runnable() == runs || confirmed,
         "a power cut takes the model away");
  demand(!in_both_ || erased_ || stays_in_both(), "after a power cut one sector alone knows");
}

/* Some of the newest records can not be read any more. a: how many, 0 all. b: whether an install finds that
 * out or the next time of power; and for one sector, which one, and whether they can be read again later. */
void Bench::lose_records(const Step& step) {
  if (half_erased_[0] || half_erased_[1]) {
    return;  // without a record it would be written although it may not be quite erased
  }
  const bool one = step.what == Do::kLoseSector;
  const unsigned sector = one ? (step.b >> 1U) & 1U : kNoPlace;
  const uint32_t known = read_flash(flash_).places.newest;
  const unsigned runs = now_.runnable();
  const bool stays = one && stays_in_both();
  const std::vector<uint32_t> lost = lose_newest(flash_, sector, step.a == 0 ? UINT32_MAX : step.a);
  const Reading left = read_flash(flash_);
  demand(!stays || runs == kNoPlace || left.runnable() == runs, "one sector takes the model away");
  lost_.clear();  // what was lost before stays lost
  if (one && (step.b & 4U) != 0) {
    lost_ = lost;
    after_loss_ = left.last_number() < known ? UINT32_MAX : left.places.newest;
  }
  if (step.b % 2U != 0) {
    const ecu_status right = left.places.newest < known ? ECU_FLASH_FAILED : ECU_OK;
    demand(ecu_update_begin(&update_) == right, "begin takes a loss for a state");
  }
  power_on();
}

/* What was lost for a time is older than what was written since. */
void Bench::recover_records() {
  const uint32_t newest = read_flash(flash_).places.newest;
  for (const uint32_t address : lost_) {
    flash_.recover_bytes(address);
  }
  demand(newest <= after_loss_ || read_flash(flash_).places.newest == newest,
         "a record that was lost counts");
  lost_.clear();
}

/* The sector can not be read any more; the model that was confirmed runs all the same. */
void Bench::check_loss(unsigned sector) {
  const unsigned runs = running_;
  lose_newest(flash_, sector, UINT32_MAX);
  boot_confirmed();
  demand(running_ == runs, "a lost sector takes the model away");
}

void Bench::restart() {
  if (!flash_.powered()) {
    flash_.power_on();
    now_ = read_flash(flash_);
    check_power_cut();
  }
  recover_records();
  power_on();
}

void Bench::call(const Step& step) {
  const size_t size = stock()[step.a % 16U].package.size();
  switch (step.what) {
    case Do::kBoot:
      boot();
      break;
    case Do::kConfirm:
      confirm();
      break;
    case Do::kRevert:
      revert();
      break;
    case Do::kSend:
      send(step, size);
      break;
    case Do::kInstall:
      send(step, size);
      [[fallthrough]];
    case Do::kFinish:
      if (flash_.powered()) {
        finish();
      }
      break;
    case Do::kPart:
      send(step, size * step.c / 256U);
      break;
    case Do::kAbort:
      ecu_update_abort(&update_);
      arriving_ = nullptr;
      break;
    case Do::kLose:
    case Do::kLoseSector:
      lose_records(step);
      break;
    case Do::kCut:
      flash_.cut_at({flash_.operations() + (step.a % 16U), static_cast<Torn>(step.b % kTornKinds)}, step.c);
      break;
    default:
      break;
  }
}

void Bench::take(const Step& step) {
  if (step.what == Do::kRestart) {
    restart();
  } else if (flash_.powered()) {
    call(step);
  }
}

void Bench::boot_confirmed() {
  restart();
  boot();
  if (trial_) {
    revert();
    boot();
  }
}

void Bench::come_to_an_end() {
  flash_.cut_at({UINT32_MAX, Torn::kNothing}, 0);
  device_.bad = 0;
  restart();
  boot_confirmed();
  found_ = before_ = now_ = read_flash(flash_);
  number_ = found_.last_number();
  const auto taken = std::find_if(stock().begin(), stock().end(), [this](const Item& item) {
    return item.model && expected_of(item) == ECU_OK;
  });
  if (taken == stock().end() || is_forged() || is_scarce(kNumbersOfInstall)) {
    return;
  }
  const size_t number = static_cast<size_t>(taken - stock().begin());
  call({Do::kInstall, static_cast<uint8_t>(number), 255, 0});
  restart();
  boot();
  demand(trial_ && now_.holdings[running_].item == &*taken, "the new model is not tried");
  confirm();
  boot_confirmed();
  demand(running_ != kNoPlace && now_.holdings[running_].item == &*taken, "the new model does not run");
  check_loss(0);
  check_loss(1);
}

}  // namespace ecu::test
