/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any bytes as the payload of an image with two inputs and two outputs. Whatever the engine
 * accepts is run twice. All memory has exactly its size. */
#include <stdint.h>

#include "../programs/host_memory.h"
#include "engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kArena = 4096U;
constexpr uint32_t kElements[] = {5U, 3U};

const ecu_tensor_info kInputs[] = {{"a", "", ECU_FLOAT32, kElements[0]}, {"b", "", ECU_INT32, kElements[1]}};
const ecu_tensor_info kOutputs[] = {{"c", "", ECU_INT32, kElements[0]}, {"d", "", ECU_FLOAT32, kElements[1]}};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ecu::test::Block payload(size);
  memcpy(payload.bytes(), data, size);
  const ecu::test::Block memory(kArena);
  ecu::Arena arena(memory.bytes(), kArena);
  ecu::ModelState model = {};
  model.image.payload = ecu::Bytes(payload.bytes(), size);
  model.inputs = ecu::Span<const ecu_tensor_info>(kInputs, 2U);
  model.outputs = ecu::Span<const ecu_tensor_info>(kOutputs, 2U);
  if (ecu_engine_native.open(model, arena) != ECU_OK) {
    return 0;
  }
  const ecu::test::Block first_input(4U * kElements[0]);
  const ecu::test::Block second_input(4U * kElements[1]);
  const ecu::test::Block first_output(4U * kElements[0]);
  const ecu::test::Block second_output(4U * kElements[1]);
  const void* const inputs[] = {first_input.bytes(), second_input.bytes()};
  void* const outputs[] = {first_output.bytes(), second_output.bytes()};
  for (int row = 0; row < 2; ++row) {
    if (ecu_engine_native.run(model, inputs, outputs) != ECU_OK) {
      abort();
    }
  }
  ecu_engine_native.close(model);
  return 0;
}
