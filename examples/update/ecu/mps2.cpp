// SPDX-License-Identifier: Apache-2.0
/// @file
/// Arm's board MPS2, as QEMU has it (mps2-an386). It has no flash that keeps its content, so a part of its
/// RAM plays one: QEMU loads it from the file flash.bin at start, and each program and erase goes to the file
/// through semihosting, complete before the next one begins.
#include <stdio.h>
#include <string.h>

#include "port.h"

namespace port {
namespace {

constexpr uint32_t kBase = 0x21000000U;  // PSRAM
constexpr uint32_t kSector = 4096U;
constexpr uint32_t kUnit = 8U;
constexpr uint32_t kSlot = 32U * kSector;

FILE* file = nullptr;

unsigned char* at(uint32_t address) {
  return reinterpret_cast<unsigned char*>(static_cast<uintptr_t>(address));
}

ecu_status keep(uint32_t address, uint32_t size) {
  const bool kept = fseek(file, static_cast<long>(address - kBase), SEEK_SET) == 0 &&
                    fwrite(at(address), 1U, size, file) == size && fflush(file) == 0;
  return kept ? ECU_OK : ECU_FLASH_FAILED;
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
  for (uint32_t i = 0U; i < size; ++i) {
    at(address)[i] = static_cast<unsigned char>(at(address)[i] & source[i]);
  }
  return keep(address, size);
}

ecu_status erase(void*, uint32_t address) {
  memset(at(address), 0xff, kSector);
  return keep(address, kSector);
}

}  // namespace

ecu_flash flash = {nullptr, geometry, read, program, erase, nullptr};

bool open_flash() {
  file = fopen("flash.bin", "r+b");
  return file != nullptr;
}

void place(ecu_update_config& config) {
  uint32_t address = kBase;
  for (uint32_t area = 0U; area < ECU_AREA_COUNT; ++area) {
    const uint32_t size = area <= ECU_AREA_SLOT_1 ? kSlot : kSector;
    config.areas[area] = {address, size};
    address += size;
  }
  for (uint32_t slot = 0U; slot < 2U; ++slot) {
    config.memory[slot] = at(config.areas[slot].address);
  }
}

}  // namespace port
