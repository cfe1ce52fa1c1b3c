/* SPDX-License-Identifier: Apache-2.0 */
#include "flash_simulator.h"

#include <string.h>

#include <algorithm>

#include "records.h"

namespace ecu::test {

FlashSimulator::FlashSimulator(Geometry geometry, uint8_t erased, uint32_t slot_sectors)
    : geometry_(geometry), erased_(erased), slot_sectors_(slot_sectors) {
  const size_t sectors = (2U * slot_sectors) + 4U;
  bytes_.assign(sectors * geometry.sector, erased);
  used_.assign(bytes_.size() / geometry.unit, 0);
  lost_.assign(used_.size(), 0);
  wear_.assign(sectors, 0);
  bad_.assign(sectors, Bad::kNot);
}

ecu_flash FlashSimulator::port() {
  ecu_flash port = {};
  port.context = this;
  port.geometry = [](void* self, uint32_t, ecu_flash_geometry* geometry) {
    const FlashSimulator& flash = *static_cast<FlashSimulator*>(self);
    *geometry = {flash.geometry_.sector, flash.geometry_.unit, flash.erased_};
    return ECU_OK;
  };
  port.read = [](void* self, uint32_t address, void* bytes, uint32_t size) {
    return static_cast<FlashSimulator*>(self)->read(address, static_cast<uint8_t*>(bytes), size);
  };
  port.program = [](void* self, uint32_t address, const void* bytes, uint32_t size) {
    return static_cast<FlashSimulator*>(self)->program(address, static_cast<const uint8_t*>(bytes), size);
  };
  port.erase = [](void* self, uint32_t address) {
    return static_cast<FlashSimulator*>(self)->erase(address);
  };
  if (has_fuses_) {
    port.counter = [](void* self, uint32_t minimum, uint32_t* value) {
      return static_cast<FlashSimulator*>(self)->count(minimum, *value);
    };
  }
  return port;
}

void FlashSimulator::place(uint32_t address, const std::vector<uint8_t>& bytes) {
  memcpy(at(address), bytes.data(), bytes.size());
  const size_t first = (address - kBase) / geometry_.unit;
  const size_t last = (address - kBase + bytes.size() + geometry_.unit - 1) / geometry_.unit;
  std::fill(used_.begin() + static_cast<ptrdiff_t>(first), used_.begin() + static_cast<ptrdiff_t>(last),
            uint8_t{1});
}

void FlashSimulator::stick(uint32_t address, Random& random) {
  const bool used = used_[(address - kBase) / geometry_.unit] != 0;
  const uint8_t value = used ? *at(address) : static_cast<uint8_t>(random.next() >> 32U);
  stuck_.push_back({address, static_cast<uint8_t>(1U << random.below(8)), value});
}

void FlashSimulator::rot(uint32_t address, Random& random) {
  std::vector<uint32_t> written;
  for (uint32_t offset = 0; offset < geometry_.sector; ++offset) {
    if (*at(address + offset) != erased_) {
      written.push_back(offset);
    }
  }
  if (!written.empty()) {
    const uint32_t offset = written[random.below(static_cast<uint32_t>(written.size()))];
    *at(address + offset) ^= static_cast<uint8_t>(1U << random.below(8));
  }
}

void FlashSimulator::cut_at(Cut cut, uint64_t seed) {
  armed_ = true;
  cut_ = cut;
  random_ = Random(seed + (0x10001U * cut.operation));
}

bool FlashSimulator::is_lost(uint32_t address, uint32_t size) const {
  const ptrdiff_t first = (address - kBase) / geometry_.unit;
  const ptrdiff_t last = (address - kBase + size - 1) / geometry_.unit;
  return std::any_of(lost_.begin() + first, lost_.begin() + last + 1, [](uint8_t lost) { return lost != 0; });
}

void FlashSimulator::lose_for_a_time(uint32_t address, uint32_t size) {
  for (uint32_t offset = 0; offset < size; offset += geometry_.unit) {
    lost_[(address - kBase + offset) / geometry_.unit] |= 2;
  }
}

void FlashSimulator::find_again() {
  for (uint8_t& lost : lost_) {
    lost &= 1;
  }
}

uint32_t FlashSimulator::most_worn() const { return *std::max_element(wear_.begin(), wear_.end()); }

void FlashSimulator::report(const std::string& text) {
  if (violation_.empty()) {
    violation_ = text;
  }
}

bool FlashSimulator::inside(uint32_t address, uint32_t size, const char* what) {
  const bool right =
      address >= kBase && address - kBase <= bytes_.size() && size <= bytes_.size() - (address - kBase);
  if (!right) {
    report(std::string(what) + " outside of the flash");
  }
  return right;
}

void FlashSimulator::check_protected(uint32_t address, const char* what) {
  const unsigned slot = (address - kBase) / slot_size();
  if (slot > 1) {
    return;
  }
  written_ |= 1U << slot;
  if (((protected_ >> slot) & 1U) != 0 && !spare_) {
    report(std::string(what) + " in the active slot");
  }
  spare_ = false;
  protected_ &= ~(1U << slot);
}

/* As the bytes read, stuck bits and all. */
void FlashSimulator::copy(uint32_t address, uint8_t* bytes, uint32_t size) {
  memcpy(bytes, at(address), size);
  for (const Stuck& stuck : stuck_) {
    if (stuck.address >= address && stuck.address - address < size) {
      uint8_t& byte = bytes[stuck.address - address];
      byte = static_cast<uint8_t>((byte & ~stuck.mask) | (stuck.value & stuck.mask));
    }
  }
}

/* Of what can be read of the sector. */
uint32_t FlashSimulator::newest_record(uint32_t address) {
  std::vector<uint8_t> bytes(geometry_.sector);
  copy(address, bytes.data(), geometry_.sector);
  for (uint32_t offset = 0; offset < geometry_.sector; ++offset) {
    bytes[offset] = lost_[(address - kBase + offset) / geometry_.unit] != 0 ? 0 : bytes[offset];
  }
  return newest_of(bytes.data(), geometry_.sector, geometry_.unit);
}

void FlashSimulator::check_newest(uint32_t address) {
  for (unsigned sector = 0; sector < 2; ++sector) {
    if (address != journal(sector)) {
      continue;
    }
    const uint32_t own = newest_record(address);
    const uint32_t other = newest_record(journal(sector ^ 1U));
    if (own > other && disturb_ == 0) {  // reads may have changed the other one since the device saw it
      report("erase of the journal sector with the newest record");
    }
  }
}

void FlashSimulator::change(uint32_t address, const uint8_t* bytes, uint32_t size, Torn torn) {
  const bool erases = bytes == nullptr;
  const size_t start = address - kBase;
  if (torn == Torn::kComplete && erases) {
    std::fill_n(bytes_.begin() + static_cast<ptrdiff_t>(start), size, erased_);
    std::fill_n(used_.begin() + static_cast<ptrdiff_t>(start / geometry_.unit), size / geometry_.unit,
                uint8_t{0});
    std::fill_n(lost_.begin() + static_cast<ptrdiff_t>(start / geometry_.unit), size / geometry_.unit,
                uint8_t{0});
    return;
  }
  for (uint32_t i = 0; i < size; ++i) {
    uint8_t& byte = bytes_[start + i];
    uint8_t wanted =
        erases ? erased_ : static_cast<uint8_t>(erased_ == 0xff ? byte & bytes[i] : byte | bytes[i]);
    const bool skipped = torn == Torn::kNothing || (torn == Torn::kHalf && i >= size / 2U) ||
                         (torn == Torn::kSomeBytes && random_.below(2) == 0);
    if (torn == Torn::kSomeBits) {
      const uint8_t mask = static_cast<uint8_t>(random_.next() >> 32U);
      wanted = static_cast<uint8_t>((byte & ~mask) | (wanted & mask));
    }
    if (skipped) {
      continue;
    }
    byte = wanted;
    lost_[(start + i) / geometry_.unit] |= loses_torn_ && torn != Torn::kComplete ? 1 : 0;
    uint8_t& used = used_[(start + i) / geometry_.unit];
    if (erases) {
      used = 2;  // a sector that was not quite erased takes nothing
    } else if (lost_[(start + i) / geometry_.unit] != 0) {
      used = 1;
    } else if (torn == Torn::kComplete || byte != erased_) {
      used = 1;
    }
  }
}

/* Counts an operation; power fails in it when it is the last one. */
bool FlashSimulator::is_last() {
  const bool last = armed_ && operations_ == cut_.operation;
  ++operations_;
  if (last) {
    powered_ = false;
    armed_ = false;
  }
  return last;
}

bool FlashSimulator::operate(uint32_t address, const uint8_t* bytes, uint32_t size) {
  change(address, bytes, size, is_last() ? cut_.torn : Torn::kComplete);
  return powered_;
}

ecu_status FlashSimulator::read(uint32_t address, uint8_t* bytes, uint32_t size) {
  if (!inside(address, size, "read") || !powered_ || bad_[index_of(address)] == Bad::kReadFails) {
    return ECU_FLASH_FAILED;
  }
  if (size != 0 && is_lost(address, size)) {
    return ECU_FLASH_DAMAGED;
  }
  if (disturb_ != 0 && random_.below(disturb_) == 0) {
    const uint32_t bit = random_.below(8U * size);
    *(at(address) + (bit / 8U)) ^= static_cast<uint8_t>(1U << (bit % 8U));
  }
  copy(address, bytes, size);
  return ECU_OK;
}

ecu_status FlashSimulator::program(uint32_t address, const uint8_t* bytes, uint32_t size) {
  if (!powered_ || !inside(address, size, "program")) {
    return ECU_FLASH_FAILED;
  }
  if (size == 0 || size % geometry_.unit != 0 || (address - kBase) % geometry_.unit != 0) {
    report("program of a part of a unit");
  }
  if (reinterpret_cast<uintptr_t>(bytes) % 8U != 0) {
    report("program from bytes that are not aligned to 8");
  }
  check_protected(address, "program");
  for (uint32_t at = 0; at < size; at += geometry_.unit) {
    const uint8_t used = used_[(address - kBase + at) / geometry_.unit];
    if (used == 1 || (used == 2 && !takes_cut_erases_)) {
      report("a unit is programmed twice");
    }
  }
  const Bad bad = bad_[index_of(address)];
  if (bad == Bad::kProgramFails || bad == Bad::kProgramIgnored) {
    return bad == Bad::kProgramFails ? ECU_FLASH_FAILED : ECU_OK;
  }
  return operate(address, bytes, size) ? ECU_OK : ECU_FLASH_FAILED;
}

ecu_status FlashSimulator::erase(uint32_t address) {
  if (!powered_ || !inside(address, geometry_.sector, "erase")) {
    return ECU_FLASH_FAILED;
  }
  if ((address - kBase) % geometry_.sector != 0) {
    report("erase within a sector");
  }
  check_protected(address, "erase");
  check_newest(address);
  const Bad bad = bad_[index_of(address)];
  if (bad == Bad::kEraseFails || bad == Bad::kEraseIgnored) {
    return bad == Bad::kEraseFails ? ECU_FLASH_FAILED : ECU_OK;
  }
  ++wear_[index_of(address)];
  return operate(address, nullptr, geometry_.sector) ? ECU_OK : ECU_FLASH_FAILED;
}

ecu_status FlashSimulator::count(uint32_t minimum, uint32_t& value) {
  if (!powered_) {
    return ECU_FLASH_FAILED;
  }
  if (minimum > fuses_ && (!is_last() || cut_.torn == Torn::kComplete)) {
    fuses_ = minimum;
  }
  value = fuses_;
  return powered_ ? ECU_OK : ECU_FLASH_FAILED;
}

}  // namespace ecu::test
