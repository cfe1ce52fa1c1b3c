/* SPDX-License-Identifier: Apache-2.0 */
/* Each single damage of the journal: whatever the device went through, whichever sector or run of the newest
 * records it is, for a time or for ever, and whatever comes first then. */
#include "damages.h"

#include <stdio.h>

#include <string>
#include <vector>

#include "ecus.h"

namespace ecu::test {
namespace {

/* Models in the order of their sequences, from 1 on. */
const Payload& model(uint32_t sequence) {
  const Payload* const models[] = {&kB, &kC, &kA, &kB};
  return *models[sequence - 1U];
}

/* 1 and 2 are confirmed already. What the device goes through, and which model must run afterwards. */
struct Life {
  const char* name;
  uint32_t (*live)(Ecu&);
};

uint32_t update_to(Ecu& ecu, uint32_t sequence) {
  ecu.update_to(model(sequence), sequence);
  return sequence;
}

uint32_t install(Ecu& ecu, uint32_t sequence) {
  (void)ecu.install(ecu.package(model(sequence), sequence));
  return sequence - 1U;
}

uint32_t try_out(Ecu& ecu, uint32_t sequence) {
  (void)install(ecu, sequence);
  ecu.restart();
  return sequence - 1U;
}

uint32_t break_off(Ecu& ecu, const ByteVector& package) {
  (void)ecu_update_begin(&ecu.update);
  (void)ecu_update_write(&ecu.update, package.data(), package.size() - 9U);
  return 2;
}

uint32_t confirm_on_the_last_try(Ecu& ecu) {
  (void)install(ecu, 3);
  for (unsigned boot = 0; boot < ecu.tries; ++boot) {
    ecu.restart();
  }
  (void)ecu_update_confirm(&ecu.update);
  return 3;
}

uint32_t revert(Ecu& ecu, uint32_t sequence) {
  (void)try_out(ecu, sequence);
  (void)ecu_update_revert(&ecu.update);
  return sequence - 1U;
}

uint32_t refuse_at_the_end(Ecu& ecu, uint32_t sequence) {
  (void)ecu.install(behind_header_of(ecu.package(model(sequence), sequence), kHostile));
  return sequence - 1U;
}

uint32_t rotate_keys(Ecu& ecu) {
  const ecu_key next = build_key(2, 0);
  (void)ecu.install(keys_of(next, 3, ecu.key));
  ecu.restart();
  ecu.key = next;
  return 2;
}

const Life kLives[] = {
    {"nothing", [](Ecu&) { return 2U; }},
    {"an update", [](Ecu& ecu) { return update_to(ecu, 3); }},
    {"two updates", [](Ecu& ecu) { return update_to(ecu, 3), update_to(ecu, 4); }},
    {"an update on its last try", confirm_on_the_last_try},
    {"a staged model", [](Ecu& ecu) { return install(ecu, 3); }},
    {"a trial", [](Ecu& ecu) { return try_out(ecu, 3); }},
    {"a revert", [](Ecu& ecu) { return revert(ecu, 3); }},
    {"an update and a revert", [](Ecu& ecu) { return update_to(ecu, 3), revert(ecu, 4); }},
    {"a broken install", [](Ecu& ecu) { return break_off(ecu, ecu.package(kA, 3)); }},
    {"an install refused at its end", [](Ecu& ecu) { return refuse_at_the_end(ecu, 3); }},
    {"an update and a refused one", [](Ecu& ecu) { return update_to(ecu, 3), refuse_at_the_end(ecu, 4); }},
    {"twins", [](Ecu& ecu) { return update_to(ecu, 2); }},
    {"twins and a broken install",
     [](Ecu& ecu) { return update_to(ecu, 2), break_off(ecu, ecu.package(kC, 2)); }},
    {"a broken key package", [](Ecu& ecu) { return break_off(ecu, keys_of(build_key(2, 0), 3, ecu.key)); }},
    {"other keys", rotate_keys},
};

enum class Loss : uint8_t {
  kForEver,
  kForOneBoot,
  kOfTheWholeSector
};  // the last: it can not be erased either
enum class First : uint8_t { kBoot, kInstall, kBootThenInstall };

/* From `start` up to `end`. */
struct Damage {
  uint32_t start;
  uint32_t end;
  Loss loss;
  First first;
};

/* The application confirms each trial. Empty when all is right. */
std::string wrong_after(const Ecu& whole, uint8_t tries, uint32_t expected, const Damage& damage) {
  Ecu ecu;
  ecu.flash = whole.flash;  // without a boot
  ecu.key = whole.key;
  ecu.tries = tries;
  const uint32_t size = damage.end - damage.start;
  lose(ecu, damage.start, size);
  if (damage.loss == Loss::kOfTheWholeSector) {
    ecu.flash.damage_sector(damage.start, Bad::kEraseFails);
  }
  if (damage.first == First::kBootThenInstall) {
    ecu.restart();
  }
  if (damage.first != First::kBoot) {
    (void)ecu.open();
    (void)ecu.send(ecu.package(kHostile, 20));
  }
  for (unsigned boot = 0; boot < 4; ++boot) {
    ecu.restart();
    if (damage.loss == Loss::kForOneBoot) {
      recover(ecu, damage.start, size);
    }
    if (ecu.found.trial != 0) {
      (void)ecu_update_confirm(&ecu.update);
    }
  }
  if (ecu.restart() != ECU_OK || ecu.found.trial != 0 || ecu.found.sequence < expected ||
      !runs(ecu, model(ecu.found.sequence))) {
    return "the confirmed model does not run";
  }
  const ecu_status status = ecu.install(ecu.package(kHostile, 30));
  const bool worn = damage.loss == Loss::kOfTheWholeSector && status == ECU_FLASH_FAILED;
  return status == ECU_OK || worn ? ecu.flash.violation() : "no package is taken any more";
}

/* Both sectors, the newest records one by one, and all that are newer than each. */
std::vector<std::pair<uint32_t, uint32_t>> ranges_of(const Ecu& ecu) {
  const uint32_t sector = ecu.flash.geometry().sector;
  std::vector<std::pair<uint32_t, uint32_t>> ranges;
  for (unsigned i = 0; i < 2; ++i) {
    ranges.emplace_back(ecu.flash.journal(i), ecu.flash.journal(i) + sector);
  }
  const uint32_t end = ecu.newest_record() + kRecordSize;
  const uint32_t start = ecu.flash.journal(ecu.update.sector);
  for (uint32_t at = end; at > start && end - at < 8U * kRecordSize; at -= kRecordSize) {
    ranges.emplace_back(at - kRecordSize, end);
    ranges.emplace_back(at - kRecordSize, at);
  }
  return ranges;
}

/* Fills the sector with the newest record but for so many places. */
void leave_free(Ecu& ecu, uint32_t places) {
  while (places != 0U && ecu.update.end + (places * kRecordSize) < ecu.flash.geometry().sector) {
    ecu.forge_record([](State&) {});
    ecu.restart();
  }
}

class Tally {
 public:
  explicit Tally(unsigned every) : every_(every) {}

  void count(const Life& life, const Ecu& ecu, uint8_t tries, uint32_t expected, const Damage& damage) {
    if (++damages_ % every_ != 0) {
      return;
    }
    ++runs_;
    const std::string wrong = wrong_after(ecu, tries, expected, damage);
    if (!wrong.empty()) {
      ++failures_;
      printf("WRONG %s, tries %u, bytes 0x%x to 0x%x, loss %u, first %u: %s\n", life.name, tries,
             damage.start, damage.end, static_cast<unsigned>(damage.loss),
             static_cast<unsigned>(damage.first), wrong.c_str());
    }
  }
  int print() const {
    printf("damages: %u runs, %d failures\n", runs_, failures_);
    return failures_;
  }

 private:
  unsigned every_;
  unsigned damages_ = 0;
  unsigned runs_ = 0;
  int failures_ = 0;
};

void damage_all(const Life& life, const Ecu& ecu, uint8_t tries, uint32_t expected, Tally& tally) {
  const uint32_t sector = ecu.flash.geometry().sector;
  for (const auto& [start, end] : ranges_of(ecu)) {
    for (const Loss loss : {Loss::kForEver, Loss::kForOneBoot, Loss::kOfTheWholeSector}) {
      for (const First first : {First::kBoot, First::kInstall, First::kBootThenInstall}) {
        if (loss != Loss::kOfTheWholeSector || end - start == sector) {
          tally.count(life, ecu, tries, expected, {start, end, loss, first});
        }
      }
    }
  }
}

}  // namespace

int run_damages(unsigned every) {
  Tally tally(every);
  for (const Life& life : kLives) {
    for (unsigned kind = 0; kind < 2U * 2U * 9U; ++kind) {
      const uint8_t tries = kind % 2U == 0U ? 1 : 3;
      Ecu ecu;
      ecu.tries = tries;
      if (kind / 2U % 2U != 0U) {
        ecu.flash.add_fuses(0);
      }
      ecu.restart();
      (void)update_to(ecu, 1);
      (void)update_to(ecu, 2);
      leave_free(ecu, kind / 4U);
      const uint32_t expected = life.live(ecu);
      damage_all(life, ecu, tries, expected, tally);
    }
  }
  return tally.print();
}

}  // namespace ecu::test
