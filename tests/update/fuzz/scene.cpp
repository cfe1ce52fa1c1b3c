/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <algorithm>

#include "records.h"
#include "stock.h"

namespace ecu::test {
namespace {

constexpr Geometry kGeometries[] = {{8, 2048}, {128, 2048}, {256, 2048}, {32, 2048}};  // 64, 16 and 8 places
constexpr uint32_t kSlotSectors = 1;

/* Writes what the steps say into the areas. */
class Writer {
 public:
  explicit Writer(FlashSimulator& flash) : flash_(flash) {}

  void take(const Step& step) {
    switch (step.what) {
      case Do::kRecord:
        add_record(step);
        break;
      case Do::kRepeat:
        repeat(step);
        break;
      case Do::kBadPlace:
        add_bad_place(step);
        break;
      default:
        hold(step);
    }
  }

 private:
  [[nodiscard]] uint32_t stride() const { return std::max(kRecordSize, flash_.geometry().unit); }
  [[nodiscard]] uint32_t places() const { return flash_.geometry().sector / stride(); }
  [[nodiscard]] uint32_t next() const { return flash_.journal(sector_) + (place_[sector_] * stride()); }

  void put(const State& state) {
    last_ = state;
    if (place_[sector_] < places()) {
      flash_.place(next(), record_bytes(sequence_, state));
      ++place_[sector_];
    }
  }

  /* a: sector, how the sequence goes on, active slot. b: sequence of the keys, tries, states. c:
   * sequences of the packages. */
  void add_record(const Step& step) {
    static constexpr uint32_t kJumps[] = {1, 1, 1, 1, 1,  1,           1,           1,
                                          1, 0, 2, 7, 70, 0x80000000U, 0xffffff80U, 0xffffffffU};
    static constexpr uint32_t kKeys[] = {0, 2, 4, 6};
    sector_ = step.a >> 7U;
    sequence_ += kJumps[(step.a >> 3U) & 15U];
    State state = {static_cast<uint8_t>(step.a & 1U),
                   static_cast<uint8_t>((step.b >> 4U) & 3U),
                   {},
                   kKeys[step.b >> 6U]};
    for (unsigned slot = 0; slot < 2; ++slot) {
      const uint32_t sequence = (step.c >> (4U * slot)) & 15U;
      state.slots[slot] = {static_cast<ecu_slot_state>((step.b >> (2U * slot)) & 3U),
                           sequence == 15 ? 0xfffffffeU : sequence};
    }
    put(state);
  }

  void repeat(const Step& step) {
    const uint32_t left = step.a % 8U;
    while (place_[sector_] + left < places()) {
      ++sequence_;
      put(last_);
    }
  }

  void add_bad_place(const Step& step) {
    sector_ = step.a >> 7U;
    if (place_[sector_] >= places()) {
      return;
    }
    const uint32_t address = next();
    ByteVector bytes = record_bytes(sequence_ + 1, last_);
    switch (step.a % 4U) {
      case 0U:
        bytes[step.b % kRecordSize] ^= static_cast<uint8_t>(step.c | 1U);
        flash_.place(address, bytes);
        break;
      case 1U:
        flash_.place(address, bytes);
        flash_.damage_bytes(address);
        break;
      case 2U:
        if (step.c != flash_.erased_value()) {
          flash_.place(address + (step.b % kRecordSize), ByteVector(1, step.c));
        }
        break;
      default:
        break;  // free
    }
    ++place_[sector_];
  }

  /* a: area. b: package. c: what is wrong with it. */
  void hold(const Step& step) {
    const unsigned area = step.a % 4U;
    const bool slot = area < 2;
    const uint32_t address = slot ? flash_.slot(area) : flash_.keys(area - 2);
    const uint32_t size = slot ? flash_.slot_size() : flash_.geometry().sector;
    const uint32_t header = address + size - ECU_PACKAGE_HEADER_SIZE;
    const Item& item = stock()[step.b % 16U];
    flash_.place(address, item.payload);
    const unsigned damage = step.c % 16U;
    if (damage != 1) {
      flash_.place(header, item.header);
    }
    const uint32_t wrong[] = {0,
                              0,
                              address + 80,                                                // image or key
                              address + static_cast<uint32_t>(item.payload.size()) - 1,    // vectors
                              header,                                                      // no template
                              header + static_cast<uint32_t>(kDigestBytes.start) + 3,      // digest
                              header + static_cast<uint32_t>(kKeyIdBytes.start) + 1,       // key
                              header + static_cast<uint32_t>(kSignatureBytes.start) + 9};  // signature
    if (damage >= 2 && damage < 8) {
      *flash_.at(wrong[damage]) ^= 4U;
    } else if (damage == 8) {
      flash_.damage_bytes(address + 64);
    } else if (damage == 9) {
      flash_.damage_bytes(header + 900);
    } else if (damage == 10) {
      flash_.place(header + 900, ByteVector(8, 0x5a));  // behind the header
    }
  }

  FlashSimulator& flash_;
  unsigned sector_ = 0;
  uint32_t place_[2] = {};
  uint32_t sequence_ = 0;
  State last_ = {};
};

Step step_of(const uint8_t* bytes) {
  return {static_cast<Do>(bytes[0] % static_cast<unsigned>(Do::kKinds)), bytes[1], bytes[2], bytes[3]};
}

}  // namespace

Scene read_scene(const uint8_t* data, size_t size) {
  uint8_t head[kStepSize] = {};
  std::copy(data, data + std::min(size, kStepSize), head);
  const uint8_t erased = (head[0] & 4U) != 0 ? 0x00 : 0xff;
  Scene scene = {FlashSimulator(kGeometries[head[0] & 3U], erased, kSlotSectors),
                 {static_cast<uint8_t>(1U + ((head[0] >> 3U) & 3U)), (head[0] & 0x20U) != 0,
                  static_cast<uint16_t>(head[1] | (head[2] << 8U))},
                 {}};
  if (scene.device.has_fuses) {
    scene.flash.add_fuses(head[3] % 16U);
  }
  if ((head[0] & 0x40U) != 0) {
    scene.flash.lose_torn_units();
  }
  Writer writer(scene.flash);
  for (size_t at = kStepSize; at + kStepSize <= size && at < kMostSteps * kStepSize; at += kStepSize) {
    const Step step = step_of(data + at);
    if (step.what >= Do::kBoot) {
      scene.calls.push_back(step);
    } else if (scene.calls.empty()) {
      writer.take(step);
    }
  }
  return scene;
}

}  // namespace ecu::test
