/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The native engine: checks a program when it is opened, then runs its operations one after the other.
 */
#include "../engine.h"

#include <stdint.h>

#include "kernel_table.h"
#include "program.h"

namespace ecu::native {
namespace {

struct State {
  const uint8_t* operations;
  const uint8_t* constants;
  uint8_t* workspace;
  uint32_t count;  // operations
};

// Upper bound on every target that docs/native_engine.md, "Arena", publishes.
static_assert(sizeof(State) <= 64U);

constexpr uint32_t kNan = 0x7fc00000U;
constexpr uint32_t kInfinity = 0x7f800000U;
constexpr uint32_t kMagnitude = 0x7fffffffU;

ECU_COLD ecu_status open(ModelState& model, Arena& arena) noexcept {
  Program program = {};
  if (!read_program(model.image.payload, program)) {
    return ECU_IMAGE_MALFORMED;
  }
  Span<State> place;
  Span<uint8_t> workspace;
  if (!arena.make(1U, place) || !arena.make(program.workspace, workspace)) {
    return ECU_IMAGE_MALFORMED;
  }
  place[0] = State{program.operations.data(), program.constants.data(), workspace.data(), program.count};
  model.engine_state = place.data();
  return check_operations(program, model.inputs, model.outputs);
}

/* The sign and payload of a NaN differ between processors; in an output there is one NaN. */
void unify_nans(const ecu_tensor_info& info, uint8_t* values) noexcept {
  for (size_t i = 0U; i < info.elements; ++i) {
    if ((load<uint32_t>(values + (i * kSize4)) & kMagnitude) > kInfinity) {
      store(values + (i * kSize4), kNan);
    }
  }
}

ecu_status run(ModelState& model, const void* const* inputs, void* const* outputs) noexcept {
  const State& state = *static_cast<const State*>(model.engine_state);
  const Frame frame = {state.workspace, state.constants, inputs, outputs, model.inputs};
  const uint8_t* record = state.operations;
  for (uint32_t i = 0U; i < state.count; ++i) {
    const RecordHead head = read_head(record);
    kKernelTable.kernels[head.kernel]->run(Operation(record + kWordSize, head.words - 1U), frame);
    record += head.words * kWordSize;
  }
  for (size_t i = 0U; i < model.outputs.size(); ++i) {
    if (model.outputs[i].dtype == ECU_FLOAT32) {
      unify_nans(model.outputs[i], static_cast<uint8_t*>(outputs[i]));
    }
  }
  return ECU_OK;
}

void close(ModelState&) noexcept {}

}  // namespace
}  // namespace ecu::native

const ecu_engine ecu_engine_native = {&ecu::native::open, &ecu::native::run, &ecu::native::close};
