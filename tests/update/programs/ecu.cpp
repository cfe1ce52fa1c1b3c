/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu.h"

#include <string.h>

#include "configuration.h"

namespace ecu::test {
namespace {

constexpr Geometry kFlash = {8, 2048};

}  // namespace

Payload payload_of(uint64_t seed) {
  Payload payload = build_image(400, seed);
  payload.resize(464, static_cast<uint8_t>(0x10U + seed));
  return payload;
}

Ecu::Ecu() : flash(kFlash, 0xff, 3), key(build_key(1, 0)) {
  flash.place(flash.slot(0), payload_of(1));
  (void)restart();
}

Ecu::Ecu(const Ecu& other) : flash(other.flash), key(other.key), tries(other.tries) { (void)restart(); }

ecu_flash Ecu::make_port() {
  ecu_flash port = real_;
  port.context = this;
  port.geometry = [](void* context, uint32_t address, ecu_flash_geometry* geometry) {
    Ecu& self = *static_cast<Ecu*>(context);
    ++self.geometry_calls;
    return self.geometry_fails ? ECU_FLASH_FAILED
                               : self.real_.geometry(self.real_.context, address, geometry);
  };
  port.read = [](void* context, uint32_t address, void* bytes, uint32_t size) {
    Ecu& self = *static_cast<Ecu*>(context);
    const ecu_status status = self.real_.read(self.real_.context, address, bytes, size);
    return self.lies_in_reads_ && self.in_journal(address) ? ECU_FLASH_FAILED : status;
  };
  port.program = [](void* context, uint32_t address, const void* bytes, uint32_t size) {
    Ecu& self = *static_cast<Ecu*>(context);
    const ecu_status status = self.real_.program(self.real_.context, address, bytes, size);
    return self.lies_in_programs_ && self.in_journal(address) ? ECU_FLASH_FAILED : status;
  };
  port.erase = [](void* context, uint32_t address) {
    Ecu& self = *static_cast<Ecu*>(context);
    if (self.lies_in_programs_ && self.in_journal(address)) {
      return ECU_FLASH_FAILED;
    }
    return self.real_.erase(self.real_.context, address);
  };
  if (real_.counter != nullptr) {
    port.counter = [](void* context, uint32_t minimum, uint32_t* value) {
      Ecu& self = *static_cast<Ecu*>(context);
      const bool raises = minimum > self.flash.fuses();
      if (self.counter_fails || (raises && self.raise_fails)) {
        return ECU_FLASH_FAILED;
      }
      return self.real_.counter(self.real_.context, minimum, value);
    };
  }
  return port;
}

ecu_status Ecu::open() {
  flash.power_on();
  real_ = flash.port();
  port_ = make_port();
  config_ = configuration(flash, port_, key);
  config_.tries = tries;
  memset(&update, 0xa5, sizeof update);  // RAM after power-up
  return ecu_update_open(&update, &config_);
}

ecu_status Ecu::boot() { return ecu_update_boot(&update, &found); }

ecu_status Ecu::restart() {
  const ecu_status status = open();
  return status == ECU_OK ? boot() : status;
}

ecu_status Ecu::send(const ByteVector& package) {
  const ecu_status status = ecu_update_begin(&update);
  return status == ECU_OK ? ecu_update_write(&update, package.data(), package.size()) : status;
}

ecu_status Ecu::install(const ByteVector& package) {
  const ecu_status status = send(package);
  return status == ECU_OK ? ecu_update_finish(&update) : status;
}

void Ecu::update_to(const Payload& payload, uint32_t sequence) {
  (void)install(package(payload, sequence));
  (void)restart();
  (void)ecu_update_confirm(&update);
}

void Ecu::fill_factory(const Payload& payload, uint32_t sequence) {
  const ByteVector whole = package(payload, sequence);
  const ByteVector header(whole.begin(), whole.end() - static_cast<ptrdiff_t>(payload.size()));
  flash.place(flash.slot(0), payload);
  flash.place(flash.slot(0) + flash.slot_size() - ECU_PACKAGE_HEADER_SIZE, header);
}

ByteVector Ecu::package(const Payload& payload, uint32_t sequence) const {
  return build_package({true, sequence, payload, key});
}

void Ecu::lie(bool programs, bool reads) {
  lies_in_programs_ = programs;
  lies_in_reads_ = reads;
}

uint32_t Ecu::newest_record() const { return flash.journal(update.sector) + update.end - kRecordSize; }

void Ecu::forge_record(const std::function<void(State&)>& change) {
  const uint8_t* const newest = flash.at(newest_record());
  State state = state_of(newest);
  change(state);
  flash.place(newest_record() + kRecordSize, record_bytes(sequence_of(newest) + 1U, state));
}

}  // namespace ecu::test
