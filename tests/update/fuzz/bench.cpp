/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <string.h>

#include <algorithm>

#include "configuration.h"

namespace ecu::test {

void Bench::begin_call(Writes writes) {
  writes_ = writes;
  waits_ = sends_model_ = false;
  gives_up_ = kNoPlace;
  appended_ = 0;
  erased_ = false;
  in_both_ = stays_in_both();
}

void Bench::end_call() {
  writes_ = Writes::kNone;
  if (flash_.powered()) {
    now_ = look();
    demand(!in_both_ || is_forged() || stays_in_both(), "one sector alone knows what is confirmed");
  }
}

/* Whatever happens to one sector, the record that is left says what runs. */
bool Bench::stays_in_both() const {
  const unsigned runs = now_.runnable();
  const auto tells = [this, runs](unsigned lost) {
    const Reading left = read_flash(flash_, lost);
    return left.is_recorded() && left.runnable() == runs;
  };
  return runs == kNoPlace || (tells(0) && tells(1));
}

/* Where the journal says nothing, a device keeps to what it found when it was opened or an install began. */
Reading Bench::look() const {
  const Reading fresh = read_flash(flash_);
  if (fresh.is_recorded()) {
    return fresh;
  }
  Reading kept = found_;
  std::copy(std::begin(fresh.holdings), std::end(fresh.holdings), kept.holdings);
  kept.places = fresh.places;
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
  number_ = found_.last_number();
  changed_ = newer_keys_ = false;
  bytes_read_ = 0;
  demand(ecu_update_open(&update_, &config_) == ECU_OK, "open fails");
  demand(bytes_read_ < most_read(), "open reads too much");
}

void Bench::boot() {
  before_ = now_;
  const unsigned staged = before_.staged();
  const bool goes_on = trial_ && staged != kNoPlace && staged == running_;
  const bool pending = staged != kNoPlace && !goes_on;
  const ecu_status left = before_.tries < device_.tries ? ECU_OK : ECU_UPDATE_NO_TRIAL;
  const ecu_status right = pending && left == ECU_OK ? before_.check_trial(staged) : left;
  const bool scarce = is_scarce(3);
  begin_call(goes_on ? Writes::kNone : Writes::kBoot);
  waits_ = pending && right == ECU_UPDATE_KEYS_DAMAGED;
  gives_up_ = pending && !waits_ ? staged : kNoPlace;
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
  if (scarce) {
    return;
  }
  const ecu_status reverted = pending && right == ECU_OK && !trial_ ? ECU_UPDATE_SELF_TEST_FAILED : right;
  demand(!pending || found.reverted == reverted, "a trial is given up, and should not be, or the reverse");
  demand(trial_ || (running_ == now_.runnable() && (waits_ || now_.staged() == kNoPlace)),
         "another model should run");
  for (unsigned slot = 0; slot < 2 && !before_.is_recorded() && status != ECU_OK; ++slot) {
    const Item* const item = before_.trustworthy(slot);
    demand(item == nullptr || is_bad(*item), "no model runs, although one could");
  }
  judge_copies(!pending || waits_);
  demand(trial_ || now_.fuses == fuses_after(), "the fuses are not as they should be");
}

/* After a boot without a trial the newest record stands in both sectors, or one more that tells of newer keys
 * in one. */
void Bench::judge_copies(bool quiet) {
  demand(!quiet || appended_ == 0 || (appended_ == 1 && says_the_same(before_, now_)),
         "a boot changes the state");
  newer_keys_ = newer_keys_ || (appended_ > 0 && before_.keys_sequence > before_.places.keys);
  const bool may = trial_ || waits_ || !now_.is_recorded() || newer_keys_;
  demand(may || now_.places.in_both, "the newest record stands in one sector alone");
}

/* A confirmation that was cut off before it raised the counter is made up for. */
uint32_t Bench::fuses_after() const {
  const bool behind = device_.has_fuses && running_ != kNoPlace && now_.check_trial(running_) == ECU_OK;
  return std::max(before_.fuses, behind ? now_.slots[running_].sequence : 0U);
}

void Bench::confirm() {
  before_ = now_;
  const bool on_trial = trial_ && before_.staged() == running_;
  const ecu_status release = on_trial ? before_.check_trial(running_) : ECU_UPDATE_NO_TRIAL;
  const ecu_status right = release == ECU_OK && is_scarce(1) ? ECU_FLASH_FAILED : release;
  const bool scarce = is_scarce(2);
  begin_call(right == ECU_OK ? Writes::kConfirm : Writes::kNone);
  const ecu_status status = ecu_update_confirm(&update_);
  end_call();
  arriving_ = nullptr;
  const bool again = release == ECU_OK || release == ECU_IMAGE_BAD_DIGEST;
  running_ = on_trial && !again ? kNoPlace : running_;  // the next boot decides anew
  if (!flash_.powered()) {
    return;
  }
  demand(status == right, "confirms what may not be, or fails");
  if (status == ECU_OK) {
    trial_ = false;
    demand(now_.active == running_ && now_.slots[running_].state == ECU_SLOT_CONFIRMED &&
               now_.slots[running_].sequence == before_.slots[running_].sequence,
           "confirm has no effect");
    demand(now_.places.in_both || scarce, "confirmed in one sector");
    demand(stays_in_both() || scarce, "one sector alone knows what was confirmed");
    demand(!device_.has_fuses || now_.fuses >= now_.slots[running_].sequence, "the fuses are not raised");
  }
}

void Bench::revert() {
  before_ = now_;
  const unsigned staged = before_.staged();
  const ecu_status able = is_scarce(1) ? ECU_FLASH_FAILED : ECU_OK;
  const ecu_status right = staged == kNoPlace ? ECU_UPDATE_NO_TRIAL : able;
  begin_call(staged != kNoPlace ? Writes::kRevert : Writes::kNone);
  gives_up_ = staged;
  const ecu_status status = ecu_update_revert(&update_);
  end_call();
  arriving_ = nullptr;
  if (!flash_.powered()) {
    return;
  }
  demand(status == right, "reverts what is not staged, or fails");
  if (status == ECU_OK) {
    demand(now_.slots[staged].state == ECU_SLOT_EMPTY, "revert has no effect");
  }
  if (staged != kNoPlace) {
    running_ = running_ == staged ? kNoPlace : running_;
    trial_ = false;
  }
}

ecu_status Bench::expected_of(const Item& item) {
  const ecu_status status = before_.check_package(item, flash_);
  const bool waits = !before_.is_recorded() && before_.staged() != kNoPlace;
  const bool busy = item.model && (trial_ || waits || running_ == before_.target());
  return status == ECU_OK && busy ? ECU_UPDATE_TRIAL_RUNNING : status;
}

/* a: package. b: size of the pieces. */
void Bench::send(const Step& step, size_t size) {
  const Item& item = stock()[step.a % 16U];
  found_ = before_ = now_ = read_flash(flash_);
  stays_ = before_.runnable();
  const ecu_status expected = expected_of(item);
  ecu_status status = ecu_update_begin(&update_);
  demand(status == ECU_OK, "begin fails");
  number_ = before_.last_number();
  changed_ = newer_keys_ = false;
  const bool scarce = is_scarce(2);
  begin_call(expected == ECU_OK ? Writes::kPackage : Writes::kNone);
  sends_model_ = item.model;
  const size_t piece = 1U + (size_t{7} * step.b);
  for (size_t at = 0; at < size && status == ECU_OK; at += piece) {
    status = ecu_update_write(&update_, item.package.data() + at, std::min(piece, size - at));
  }
  newer_keys_ = appended_ > 0 && before_.keys_sequence > before_.places.keys;
  end_call();
  arriving_ = status == ECU_OK ? &item : nullptr;
  arrived_ = size;
  if (!flash_.powered() || (scarce && status == ECU_FLASH_FAILED)) {
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
  const bool scarce = is_scarce(1);
  begin_call(whole ? Writes::kPackage : Writes::kNone);
  const ecu_status status = ecu_update_finish(&update_);
  end_call();
  arriving_ = nullptr;
  if (!flash_.powered() || (scarce && status == ECU_FLASH_FAILED)) {
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

}  // namespace ecu::test
