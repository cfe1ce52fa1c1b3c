/* SPDX-License-Identifier: Apache-2.0 */
/* Installs a package of 100 kB on the emulated board, on flash in memory, once for each kind of signature,
 * and confirms it. Each step is ended by measured_done(). */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "ecu/signature.h"
#include "ecu/update.h"

extern "C" {
void measured_done();
ecu_status install(ecu_update* update, const uint8_t* package, size_t size);
ecu_status boot(ecu_update* update, const ecu_update_config* config, ecu_boot* found);

__attribute__((noinline)) void measured_done() { asm volatile("" ::: "memory"); }

__attribute__((noinline)) ecu_status install(ecu_update* update, const uint8_t* package, size_t size) {
  ecu_status status = ecu_update_begin(update);
  for (size_t at = 0U; status == ECU_OK && at < size; at += 512U) {
    status = ecu_update_write(update, package + at, size - at < 512U ? size - at : 512U);
  }
  return status == ECU_OK ? ecu_update_finish(update) : status;
}

__attribute__((noinline)) ecu_status boot(ecu_update* update, const ecu_update_config* config,
                                          ecu_boot* found) {
  const ecu_status status = ecu_update_open(update, config);
  return status == ECU_OK ? ecu_update_boot(update, found) : status;
}
}

namespace {

constexpr uint32_t kSector = 4096U;
constexpr uint32_t kSlot = 32U * kSector;

alignas(16) uint8_t flash[(2U * kSlot) + (4U * kSector)];

ecu_status geometry(void*, uint32_t, ecu_flash_geometry* found) {
  *found = ecu_flash_geometry{kSector, 8U, 0xffU};
  return ECU_OK;
}

ecu_status read(void*, uint32_t address, void* bytes, uint32_t size) {
  memcpy(bytes, flash + address, size);
  return ECU_OK;
}

ecu_status program(void*, uint32_t address, const void* bytes, uint32_t size) {
  memcpy(flash + address, bytes, size);
  return ECU_OK;
}

ecu_status erase(void*, uint32_t address) {
  memset(flash + address, 0xff, kSector);
  return ECU_OK;
}

ecu_key key_of(ecu_key_kind kind, const uint8_t* id, const uint8_t* bytes, size_t size) {
  ecu_key key = {};
  key.kind = kind | ECU_KEY_FOR_MODELS;
  memcpy(key.id, id, sizeof key.id);
  memcpy(key.public_key, bytes, size);
  return key;
}

int run(const ecu_update_config& config, const uint8_t* package, size_t size) {
  static ecu_update update;
  ecu_boot found = {};
  memset(flash, 0xff, sizeof flash);
  memcpy(flash, kImage, sizeof kImage);
  int failures = boot(&update, &config, &found) == ECU_OK && found.trial == 0U ? 0 : 1;
  failures += install(&update, package, size) == ECU_OK ? 0 : 1;
  measured_done();
  failures += boot(&update, &config, &found) == ECU_OK && found.trial == 1U ? 0 : 1;
  failures += ecu_update_confirm(&update) == ECU_OK ? 0 : 1;
  return failures;
}

}  // namespace

int main() {
  const ecu_flash port = {nullptr, geometry, read, program, erase, nullptr};
  const ecu_key keys[] = {key_of(ECU_KEY_ED25519, kEd25519Id, kEd25519Key, sizeof kEd25519Key),
                          key_of(ECU_KEY_P256, kP256Id, kP256Key, sizeof kP256Key)};
  ecu_update_config config = {};
  config.flash = &port;
  for (uint32_t i = 0U; i < 2U; ++i) {
    config.areas[ECU_AREA_SLOT_0 + i] = ecu_area{i * kSlot, kSlot};
    config.areas[ECU_AREA_JOURNAL_0 + i] = ecu_area{(2U * kSlot) + (i * kSector), kSector};
    config.areas[ECU_AREA_KEYS_0 + i] = ecu_area{(2U * kSlot) + ((2U + i) * kSector), kSector};
    config.memory[i] = flash + (i * kSlot);
  }
  memcpy(config.device.vendor_id, kVendor, sizeof kVendor);
  memcpy(config.device.class_id, kClass, sizeof kClass);
  config.device.engine = ECU_ENGINE_NATIVE;
  config.device.interface_hash = kInterface;
  config.device.kernels = kKernels;
  config.device.kernels_size = sizeof kKernels;
  config.device.arena_size = 65536U;
  config.factory_keys = keys;
  config.factory_key_count = 2U;
  config.verify = ecu_verify_any;
  config.tries = 3U;
  printf("state %u\n", static_cast<unsigned>(sizeof(ecu_update)));
  const int ed25519 = run(config, kEd25519Package, sizeof kEd25519Package);
  const int p256 = run(config, kP256Package, sizeof kP256Package);
  printf("failures %d\n", ed25519 + p256);
  return ed25519 + p256;
}
