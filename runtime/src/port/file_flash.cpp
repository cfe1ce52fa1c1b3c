/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/file_flash.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr size_t kPiece = 256U;  // bytes written at a time

ecu_file_flash& file_of(void* context) noexcept { return *static_cast<ecu_file_flash*>(context); }

bool inside(const ecu_file_flash& file, uint32_t address, uint32_t size) noexcept {
  return address <= file.size && size <= file.size - address;
}

bool write_all(int descriptor, const uint8_t* bytes, size_t size, uint32_t address) noexcept {
  size_t done = 0U;
  while (done < size) {
    const ssize_t count = pwrite(descriptor, bytes + done, size - done, static_cast<off_t>(address + done));
    if (count <= 0) {
      return false;
    }
    done += static_cast<size_t>(count);
  }
  return true;
}

bool fill(const ecu_file_flash& file, uint32_t address, uint32_t size) noexcept {
  uint8_t erased[kPiece];
  memset(erased, file.geometry.erased_value, sizeof erased);
  bool right = true;
  for (uint32_t at = 0U; right && at < size; at += kPiece) {
    right = write_all(file.descriptor, erased, size - at < kPiece ? size - at : kPiece, address + at);
  }
  return right;
}

bool is_erased(const ecu_file_flash& file, uint32_t address, uint32_t size) noexcept {
  const uint8_t* const bytes = static_cast<const uint8_t*>(file.memory) + address;
  bool erased = true;
  for (uint32_t i = 0U; i < size; ++i) {
    erased = erased && bytes[i] == file.geometry.erased_value;
  }
  return erased;
}

ecu_status synced(const ecu_file_flash& file, bool written) noexcept {
  return written && fsync(file.descriptor) == 0 ? ECU_OK : ECU_FLASH_FAILED;
}

ecu_status geometry(void* context, uint32_t address, ecu_flash_geometry* geometry) noexcept {
  *geometry = file_of(context).geometry;
  return inside(file_of(context), address, 1U) ? ECU_OK : ECU_FLASH_FAILED;
}

ecu_status read(void* context, uint32_t address, void* bytes, uint32_t size) noexcept {
  const ecu_file_flash& file = file_of(context);
  if (!inside(file, address, size)) {
    return ECU_FLASH_FAILED;
  }
  const ssize_t count = pread(file.descriptor, bytes, size, static_cast<off_t>(address));
  return count == static_cast<ssize_t>(size) ? ECU_OK : ECU_FLASH_FAILED;
}

ecu_status program(void* context, uint32_t address, const void* bytes, uint32_t size) noexcept {
  const ecu_file_flash& file = file_of(context);
  const uint32_t unit = file.geometry.program_unit;
  if (!inside(file, address, size) || address % unit != 0U || size % unit != 0U ||
      !is_erased(file, address, size)) {
    return ECU_FLASH_FAILED;
  }
  return synced(file, write_all(file.descriptor, static_cast<const uint8_t*>(bytes), size, address));
}

ecu_status erase(void* context, uint32_t address) noexcept {
  const ecu_file_flash& file = file_of(context);
  const uint32_t sector = file.geometry.sector_size;
  if (!inside(file, address, sector) || address % sector != 0U) {
    return ECU_FLASH_FAILED;
  }
  return synced(file, fill(file, address, sector));
}

/* Grows the file to its size, and maps it. */
bool prepare(ecu_file_flash& file) noexcept {
  struct stat facts = {};
  if (fstat(file.descriptor, &facts) != 0) {
    return false;
  }
  const uint32_t there =
      facts.st_size < static_cast<off_t>(file.size) ? static_cast<uint32_t>(facts.st_size) : file.size;
  if (!fill(file, there, file.size - there) || fsync(file.descriptor) != 0) {
    return false;
  }
  void* const memory = mmap(nullptr, file.size, PROT_READ, MAP_SHARED, file.descriptor, 0);
  file.memory = memory == MAP_FAILED ? nullptr : memory;
  return file.memory != nullptr;
}

}  // namespace

ecu_status ecu_file_flash_open(ecu_file_flash* file, const char* path, uint32_t size,
                               ecu_flash_geometry geometry) {
  if (file == nullptr || path == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  *file = ecu_file_flash{-1, size, geometry, nullptr};
  if (size == 0U || geometry.program_unit == 0U || geometry.sector_size == 0U ||
      geometry.sector_size % geometry.program_unit != 0U || size % geometry.sector_size != 0U) {
    return ECU_UPDATE_BAD_LAYOUT;
  }
  file->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file->descriptor < 0 || !prepare(*file)) {
    ecu_file_flash_close(file);
    return ECU_FLASH_FAILED;
  }
  return ECU_OK;
}

ecu_flash ecu_file_flash_port(ecu_file_flash* file) {
  return ecu_flash{file, geometry, read, program, erase, nullptr};
}

const void* ecu_file_flash_memory(const ecu_file_flash* file, uint32_t address) {
  return static_cast<const uint8_t*>(file->memory) + address;
}

void ecu_file_flash_close(ecu_file_flash* file) {
  if (file == nullptr || file->descriptor < 0) {
    return;
  }
  if (file->memory != nullptr) {
    (void)munmap(file->memory, file->size);
  }
  (void)close(file->descriptor);
  *file = ecu_file_flash{-1, 0U, {}, nullptr};
}
