/* SPDX-License-Identifier: Apache-2.0 */
/* The port of the bench: what is read, written and counted, and whether it may be. */
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>

#include "bench.h"
#include "records.h"

namespace ecu::test {

void Bench::demand(bool condition, const char* text) const {
  if (!condition || !flash_.violation().empty()) {
    fprintf(stderr, "WRONG: %s\n", condition ? flash_.violation().c_str() : text);
    abort();
  }
}

unsigned Bench::area_of(uint32_t address) const {
  unsigned index = 0;
  while (index < ECU_AREA_COUNT && address - config_.areas[index].address >= config_.areas[index].size) {
    ++index;
  }
  return index;
}

void Bench::judge_read(uint32_t address, uint32_t size) {
  const unsigned index = area_of(address);
  demand(index < ECU_AREA_COUNT, "a read outside of the areas");
  const ecu_area& area = config_.areas[index];
  demand(size <= area.size - (address - area.address), "a read beyond the end of an area");
  bytes_read_ += size;
}

/* A boot without a trial, from here on. */
bool Bench::is_quiet(const Reading& now) const {
  return writes_ == Writes::kBoot && (waits_ || now.staged() == kNoPlace);
}

/* What was confirmed just now is copied, and by a boot without a trial and before the first record of an
 * install what the other sector does not say, or might not, since it changed in this time of power. Keys that
 * no record knows of are recorded so, too. */
bool Bench::may_copy(const Reading& now) const {
  const bool confirmed = writes_ == Writes::kConfirm && appended_ == 1;
  const bool differs = now.is_recorded() && (!now.places.in_both || changed_);
  const bool settles = is_quiet(now) || (sends_model_ && appended_ == 0);
  return confirmed || (settles && (differs || now.keys_sequence > now.places.keys));
}

/* Never the sector that counts, and the other one for a record that the first has no place for, or a copy. */
void Bench::judge_erase(unsigned sector) const {
  const Reading now = look();
  demand(sector != now.places.sector, "the journal sector that counts is erased");
  demand(now.places.is_full(now.places.sector) || may_copy(now), "a journal sector is erased too early");
}

/* A record goes behind all that was written in its sector, a copy to the start of the other one, and has a
 * number that none had. */
void Bench::judge_record(unsigned sector, uint32_t address, const void* bytes) {
  const Reading now = look();
  const Places& places = now.places;
  const bool copies = may_copy(now);
  const bool other = sector != places.sector;
  const uint32_t stride = std::max(kRecordSize, flash_.geometry().unit);
  demand(copies || !is_quiet(now), "a boot without a trial writes more than its newest record");
  demand(address == flash_.journal(sector) + (places.ends[sector] * stride), "a record in another place");
  demand(other == (copies || places.is_full(places.sector)) || (copies && !now.is_recorded()),
         "a record in the wrong sector");
  demand(!other || places.ends[sector] == 0, "a record in a sector that was not erased");
  demand(number_ != UINT32_MAX && sequence_of(static_cast<const uint8_t*>(bytes)) == number_ + 1U,
         "a record with another number");
  ++number_;
  ++appended_;
  changed_ = !copies;
}

/* Nothing that runs, is to run or is in force is written. */
void Bench::judge_write(uint32_t address, const void* bytes) {
  const bool erases = bytes == nullptr;
  if (!flash_.powered()) {
    return;
  }
  const unsigned index = area_of(address);
  if (erases && index < kNoPlace && index == gives_up_) {
    demand(address == flash_.slot(index), "more than the first sector is given up");
    demand(read_flash(flash_).slots[index].state == ECU_SLOT_EMPTY, "given up without a record");
    return;
  }
  const bool journal = index == ECU_AREA_JOURNAL_0 || index == ECU_AREA_JOURNAL_1;
  demand(writes_ == Writes::kPackage || (writes_ != Writes::kNone && journal),
         "a write where nothing may be written");
  if (journal && erases) {
    judge_erase(index - ECU_AREA_JOURNAL_0);
  } else if (journal) {
    judge_record(index - ECU_AREA_JOURNAL_0, address, bytes);
  } else if (index >= ECU_AREA_KEYS_0) {
    demand(index - ECU_AREA_KEYS_0 != found_.keys, "a write into the key set in force");
  } else {
    demand(index != running_, "a write into the slot that runs");
    demand(index != stays_, "a write into the slot that must stay");
  }
}

ecu_flash Bench::make_port() {
  real_ = flash_.port();
  ecu_flash port = real_;
  port.context = this;
  port.geometry = [](void* self, uint32_t address, ecu_flash_geometry* geometry) {
    const ecu_flash& real = static_cast<Bench*>(self)->real_;
    return real.geometry(real.context, address, geometry);
  };
  port.read = [](void* self, uint32_t address, void* bytes, uint32_t size) {
    Bench& bench = *static_cast<Bench*>(self);
    bench.judge_read(address, size);
    return bench.real_.read(bench.real_.context, address, bytes, size);
  };
  port.program = [](void* self, uint32_t address, const void* bytes, uint32_t size) {
    Bench& bench = *static_cast<Bench*>(self);
    bench.judge_write(address, bytes);
    return bench.real_.program(bench.real_.context, address, bytes, size);
  };
  port.erase = [](void* self, uint32_t address) {
    Bench& bench = *static_cast<Bench*>(self);
    bench.judge_write(address, nullptr);
    const ecu_status status = bench.real_.erase(bench.real_.context, address);
    const unsigned sector = bench.area_of(address) - ECU_AREA_JOURNAL_0;
    if (sector < 2) {
      bench.half_erased_[sector] = !bench.flash_.powered();
      bench.erased_ = true;
    }
    return status;
  };
  port.counter = device_.has_fuses ? [](void* self, uint32_t minimum, uint32_t* value) {
    Bench& bench = *static_cast<Bench*>(self);
    bool signed_one = minimum <= bench.flash_.fuses();
    for (unsigned slot = 0; slot < 2; ++slot) {
      const Holding& holding = bench.before_.holdings[slot];
      signed_one = signed_one || (holding.whole && holding.sealed && holding.item->sequence == minimum);
    }
    bench.demand(signed_one, "the fuses count what was not signed");
    return bench.real_.counter(bench.real_.context, minimum, value);
  } : real_.counter;
  return port;
}

/* Nothing is tried that is not whole, signed by a key in force, and new enough. */
ecu_status Bench::test_model(const void* payload) {
  const Reading now = look();
  const unsigned slot = now.staged();
  demand(slot != kNoPlace && payload == flash_.at(flash_.slot(slot)), "a trial of a slot that is not staged");
  demand(now.check_trial(slot) == ECU_OK, "a trial of what may not run");
  demand(now.tries <= device_.tries, "one trial too many");
  return is_bad(*now.holdings[slot].item) ? ECU_UPDATE_SELF_TEST_FAILED : ECU_OK;
}

bool Bench::is_bad(const Item& item) const {
  return ((device_.bad >> static_cast<size_t>(&item - stock().data())) & 1U) != 0;
}

}  // namespace ecu::test
