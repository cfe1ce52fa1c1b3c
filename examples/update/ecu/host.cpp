// SPDX-License-Identifier: Apache-2.0
/// @file
/// This machine as the board: the flash is the file flash.bin. Killing the program is a power cut.
#include "ecu/file_flash.h"
#include "port.h"

namespace port {
namespace {

constexpr uint32_t kSector = 4096U;
constexpr uint32_t kUnit = 8U;
constexpr uint32_t kSlot = 32U * kSector;
constexpr uint32_t kSize = 2U * kSlot + 4U * kSector;

ecu_file_flash file;

}  // namespace

ecu_flash flash;

bool open_flash() {
  const bool opened = ecu_file_flash_open(&file, "flash.bin", kSize, {kSector, kUnit, 0xffU}) == ECU_OK;
  flash = ecu_file_flash_port(&file);
  return opened;
}

void place(ecu_update_config& config) {
  uint32_t address = 0U;
  for (uint32_t area = 0U; area < ECU_AREA_COUNT; ++area) {
    const uint32_t size = area <= ECU_AREA_SLOT_1 ? kSlot : kSector;
    config.areas[area] = {address, size};
    address += size;
  }
  for (uint32_t slot = 0U; slot < 2U; ++slot) {
    config.memory[slot] = ecu_file_flash_memory(&file, config.areas[slot].address);
  }
}

}  // namespace port
