/* SPDX-License-Identifier: Apache-2.0 */
/* Gives the runtime every truncation and every single-bit flip of an image, as it is and with a digest
 * that fits, and runs whatever opens. Prints how often each status came. Built with sanitizers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecu/model.h"
#include "image/sha256.h"

namespace {

constexpr size_t kArenaBytes = 1U << 20U;
alignas(ECU_ARENA_ALIGNMENT) uint8_t arena[kArenaBytes];

struct Counts {
  const char* name;
  unsigned by_status[64];
};

void print(const Counts& counts) {
  for (unsigned status = 0U; status < 64U; ++status) {
    if (counts.by_status[status] > 0U) {
      printf("%s %u %u\n", counts.name, status, counts.by_status[status]);
    }
  }
}

void* checked_alloc(size_t size) {
  void* memory = nullptr;
  if (posix_memalign(&memory, ECU_IMAGE_ALIGNMENT, size > 0U ? size : 1U) != 0) {
    abort();
  }
  return memory;
}

/* Buffers exactly as large as the interface says, so that one byte more is seen. */
ecu_status run_opened(ecu_model& model) {
  const ecu_model_info& info = *ecu_model_info_of(&model);
  const void* inputs[16] = {};
  void* outputs[16] = {};
  if (info.input_count > 16U || info.output_count > 16U || strlen(info.name) + strlen(info.version) > 2048U) {
    abort();
  }
  size_t elements = 0U;
  for (uint32_t i = 0U; i < info.input_count; ++i) {
    elements += info.inputs[i].elements;
  }
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    elements += info.outputs[i].elements;
  }
  if (elements > (1U << 16U)) {
    return ECU_OK;  // valid, and too large to try
  }
  void* memory[32] = {};
  for (uint32_t i = 0U; i < info.input_count; ++i) {
    const size_t size = size_t{4U} * info.inputs[i].elements;
    memory[i] = checked_alloc(size);
    memset(memory[i], 0, size);
    inputs[i] = memory[i];
  }
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    memory[16U + i] = checked_alloc(size_t{4U} * info.outputs[i].elements);
    outputs[i] = memory[16U + i];
  }
  const ecu_status status = ecu_model_run(&model, inputs, outputs);
  for (void* const block : memory) {
    free(block);
  }
  return status;
}

/* Opens exactly these bytes, in a block of exactly their size. */
void try_image(const uint8_t* bytes, size_t size, Counts& counts) {
  void* const copy = checked_alloc(size);
  memcpy(copy, bytes, size);
  ecu_model model;
  const ecu_status status = ecu_model_open(&model, copy, size, arena, kArenaBytes);
  ++counts.by_status[status];
  if (status == ECU_OK) {
    const ecu_status ran = run_opened(model);
    if (ran != ECU_OK && ran != ECU_BAD_CATEGORY && ran != ECU_NAN_REFUSED) {
      abort();
    }
  } else if (ecu_model_run(&model, nullptr, nullptr) == ECU_OK) {
    abort();
  }
  ecu_model_close(&model);
  free(copy);
}

uint32_t load_u32(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) | (static_cast<uint32_t>(bytes[1]) << 8U) |
         (static_cast<uint32_t>(bytes[2]) << 16U) | (static_cast<uint32_t>(bytes[3]) << 24U);
}

void store_digest(const uint8_t* bytes, size_t size, uint8_t* digest) {
  ecu::Sha256 hash;
  hash.update(ecu::Span<const uint8_t>(bytes, size));
  memcpy(digest, hash.finish(), ECU_DIGEST_SIZE);
}

constexpr size_t kInterfaceOffset = 24U;  // header field, followed by the size
constexpr size_t kInterfaceHash = 48U;    // header field

/* A copy with one bit flipped and, but for a flip in a digest itself, digests that fit. */
void forge(const uint8_t* image, size_t size, size_t bit, uint8_t* forged) {
  memcpy(forged, image, size);
  const size_t byte = bit / 8U;
  forged[byte] = static_cast<uint8_t>(forged[byte] ^ (1U << (bit % 8U)));
  if (byte < kInterfaceHash || byte >= kInterfaceHash + ECU_DIGEST_SIZE) {
    const uint32_t offset = load_u32(image + kInterfaceOffset);
    store_digest(forged + offset, load_u32(image + kInterfaceOffset + 4U), forged + kInterfaceHash);
  }
  store_digest(forged, size - ECU_DIGEST_SIZE, forged + (size - ECU_DIGEST_SIZE));
}

}  // namespace

int main(int argc, char** argv) {
  static uint8_t image[1U << 16U];
  static uint8_t damaged[1U << 16U];
  FILE* const file = argc == 2 ? fopen(argv[1], "rb") : nullptr;
  if (file == nullptr) {
    return 1;
  }
  const size_t size = fread(image, 1U, sizeof image, file);
  (void)fclose(file);
  Counts truncated = {"truncated", {}};
  Counts flipped = {"flipped", {}};
  Counts forged = {"forged", {}};
  for (size_t length = 0U; length < size; ++length) {
    try_image(image, length, truncated);
  }
  for (size_t bit = 0U; bit < 8U * size; ++bit) {
    memcpy(damaged, image, size);
    damaged[bit / 8U] = static_cast<uint8_t>(damaged[bit / 8U] ^ (1U << (bit % 8U)));
    try_image(damaged, size, flipped);
    if (bit / 8U < size - ECU_DIGEST_SIZE) {
      forge(image, size, bit, damaged);
      try_image(damaged, size, forged);
    }
  }
  print(truncated);
  print(flipped);
  print(forged);
  return 0;
}
