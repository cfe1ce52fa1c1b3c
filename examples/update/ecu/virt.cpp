// SPDX-License-Identifier: Apache-2.0
/// @file
/// QEMU's machine `virt` for RISC-V, with its second NOR flash: two 16-bit chips side by side with Intel's
/// command set (CFI 1), which keep their content in a file.
#include <string.h>

#include "port.h"

namespace port {
namespace {

constexpr uint32_t kBase = 0x22000000U;
constexpr uint32_t kSector = 256U * 1024U;
constexpr uint32_t kUnit = 4U;

// The same command to both chips.
constexpr uint32_t kErase = 0x00200020U;
constexpr uint32_t kProgram = 0x00400040U;
constexpr uint32_t kClearStatus = 0x00500050U;
constexpr uint32_t kConfirm = 0x00d000d0U;
constexpr uint32_t kReadArray = 0x00ff00ffU;
constexpr uint32_t kReady = 0x00800080U;
constexpr uint32_t kErrors = 0x003a003aU;  // erase, program, voltage, protection

volatile uint32_t* word_at(uint32_t address) {
  return reinterpret_cast<volatile uint32_t*>(static_cast<uintptr_t>(address));
}

const void* at(uint32_t address) { return reinterpret_cast<const void*>(static_cast<uintptr_t>(address)); }

/// Waits for both chips, then makes them readable again.
ecu_status complete(uint32_t address) {
  uint32_t status = 0U;
  do {
    status = *word_at(address);
  } while ((status & kReady) != kReady);
  *word_at(address) = kClearStatus;
  *word_at(address) = kReadArray;
  return (status & kErrors) == 0U ? ECU_OK : ECU_FLASH_FAILED;
}

ecu_status geometry(void*, uint32_t, ecu_flash_geometry* found) {
  *found = {kSector, kUnit, 0xffU};
  return ECU_OK;
}

ecu_status read(void*, uint32_t address, void* bytes, uint32_t size) {
  memcpy(bytes, at(address), size);
  return ECU_OK;
}

ecu_status program(void*, uint32_t address, const void* bytes, uint32_t size) {
  const auto* source = static_cast<const unsigned char*>(bytes);
  ecu_status status = ECU_OK;
  for (uint32_t offset = 0U; offset < size && status == ECU_OK; offset += kUnit) {
    uint32_t word = 0U;
    memcpy(&word, source + offset, sizeof word);
    *word_at(address + offset) = kProgram;
    *word_at(address + offset) = word;
    status = complete(address + offset);
  }
  return status;
}

ecu_status erase(void*, uint32_t address) {
  *word_at(address) = kErase;
  *word_at(address) = kConfirm;
  return complete(address);
}

}  // namespace

ecu_flash flash = {nullptr, geometry, read, program, erase, nullptr};

bool open_flash() { return true; }

void place(ecu_update_config& config) {
  for (uint32_t area = 0U; area < ECU_AREA_COUNT; ++area) {
    config.areas[area] = {kBase + area * kSector, kSector};
  }
  for (uint32_t slot = 0U; slot < 2U; ++slot) {
    config.memory[slot] = at(config.areas[slot].address);
  }
}

}  // namespace port
