/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any bytes as a model image, once as they are and once with the digests that they call
 * for. Whatever the device API opens is run on two rows. All memory has exactly its size. */
#include <vector>

#include "../programs/host_memory.h"
#include "image_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace ecu::test {
namespace {

constexpr size_t kLargestArena = 16384U;  // what opens in more is not run, to keep runs short
constexpr size_t kMostElements = 2048U;   // of all inputs and outputs, likewise

constexpr uint32_t kZeros = 0U;
constexpr uint32_t kOdd = 0x4b4b4b4bU;

using Blocks = std::vector<std::vector<uint8_t>>;

/* One buffer of exactly its size for each tensor. */
template <typename Pointer>
std::vector<Pointer> buffers(const ecu_tensor_info* infos, uint32_t count, uint32_t word, Blocks& memory) {
  std::vector<Pointer> pointers;
  for (uint32_t i = 0U; i < count; ++i) {
    memory.emplace_back(size_t{4U} * infos[i].elements);
    std::vector<uint8_t>& bytes = memory.back();
    for (size_t at = 0U; at < bytes.size(); at += 4U) {
      store_u32(bytes.data() + at, word);
    }
    pointers.push_back(bytes.data());
  }
  return pointers;
}

size_t elements_of(const ecu_model_info& info) {
  size_t elements = 0U;
  for (uint32_t i = 0U; i < info.input_count; ++i) {
    elements += info.inputs[i].elements;
  }
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    elements += info.outputs[i].elements;
  }
  return elements;
}

/* A row is refused only for what it holds. */
void run_row(ecu_model& model, uint32_t word) {
  const ecu_model_info& info = *ecu_model_info_of(&model);
  Blocks memory;
  memory.reserve(size_t{info.input_count} + info.output_count);
  const std::vector<const void*> inputs = buffers<const void*>(info.inputs, info.input_count, word, memory);
  const std::vector<void*> outputs = buffers<void*>(info.outputs, info.output_count, 0U, memory);
  const ecu_status status = ecu_model_run(&model, inputs.data(), outputs.data());
  if (status != ECU_OK && status != ECU_BAD_CATEGORY && status != ECU_NAN_REFUSED) {
    abort();
  }
}

void try_image(const uint8_t* data, size_t size, bool sealed) {
  const Block image(size);
  memcpy(image.bytes(), data, size);
  if (sealed) {
    seal(image.bytes(), size);
  }
  const size_t stated = size < 16U ? 0U : load_u32(data + 12U);
  const size_t arena_size = stated < kLargestArena ? stated : kLargestArena;
  const Block arena(arena_size);
  ecu_model model;
  if (ecu_model_open(&model, image.bytes(), size, arena.bytes(), arena_size) == ECU_OK &&
      elements_of(*ecu_model_info_of(&model)) <= kMostElements) {
    run_row(model, kZeros);
    run_row(model, kOdd);
  }
  ecu_model_close(&model);
}

}  // namespace
}  // namespace ecu::test

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ecu::test::try_image(data, size, false);
  ecu::test::try_image(data, size, true);
  return 0;
}
