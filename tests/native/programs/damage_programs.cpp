/* SPDX-License-Identifier: Apache-2.0 */
/* Gives the engine every truncation and every single-bit flip of the program of an image, and runs whatever
 * opens. Prints how often each status came. Built with sanitizers: all memory has exactly the size that is
 * stated. A truncated program is a shorter payload of an image that is otherwise right. */
#include "host_memory.h"
#include "image/sha256.h"

namespace ecu::test {
namespace {

constexpr uint32_t kMaxTensors = 8U;
constexpr size_t kPayloadField = 32U;  // offset of the payload, then its size

void seal(uint8_t* image, size_t size) {
  Sha256 hash;
  hash.update(Span<const uint8_t>(image, size - ECU_DIGEST_SIZE));
  memcpy(image + (size - ECU_DIGEST_SIZE), hash.finish(), ECU_DIGEST_SIZE);
}

/* Runs one row of zeros and one of odd bits, in buffers of exactly the stated sizes. */
void run_rows(ecu_model& model) {
  const ecu_model_info& info = *ecu_model_info_of(&model);
  constexpr int kFills[] = {0x00, 0x4b};
  for (const int fill : kFills) {
    const void* inputs[kMaxTensors] = {};
    void* buffers[2U * kMaxTensors] = {};
    for (uint32_t i = 0U; i < info.input_count; ++i) {
      buffers[i] = malloc(size_t{4U} * info.inputs[i].elements);
      memset(buffers[i], fill, size_t{4U} * info.inputs[i].elements);
      inputs[i] = buffers[i];
    }
    for (uint32_t i = 0U; i < info.output_count; ++i) {
      buffers[kMaxTensors + i] = calloc(info.outputs[i].elements, 4U);
    }
    if (ecu_model_run(&model, inputs, buffers + kMaxTensors) != ECU_OK) {
      abort();
    }
    for (void* const buffer : buffers) {
      free(buffer);
    }
  }
}

struct Counts {
  const char* name;
  unsigned by_status[64];
};

void try_image(const uint8_t* bytes, size_t size, Counts& counts) {
  const Block image(size);
  memcpy(image.bytes(), bytes, size);
  seal(image.bytes(), size);
  const uint32_t arena_size = load_u32(bytes + 12U);
  const Block arena(arena_size);
  ecu_model model;
  const ecu_status status = ecu_model_open(&model, image.bytes(), size, arena.bytes(), arena_size);
  ++counts.by_status[status];
  if (status == ECU_OK) {
    run_rows(model);
  }
  ecu_model_close(&model);
}

void print(const Counts& counts) {
  for (unsigned status = 0U; status < 64U; ++status) {
    if (counts.by_status[status] > 0U) {
      printf("%s %u %u\n", counts.name, status, counts.by_status[status]);
    }
  }
}

}  // namespace
}  // namespace ecu::test

int main(int argc, char** argv) {
  using namespace ecu::test;
  if (argc != 2) {
    return 1;
  }
  size_t size = 0U;
  uint8_t* const image = read_file(argv[1], size);
  const uint32_t payload = load_u32(image + kPayloadField);
  const uint32_t payload_size = load_u32(image + kPayloadField + 4U);
  Counts truncated = {"truncated", {}};
  Counts flipped = {"flipped", {}};
  for (size_t bit = 0U; bit < size_t{8U} * payload_size; ++bit) {
    uint8_t& byte = image[payload + (bit / 8U)];
    byte = static_cast<uint8_t>(byte ^ (1U << (bit % 8U)));
    try_image(image, size, flipped);
    byte = static_cast<uint8_t>(byte ^ (1U << (bit % 8U)));
  }
  for (uint32_t length = 0U; length < payload_size; ++length) {
    store_u32(image + kPayloadField + 4U, length);
    const size_t shorter = size - (payload_size - length);
    store_u32(image + 8U, static_cast<uint32_t>(shorter));
    try_image(image, shorter, truncated);
  }
  print(truncated);
  print(flipped);
  free(image);
  return 0;
}
