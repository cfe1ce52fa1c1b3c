// SPDX-License-Identifier: Apache-2.0
/// @file
/// Installs a package of 100 kB on this target, on flash in RAM, and uses every function of ecu/update.h and
/// ecu/golden.h. The package is signed with a key that everybody has (update_package.h). Exit code: the
/// number of steps that went wrong.
#include <stdio.h>
#include <string.h>

#include "ecu/golden.h"
#include "ecu/signature.h"
#include "ecu/update.h"
#include "update_package.h"

// Not inlined, so that what lies between the two can be counted in an emulator.
extern "C" {
ecu_status update_install(ecu_update* update, const uint8_t* header, size_t size);
void update_install_done();

__attribute__((noinline)) void update_install_done() { asm volatile("" ::: "memory"); }
}

namespace {

constexpr uint32_t kSector = 4096U;
constexpr uint32_t kSlot = 26U * kSector;
constexpr uint32_t kAreas[ECU_AREA_COUNT] = {0U,
                                             kSlot,
                                             2U * kSlot,
                                             (2U * kSlot) + kSector,
                                             (2U * kSlot) + (2U * kSector),
                                             (2U * kSlot) + (3U * kSector)};
constexpr uint32_t kPiece = 512U;  // bytes given to ecu_update_write at a time

alignas(16) uint8_t flash[(2U * kSlot) + (4U * kSector)];
alignas(16) uint8_t arena[256];
uint8_t payload[package::kPayloadSize];
ecu_update state;

ecu_status geometry(void* /*context*/, uint32_t /*address*/, ecu_flash_geometry* found) {
  *found = ecu_flash_geometry{kSector, 8U, 0xffU};
  return ECU_OK;
}

ecu_status read(void* /*context*/, uint32_t address, void* bytes, uint32_t size) {
  memcpy(bytes, flash + address, size);
  return ECU_OK;
}

ecu_status program(void* /*context*/, uint32_t address, const void* bytes, uint32_t size) {
  memcpy(flash + address, bytes, size);
  return ECU_OK;
}

ecu_status erase(void* /*context*/, uint32_t address) {
  memset(flash + address, 0xff, kSector);
  return ECU_OK;
}

/// A frame that passes as an image, a pattern, its digest, and zeros.
void fill_payload() {
  for (uint32_t i = 0U; i < package::kImageSize; ++i) {
    payload[i] = static_cast<uint8_t>(i * 7U % 251U);
  }
  memcpy(payload, package::kImageStart, sizeof package::kImageStart);
  memcpy(payload + (package::kImageSize - ECU_DIGEST_SIZE), package::kImageDigest, ECU_DIGEST_SIZE);
}

/// Opens and boots; whether that leads to this slot, on trial or not, and to this refusal of a trial.
bool boots(const ecu_update_config& config, uint8_t slot, bool trial, ecu_status reverted) {
  ecu_boot found = {};
  return ecu_update_open(&state, &config) == ECU_OK && ecu_update_boot(&state, &found) == ECU_OK &&
         found.slot == slot && (found.trial == 1U) == trial && found.reverted == reverted;
}

/// Whether the package is installed into slot 1.
bool installs() {
  const bool installed = update_install(&state, package::kHeader, sizeof package::kHeader) == ECU_OK;
  update_install_done();
  return installed && ecu_update_slot(&state, 1U).state == ECU_SLOT_STAGED;
}

bool refuses_another_signature() {
  uint8_t header[sizeof package::kHeader];
  memcpy(header, package::kHeader, sizeof header);
  header[package::kSignatureAt] ^= 1U;
  const ecu_status begun = ecu_update_begin(&state);
  return begun == ECU_OK && ecu_update_write(&state, header, sizeof header) == ECU_PACKAGE_BAD_SIGNATURE;
}

bool keeps_the_header() {
  const void* const kept = ecu_update_package_header(&state, 1U);
  return kept != nullptr && memcmp(kept, package::kHeader, sizeof package::kHeader) == 0;
}

int report(const char* step, bool right) {
  if (!right) {
    printf("FAIL %s\n", step);
  }
  return right ? 0 : 1;
}

}  // namespace

__attribute__((noinline)) ecu_status update_install(ecu_update* update, const uint8_t* header, size_t size) {
  ecu_status status = ecu_update_begin(update);
  if (status == ECU_OK) {
    status = ecu_update_write(update, header, size);
  }
  for (uint32_t at = 0U; status == ECU_OK && at < package::kPayloadSize; at += kPiece) {
    const uint32_t left = package::kPayloadSize - at;
    status = ecu_update_write(update, payload + at, left < kPiece ? left : kPiece);
  }
  return status == ECU_OK ? ecu_update_finish(update) : status;
}

int main() {
  const ecu_flash port = {nullptr, geometry, read, program, erase, nullptr};
  ecu_golden_memory memory = {arena, sizeof arena};
  ecu_update_config config = {};
  config.flash = &port;
  for (uint32_t i = 0U; i < ECU_AREA_COUNT; ++i) {
    config.areas[i] = ecu_area{kAreas[i], i <= ECU_AREA_SLOT_1 ? kSlot : kSector};
  }
  config.memory[0] = flash;
  config.memory[1] = flash + kSlot;
  memcpy(config.device.vendor_id, package::kVendor, sizeof package::kVendor);
  memcpy(config.device.class_id, package::kClass, sizeof package::kClass);
  config.device.engine = ECU_ENGINE_NATIVE;
  config.device.interface_hash = package::kInterface;
  config.factory_keys = &package::kKey;
  config.factory_key_count = 1U;
  config.verify = package::kVerify;
  config.self_test = ecu_golden_test;
  config.self_test_context = &memory;
  config.tries = 3U;

  fill_payload();
  memset(flash, 0xff, sizeof flash);
  memcpy(flash, payload, sizeof payload);
  int failures = report("factory state", boots(config, 0U, false, ECU_OK));
  failures += report("refuses a wrong signature", refuses_another_signature());
  failures += report("installs", installs());
  failures += report("self-test refuses", boots(config, 0U, false, ECU_IMAGE_MALFORMED));
  config.self_test = nullptr;
  failures += report("installs again", installs());
  failures += report("trial", boots(config, 1U, true, ECU_OK));
  failures += report("confirms", ecu_update_confirm(&state) == ECU_OK && keeps_the_header());
  failures += report("runs", boots(config, 1U, false, ECU_OK));
  failures += report("no trial left", ecu_update_revert(&state) == ECU_UPDATE_NO_TRIAL);
  ecu_update_abort(&state);
  printf("state %u\n%s\n", static_cast<unsigned>(sizeof(ecu_update)), failures == 0 ? "PASS" : "FAIL");
  return failures;
}
