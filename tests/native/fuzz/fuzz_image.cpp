/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any bytes as a model image, as they are and with the digests that they call for. What the
 * device API opens is run. The engine opens and runs the payload once more by itself: in an image the digest
 * behind it would hide what reads too far. All memory has exactly its size. */
#include <array>
#include <vector>

#include "../programs/host_memory.h"
#include "engine.h"
#include "image_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace ecu::test {
namespace {

constexpr size_t kLargestArena = 16384U;  // what opens in more is not run, to keep runs short
constexpr size_t kMostElements = 2048U;   // of all inputs and outputs, likewise

constexpr uint32_t kOdd = 0x4b4b4b4bU;

using Words = std::array<uint32_t, ECU_DIGEST_SIZE / 4U>;
using Blocks = std::vector<std::vector<uint8_t>>;

/* One buffer of exactly its size for each tensor. */
template <typename Pointer>
std::vector<Pointer> buffers(const ecu_tensor_info* infos, size_t count, const Words& words, Blocks& memory) {
  std::vector<Pointer> pointers;
  for (size_t i = 0U; i < count; ++i) {
    memory.emplace_back(size_t{4U} * infos[i].elements);
    std::vector<uint8_t>& bytes = memory.back();
    for (size_t at = 0U; at < bytes.size(); at += 4U) {
      store_u32(bytes.data() + at, words[(at / 4U) % words.size()]);
    }
    pointers.push_back(bytes.data());
  }
  return pointers;
}

size_t elements_of(const ecu_tensor_info* infos, size_t count) {
  size_t elements = 0U;
  for (size_t i = 0U; i < count; ++i) {
    elements += infos[i].elements;
  }
  return elements;
}

struct Row {
  Row(const ecu_tensor_info* input_infos, size_t input_count, const ecu_tensor_info* output_infos,
      size_t output_count, const Words& words) {
    memory.reserve(input_count + output_count);
    inputs = buffers<const void*>(input_infos, input_count, words, memory);
    outputs = buffers<void*>(output_infos, output_count, Words{}, memory);
  }

  Blocks memory;
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
};

/* Through the API; a row is refused only for what it holds. */
void run_model(ecu_model& model, const Words& words) {
  const ecu_model_info& info = *ecu_model_info_of(&model);
  if (elements_of(info.inputs, info.input_count) + elements_of(info.outputs, info.output_count) >
      kMostElements) {
    return;
  }
  Row row(info.inputs, info.input_count, info.outputs, info.output_count, words);
  const ecu_status status = ecu_model_run(&model, row.inputs.data(), row.outputs.data());
  if (status != ECU_OK && status != ECU_BAD_CATEGORY && status != ECU_NAN_REFUSED) {
    abort();
  }
}

/* The program alone, where the image was right up to it. */
void run_program(const ModelState& opened, size_t arena_size, Words words) {
  for (uint32_t& word : words) {
    word ^= kOdd;  // another row, and one that is not all zeros where no digest is kept
  }
  ModelState state = opened;
  const Block payload(state.image.payload.size());
  memcpy(payload.bytes(), state.image.payload.data(), state.image.payload.size());
  state.image.payload = Bytes(payload.bytes(), state.image.payload.size());
  const Block memory(arena_size);
  Arena arena(memory.bytes(), arena_size);
  if (ecu_engine_native.open(state, arena) != ECU_OK ||
      elements_of(state.inputs.data(), state.inputs.size()) +
              elements_of(state.outputs.data(), state.outputs.size()) >
          kMostElements) {
    return;
  }
  Row row(state.inputs.data(), state.inputs.size(), state.outputs.data(), state.outputs.size(), words);
  if (ecu_engine_native.run(state, row.inputs.data(), row.outputs.data()) != ECU_OK) {
    abort();
  }
}

/* The words of a row, again and again: the last bytes of the file, where the digest goes. */
Words row_of(const uint8_t* data, size_t size) {
  Words words = {};
  for (size_t i = 0U; size >= ECU_DIGEST_SIZE && i < words.size(); ++i) {
    words[i] = load_u32(data + (size - ECU_DIGEST_SIZE) + (4U * i));
  }
  return words;
}

void try_image(const uint8_t* data, size_t size, bool sealed) {
  const Words words = row_of(data, size);
  const Block image(size);
  memcpy(image.bytes(), data, size);
  if (sealed) {
    seal(image.bytes(), size);
  }
  const size_t stated = size < 16U ? 0U : load_u32(data + 12U);
  const size_t arena_size = stated < kLargestArena ? stated : kLargestArena;
  const Block arena(arena_size);
  ecu_model model;
  if (ecu_model_open(&model, image.bytes(), size, arena.bytes(), arena_size) == ECU_OK) {
    run_model(model, words);
  }
  if (model.state != nullptr) {
    run_program(*static_cast<const ModelState*>(model.state), arena_size, words);
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
