/* SPDX-License-Identifier: Apache-2.0 */
/* Runs every case of a file and prints one digest of each: its status and the numbers of its outputs.
 *
 * The file: u32 number of cases; each case is u32 image bytes, u32 input bytes, u32 mask of the outputs that
 * hold pairs of words of a double, then the image and the inputs, all little-endian. */
#include "host_memory.h"

namespace ecu::test {
namespace {

constexpr uint32_t kMaxTensors = 8U;
constexpr uint64_t kQuietNan = 0x7ff8000000000000U;
constexpr uint64_t kInfinity = 0x7ff0000000000000U;
constexpr uint64_t kMagnitude = 0x7fffffffffffffffU;

struct Digest {
  uint64_t value = 0xcbf29ce484222325U;  // FNV-1a

  void add(uint64_t number) {
    for (unsigned i = 0U; i < 64U; i += 8U) {
      value = (value ^ ((number >> i) & 0xffU)) * 0x100000001b3U;
    }
  }
};

void add_output(Digest& digest, const uint8_t* bytes, uint32_t words, bool doubles) {
  const size_t size = doubles ? 8U : 4U;
  for (size_t at = 0U; at < size_t{4U} * words; at += size) {
    uint32_t word = 0U;
    uint64_t number = 0U;
    memcpy(&word, bytes + at, sizeof word);
    if (doubles) {
      memcpy(&number, bytes + at, sizeof number);
      number = (number & kMagnitude) > kInfinity ? kQuietNan : number;
    }
    digest.add(doubles ? number : word);
  }
}

struct Case {
  const uint8_t* image;
  uint32_t image_size;
  const uint8_t* inputs;
  uint32_t doubles;
};

ecu_status run_case(const Case& test, Digest& digest) {
  const Block image(test.image_size);
  memcpy(image.bytes(), test.image, test.image_size);
  const uint32_t arena_size = load_u32(test.image + 12U);
  const Block arena(arena_size);
  ecu_model model;
  ecu_status status = ecu_model_open(&model, image.bytes(), test.image_size, arena.bytes(), arena_size);
  if (status != ECU_OK) {
    return status;
  }
  const ecu_model_info& info = *ecu_model_info_of(&model);
  void* buffers[2U * kMaxTensors] = {};
  const void* inputs[kMaxTensors] = {};
  const uint8_t* next = test.inputs;
  for (uint32_t i = 0U; i < info.input_count; ++i) {
    uint32_t* const words = static_cast<uint32_t*>(malloc(size_t{4U} * info.inputs[i].elements));
    for (uint32_t j = 0U; j < info.inputs[i].elements; ++j, next += 4U) {
      words[j] = load_u32(next);
    }
    buffers[i] = words;
    inputs[i] = words;
  }
  void* outputs[kMaxTensors] = {};
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    outputs[i] = malloc(size_t{4U} * info.outputs[i].elements);
    buffers[kMaxTensors + i] = outputs[i];
  }
  status = ecu_model_run(&model, inputs, outputs);
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    add_output(digest, static_cast<const uint8_t*>(outputs[i]), info.outputs[i].elements,
               ((test.doubles >> i) & 1U) != 0U);
  }
  for (void* const buffer : buffers) {
    free(buffer);
  }
  ecu_model_close(&model);
  return status;
}

}  // namespace
}  // namespace ecu::test

int main(int argc, char** argv) {
  if (argc != 2) {
    return 1;
  }
  size_t size = 0U;
  uint8_t* const file = ecu::test::read_file(argv[1], size);
  const uint32_t count = ecu::test::load_u32(file);
  const uint8_t* at = file + 4U;
  for (uint32_t i = 0U; i < count; ++i) {
    const uint32_t image_size = ecu::test::load_u32(at);
    const uint32_t input_size = ecu::test::load_u32(at + 4U);
    const ecu::test::Case test = {at + 12U, image_size, at + 12U + image_size, ecu::test::load_u32(at + 8U)};
    ecu::test::Digest digest;
    const ecu_status status = ecu::test::run_case(test, digest);
    printf("case %d %08lx%08lx\n", static_cast<int>(status), static_cast<unsigned long>(digest.value >> 32U),
           static_cast<unsigned long>(digest.value & 0xffffffffU));
    at += 12U + image_size + input_size;
  }
  free(file);
  return 0;
}
