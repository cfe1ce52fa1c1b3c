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
  const bool lost = now_.source == Source::kLost;
  const bool known = before_.source == Source::kJournal ||
                     (before_.source == Source::kNothingRecorded && before_.places.used < kMostOfFactory);
  demand(!lost || !known || now_.places.doubted, "a power cut loses the journal");
  demand(lost || now_.newest() >= before_.newest(), "a power cut brings old packages back");
  demand((lost && !known) || now_.keys_right || !before_.keys_right, "a power cut damages the keys");
  const unsigned runs = before_.runnable();
  const bool waits = lost && now_.staged() != kNoPlace;  // the reserve is the newest one now
  demand(runs == kNoPlace || waits || now_.runnable() != kNoPlace, "a power cut takes the model away");
}

/* Newest records can not be read any more. a: how many, 0 all. b: whether an install finds that out, or the
 * next time of power. */
void Bench::lose_records(const Step& step) {
  const uint32_t known = read_flash(flash_).places.newest;
  lose_newest(flash_, step.a == 0 ? UINT32_MAX : step.a);
  if (step.b % 2U != 0) {
    const ecu_status right = read_flash(flash_).places.newest < known ? ECU_FLASH_FAILED : ECU_OK;
    demand(ecu_update_begin(&update_) == right, "begin takes a loss for a state");
  }
  power_on();
}

void Bench::restart() {
  if (!flash_.powered()) {
    flash_.power_on();
    now_ = read_flash(flash_);
    check_power_cut();
  }
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
  } else if (flash_.powered() && !is_stuck()) {
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
  if (is_stuck()) {
    return;
  }
  boot_confirmed();
  found_ = before_ = read_flash(flash_);
  number_ = found_.last_number();
  found_at_ = appended_;
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
}

}  // namespace ecu::test
