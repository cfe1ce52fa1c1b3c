/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: a model image (the file that ECU_FUZZ_IMAGE names), then any bytes as its golden vectors,
 * once as they are and once with size and digest put right. All memory has exactly its size. */
#include <string.h>

#include "../../native/programs/host_memory.h"
#include "ecu/golden.h"
#include "image/sha256.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace ecu::test {
namespace {

struct File {
  File() : bytes(read_file(getenv("ECU_FUZZ_IMAGE"), size)) {}
  size_t size = 0U;
  uint8_t* bytes;
};

enum class Change { kNone, kSize, kStatedSize };

constexpr size_t kLeast = 24U + ECU_DIGEST_SIZE;

/* Header, tolerances, rows and digest as the fields say. */
uint32_t stated_size(const uint8_t* vectors) {
  const uint32_t rows = load_u32(vectors + 4U) >> 16U;
  const uint32_t floats = load_u32(vectors + 20U) & 0xffffU;
  return 56U + (8U * floats) + (rows * (load_u32(vectors + 12U) + load_u32(vectors + 16U)));
}

void seal(uint8_t* vectors, size_t size, Change change) {
  if (size < kLeast || change == Change::kNone) {
    return;
  }
  const uint32_t stated = change == Change::kSize ? static_cast<uint32_t>(size) : stated_size(vectors);
  store_u32(vectors + 8U, stated);
  if (stated >= kLeast && stated <= size) {
    Sha256 hash;
    hash.update(Span<const uint8_t>(vectors, stated - ECU_DIGEST_SIZE));
    memcpy(vectors + (stated - ECU_DIGEST_SIZE), hash.finish(), ECU_DIGEST_SIZE);
  }
}

void try_vectors(const uint8_t* data, size_t size, Change change) {
  static const File image;
  const size_t start = (image.size + 15U) / 16U * 16U;
  const Block payload(start + size);
  memcpy(payload.bytes(), image.bytes, image.size);
  memcpy(payload.bytes() + start, data, size);
  seal(payload.bytes() + start, size, change);
  const size_t memory_size = load_u32(image.bytes + 12U) + (size % 160U);  // the arena, and what a row needs
  const Block block(memory_size);
  ecu_golden_memory memory = {block.bytes(), memory_size};
  switch (ecu_golden_test(&memory, payload.bytes(), start + size)) {
    case ECU_OK:
    case ECU_PACKAGE_BAD_VECTORS:
    case ECU_UPDATE_SELF_TEST_FAILED:
    case ECU_ARENA_TOO_SMALL:
    case ECU_BAD_CATEGORY:
    case ECU_NAN_REFUSED:
      return;
    default:
      abort();
  }
}

}  // namespace
}  // namespace ecu::test

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ecu::test::try_vectors(data, size, ecu::test::Change::kNone);
  ecu::test::try_vectors(data, size, ecu::test::Change::kSize);
  ecu::test::try_vectors(data, size, ecu::test::Change::kStatedSize);
  return 0;
}
