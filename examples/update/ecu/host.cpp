// SPDX-License-Identifier: Apache-2.0
/// @file
/// This machine as the board: the flash is a file, mapped into memory as flash is.
/// Every operation is in the file before the next one begins, so killing the program is a power cut.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port.h"

namespace port {
namespace {

constexpr uint32_t kSector = 4096U;
constexpr uint32_t kUnit = 8U;
constexpr uint32_t kSlot = 32U * kSector;
constexpr uint32_t kSize = 2U * kSlot + 4U * kSector;

unsigned char* memory = nullptr;

ecu_status geometry(void*, uint32_t, ecu_flash_geometry* found) {
  *found = {kSector, kUnit, 0xffU};
  return ECU_OK;
}

ecu_status read(void*, uint32_t address, void* bytes, uint32_t size) {
  memcpy(bytes, memory + address, size);
  return ECU_OK;
}

/// Flash clears bits only, so a second program of a unit shows.
ecu_status program(void*, uint32_t address, const void* bytes, uint32_t size) {
  const auto* source = static_cast<const unsigned char*>(bytes);
  for (uint32_t i = 0U; i < size; ++i) {
    memory[address + i] = static_cast<unsigned char>(memory[address + i] & source[i]);
  }
  return ECU_OK;
}

ecu_status erase(void*, uint32_t address) {
  memset(memory + address, 0xff, kSector);
  return ECU_OK;
}

}  // namespace

const ecu_flash flash = {nullptr, geometry, read, program, erase, nullptr};

bool open_flash() {
  const int file = open("flash.bin", O_RDWR);
  struct stat facts = {};
  if (file < 0 || fstat(file, &facts) != 0 || facts.st_size != static_cast<off_t>(kSize)) {
    return false;  // a factory makes the file, with the first model in slot 0
  }
  void* mapped = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) {
    return false;
  }
  memory = static_cast<unsigned char*>(mapped);
  return true;
}

void place(ecu_update_config& config) {
  uint32_t address = 0U;
  for (uint32_t area = 0U; area < ECU_AREA_COUNT; ++area) {
    const uint32_t size = area <= ECU_AREA_SLOT_1 ? kSlot : kSector;
    config.areas[area] = {address, size};
    address += size;
  }
  for (uint32_t slot = 0U; slot < 2U; ++slot) {
    config.memory[slot] = memory + config.areas[slot].address;
  }
}

}  // namespace port
