/* SPDX-License-Identifier: Apache-2.0 */
/* The board of the update example of INTEGRATION.md: flash in RAM. `app IMAGE PACKAGE` leaves the factory
 * with the image, takes the package, starts again twice, and prints the status of each step. */
#include <ecu/update.h>

#include <cstdio>
#include <cstring>

ecu_status start_model();
ecu_status keep_model();
ecu_status reverted();
ecu_status begin_package();
ecu_status take_package(const void* bytes, size_t size);
ecu_status end_package();

namespace {

constexpr uint32_t kSector = 4096U;
alignas(16) unsigned char flash[2U * SLOT + 4U * kSector];

ecu_status geometry(void*, uint32_t, ecu_flash_geometry* found) {
  *found = {kSector, 8U, 0xffU};
  return ECU_OK;
}

ecu_status read(void*, uint32_t address, void* bytes, uint32_t size) {
  std::memcpy(bytes, flash + address, size);
  return ECU_OK;
}

ecu_status program(void*, uint32_t address, const void* bytes, uint32_t size) {
  std::memcpy(flash + address, bytes, size);
  return ECU_OK;
}

ecu_status erase(void*, uint32_t address) {
  std::memset(flash + address, 0xff, kSector);
  return ECU_OK;
}

void report(const char* what, ecu_status status) { std::printf("%s %s\n", what, ecu_status_text(status)); }

}  // namespace

extern const ecu_flash board_flash;
extern const void* const board_slots[2];
const ecu_flash board_flash = {nullptr, geometry, read, program, erase, nullptr};
const void* const board_slots[2] = {flash, flash + SLOT};

int main(int, char** arguments) {
  std::memset(flash, 0xff, sizeof flash);
  std::FILE* const image = std::fopen(arguments[1], "rb");
  if (std::fread(flash, 1U, SLOT, image) == 0U) {
    return 1;
  }
  report("factory", start_model());
  report("begin", begin_package());
  unsigned char piece[100];
  std::FILE* const package = std::fopen(arguments[2], "rb");
  ecu_status status = ECU_OK;
  for (size_t size = 1U; status == ECU_OK && size != 0U;) {
    size = std::fread(piece, 1U, sizeof piece, package);
    status = take_package(piece, size);
  }
  report("take", status);
  report("end", end_package());
  report("start", start_model());
  report("keep", keep_model());
  report("keep", keep_model());
  report("again", start_model());
  report("reverted", reverted());
  std::memset(flash, 0, 2U * SLOT);
  report("damaged", start_model());
  return 0;
}
