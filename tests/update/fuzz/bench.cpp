/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <string.h>

#include <algorithm>

#include "configuration.h"

namespace ecu::test {

void Bench::end_call() {
  writes_ = Writes::kNone;
  if (flash_.powered()) {
    now_ = look();
  }
}

/* Where the journal says nothing, a device keeps to what it found when it was opened or an install began. */
Reading Bench::look() const {
  const Reading fresh = read_flash(flash_);
  if (fresh.source == Source::kJournal || fresh.source != found_.source) {
    return fresh;
  }
  Reading kept = found_;
  std::copy(std::begin(fresh.holdings), std::end(fresh.holdings), kept.holdings);
  kept.fuses = fresh.fuses;
  return kept;
}

void Bench::power_on() {
  flash_.power_on();
  running_ = kNoPlace;
  trial_ = false;
  arriving_ = nullptr;
  port_ = make_port();
  config_ = configuration(flash_, port_, key_);
  config_.tries = device_.tries;
  config_.self_test = [](void* self, const void* payload, size_t) {
    return static_cast<Bench*>(self)->test_model(payload);
  };
  config_.self_test_context = this;
  memset(&update_, 0xa5, sizeof update_);  // RAM after power-up
  found_ = now_ = read_flash(flash_);
  bytes_read_ = 0;
  demand(ecu_update_open(&update_, &config_) == ECU_OK, "open fails");
  demand(bytes_read_ < most_read(), "open reads too much");
}

void Bench::boot() {
  before_ = now_;
  const unsigned staged = before_.staged();
  const bool goes_on = trial_ && staged == running_;
  const bool pending = staged != kNoPlace && !goes_on;
  const ecu_status left = before_.tries < device_.tries ? ECU_OK : ECU_UPDATE_NO_TRIAL;
  const ecu_status right = pending && left == ECU_OK ? before_.check_trial(staged) : left;
  writes_ = pending ? Writes::kJournal : Writes::kNone;
  running_ = kNoPlace;
  trial_ = false;
  arriving_ = nullptr;
  bytes_read_ = 0;
  ecu_boot found = {};
  const ecu_status status = ecu_update_boot(&update_, &found);
  end_call();
  demand(bytes_read_ < most_read(), "boot reads too much");
  if (!flash_.powered()) {
    return;
  }
  demand(status == ECU_OK || (status == ECU_UPDATE_NO_MODEL && found.image == nullptr), "a boot fails");
  if (status == ECU_OK) {
    running_ = found.slot;
    trial_ = found.trial != 0;
    demand(running_ < 2 && found.image == flash_.at(flash_.slot(running_)), "the image is in another slot");
    demand(now_.slots[running_].sequence == found.sequence && now_.holds(running_), "what runs is not whole");
    demand(found.sequence >= now_.lowest(), "an older model runs");
    demand(!trial_ || goes_on || (pending && right == ECU_OK), "a trial that may not be");
  }
  if (exhausted()) {
    return;
  }
  const ecu_status reverted = pending && right == ECU_OK && !trial_ ? ECU_UPDATE_SELF_TEST_FAILED : right;
  demand(!pending || found.reverted == reverted, "a trial is given up, and should not be, or the reverse");
  demand(trial_ || (running_ == now_.runnable() && now_.staged() == kNoPlace), "another model should run");
  demand(trial_ || now_.fuses == fuses_after(), "the fuses are not as they should be");
}

/* A confirmation that was cut off before it raised the counter is made up for. */
uint32_t Bench::fuses_after() const {
  const bool behind = device_.has_fuses && running_ != kNoPlace && now_.check_trial(running_) == ECU_OK;
  return std::max(before_.fuses, behind ? now_.slots[running_].sequence : 0U);
}

void Bench::confirm() {
  before_ = now_;
  const bool right = trial_ && before_.staged() == running_;
  writes_ = right ? Writes::kJournal : Writes::kNone;
  const ecu_status status = ecu_update_confirm(&update_);
  end_call();
  arriving_ = nullptr;
  if (!flash_.powered()) {
    return;
  }
  demand(status == (right ? ECU_OK : ECU_UPDATE_NO_TRIAL) || exhausted(),
         "confirms what is not on trial, or fails");
  if (status == ECU_OK) {
    trial_ = false;
    demand(exhausted() || (now_.active == running_ && now_.slots[running_].state == ECU_SLOT_CONFIRMED &&
                           now_.slots[running_].sequence == before_.slots[running_].sequence),
           "confirm has no effect");
    demand(!device_.has_fuses || now_.fuses >= now_.slots[running_].sequence, "the fuses are not raised");
  }
}

void Bench::revert() {
  before_ = now_;
  const unsigned staged = before_.staged();
  writes_ = staged != kNoPlace ? Writes::kJournal : Writes::kNone;
  const ecu_status status = ecu_update_revert(&update_);
  end_call();
  arriving_ = nullptr;
  if (!flash_.powered()) {
    return;
  }
  const ecu_status right = staged == kNoPlace ? ECU_UPDATE_NO_TRIAL : ECU_OK;
  demand(status == right || exhausted(), "reverts what is not staged, or fails");
  if (status == ECU_OK) {
    demand(exhausted() || now_.slots[staged].state == ECU_SLOT_EMPTY, "revert has no effect");
    running_ = running_ == staged ? kNoPlace : running_;
    trial_ = trial_ && running_ != kNoPlace;
  }
}

ecu_status Bench::expected_of(const Item& item) {
  const ecu_status status = before_.check_package(item, flash_);
  const bool busy = item.model && (trial_ || running_ == before_.target());
  return status == ECU_OK && busy ? ECU_UPDATE_TRIAL_RUNNING : status;
}

/* a: package. b: size of the pieces. */
void Bench::send(const Step& step, size_t size) {
  const Item& item = stock()[step.a % 16U];
  found_ = before_ = read_flash(flash_);
  stays_ = before_.runnable();
  const ecu_status expected = expected_of(item);
  ecu_status status = ecu_update_begin(&update_);
  demand(status == ECU_OK, "begin fails");
  writes_ = expected == ECU_OK ? Writes::kPackage : Writes::kNone;
  const size_t piece = 1U + (size_t{7} * step.b);
  for (size_t at = 0; at < size && status == ECU_OK; at += piece) {
    status = ecu_update_write(&update_, item.package.data() + at, std::min(piece, size - at));
  }
  end_call();
  arriving_ = status == ECU_OK ? &item : nullptr;
  arrived_ = size;
  if (!flash_.powered() || (exhausted() && status == ECU_FLASH_FAILED)) {
    return;
  }
  const bool decided = size >= item.header.size();
  demand(status == (decided ? expected : ECU_OK), "a package gives another status than it should");
  demand(now_.newest() >= before_.newest(), "older packages come back");
  demand(now_.runnable() == before_.runnable(), "a package takes the model away");
}

void Bench::finish() {
  const Item* const item = arriving_;
  before_ = now_;
  const bool whole = item != nullptr && arrived_ == item->package.size();
  writes_ = whole ? Writes::kPackage : Writes::kNone;
  const ecu_status status = ecu_update_finish(&update_);
  end_call();
  arriving_ = nullptr;
  if (!flash_.powered() || (exhausted() && status == ECU_FLASH_FAILED)) {
    return;
  }
  if (!whole) {
    demand(status == (item == nullptr ? ECU_UPDATE_NOT_STARTED : ECU_PACKAGE_TRUNCATED),
           "a part is finished");
    return;
  }
  if (is_forged()) {
    return;
  }
  demand(!item->model || now_.runnable() == before_.runnable(), "an install takes the model away");
  if (item->model) {
    const unsigned staged = now_.staged();
    demand(status == ECU_OK && staged != kNoPlace && now_.holdings[staged].item == item &&
               now_.check_trial(staged) == ECU_OK,
           "what was installed can not be tried");
  } else if (item->brings != 0) {
    demand(status == ECU_OK && now_.keys_right && now_.keys != kNoPlace &&
               now_.holdings[2 + now_.keys].item == item,
           "the key set is not in force");
  } else {
    demand(status == ECU_PACKAGE_BAD_KEY_SET, "a key set that breaks its format is taken");
  }
}

/* Power failed in the last call. What must be true whatever it was. */
void Bench::check_power_cut() {
  const bool lost = now_.source == Source::kLost;
  demand(!lost || before_.source != Source::kJournal, "a power cut loses the journal");
  if (lost || before_.source == Source::kLost || exhausted()) {
    return;
  }
  demand(now_.newest() >= before_.newest(), "a power cut brings old packages back");
  demand(now_.keys_right || !before_.keys_right, "a power cut damages the keys");
  const unsigned runs = before_.runnable();
  demand(runs == kNoPlace || now_.runnable() != kNoPlace, "a power cut takes the model away");
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
  boot_confirmed();
  found_ = before_ = read_flash(flash_);
  const auto taken = std::find_if(stock().begin(), stock().end(), [this](const Item& item) {
    return item.model && expected_of(item) == ECU_OK;
  });
  if (taken == stock().end() || is_forged()) {
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
