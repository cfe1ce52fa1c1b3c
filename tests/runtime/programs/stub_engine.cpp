/* SPDX-License-Identifier: Apache-2.0 */
/* Engines without a model: they read every input and payload byte and write every output, so that a
 * sanitizer sees whatever is out of bounds. */
#include <string.h>

#include "engine.h"

namespace {

ecu_status open(ecu::ModelState& model, ecu::Arena& arena) noexcept {
  ecu::Span<uint8_t> sum;
  if (!arena.make(1U, sum)) {
    return ECU_IMAGE_MALFORMED;
  }
  for (const uint8_t byte : model.image.payload) {
    sum[0] = static_cast<uint8_t>(sum[0] ^ byte);
  }
  model.engine_state = sum.data();
  return ECU_OK;
}

ecu_status run(ecu::ModelState& model, const void* const* inputs, void* const* outputs) noexcept {
  uint8_t sum = *static_cast<const uint8_t*>(model.engine_state);
  for (size_t i = 0U; i < model.inputs.size(); ++i) {
    const auto* const bytes = static_cast<const uint8_t*>(inputs[i]);
    for (size_t at = 0U; at < size_t{4U} * model.inputs[i].elements; ++at) {
      sum = static_cast<uint8_t>(sum ^ bytes[at]);
    }
  }
  for (size_t i = 0U; i < model.outputs.size(); ++i) {
    memset(outputs[i], sum, size_t{4U} * model.outputs[i].elements);
  }
  return ECU_OK;
}

void close(ecu::ModelState&) noexcept {}

}  // namespace

#ifdef ECU_TEST_STUB_ORT
const ecu_engine ecu_engine_ort = {&open, &run, &close};
#endif
const ecu_engine ecu_engine_native = {&open, &run, &close};
