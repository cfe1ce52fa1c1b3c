/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_TESTS_NATIVE_HOST_MEMORY_H
#define ECU_TESTS_NATIVE_HOST_MEMORY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecu/model.h"

namespace ecu::test {

/** Aligned memory of exactly this size, so that a sanitizer sees one byte more. */
class Block {
 public:
  explicit Block(size_t size) {
    if (posix_memalign(&data_, ECU_IMAGE_ALIGNMENT, size > 0U ? size : 1U) != 0) {
      abort();
    }
    memset(data_, 0, size);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { free(data_); }

  uint8_t* bytes() const { return static_cast<uint8_t*>(data_); }

 private:
  void* data_ = nullptr;
};

inline uint32_t load_u32(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) | (static_cast<uint32_t>(bytes[1]) << 8U) |
         (static_cast<uint32_t>(bytes[2]) << 16U) | (static_cast<uint32_t>(bytes[3]) << 24U);
}

inline void store_u32(uint8_t* bytes, uint32_t value) {
  for (unsigned i = 0U; i < 4U; ++i) {
    bytes[i] = static_cast<uint8_t>(value >> (8U * i));
  }
}

/** Reads a whole file; the caller frees it. */
inline uint8_t* read_file(const char* path, size_t& size) {
  FILE* const file = fopen(path, "rb");
  if (file == nullptr || fseek(file, 0, SEEK_END) != 0) {
    abort();
  }
  size = static_cast<size_t>(ftell(file));
  rewind(file);
  uint8_t* const data = static_cast<uint8_t*>(malloc(size + 1U));
  if (data == nullptr || fread(data, 1U, size, file) != size) {
    abort();
  }
  (void)fclose(file);
  return data;
}

}  // namespace ecu::test
#endif
