/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The native engine: checks a program when it is opened, then runs its operations one after the other.
 */
#include "../engine.h"

#include <stdint.h>

#include "../float_bits.h"
#include "kernel_table.h"
#include "program.h"

namespace ecu::native {
namespace {

struct State {
  Frame frame;  // inputs and outputs are those of the run
  const uint8_t* operations;
  uint32_t count;     // operations
  bool may_give_nan;  // in a float32 output
};

// Upper bound on every target that docs/native_engine.md, "Arena", publishes.
static_assert(sizeof(State) <= 64U);

constexpr uint32_t kNan = 0x7fc00000U;

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
  State& state = place[0];
  state.frame.workspace = workspace.data();
  state.frame.constants = program.constants.data();
  state.frame.input_infos = model.inputs;
  state.operations = program.operations.data();
  state.count = program.count;
  state.may_give_nan = program.may_give_nan;
  model.engine_state = place.data();
  return check_operations(program, model.inputs, model.outputs);
}

/* The sign and payload of a NaN differ between processors; in an output there is one NaN. */
void unify_nans(const ModelState& model, void* const* outputs) noexcept {
  for (size_t output = 0U; output < model.outputs.size(); ++output) {
    const ecu_tensor_info& info = model.outputs[output];
    uint8_t* const values = static_cast<uint8_t*>(outputs[output]);
    for (size_t i = 0U; info.dtype == ECU_FLOAT32 && i < info.elements; ++i) {
      if (is_nan_bits(load<uint32_t>(values + (i * kSize4)))) {
        store(values + (i * kSize4), kNan);
      }
    }
  }
}

ecu_status run(ModelState& model, const void* const* inputs, void* const* outputs) noexcept {
  State& state = *static_cast<State*>(model.engine_state);
  state.frame.inputs = inputs;
  state.frame.outputs = outputs;
  const uint8_t* record = state.operations;
  for (uint32_t left = state.count; left > 0U; --left) {
    const RecordHead head = read_head(record);
    kKernelTable.kernels[head.kernel]->run(Operation(record + kWordSize, head.words - 1U), state.frame);
    record += head.words * kWordSize;
  }
  if (state.may_give_nan) {
    unify_nans(model, outputs);
  }
  return ECU_OK;
}

void close(ModelState&) noexcept {}

}  // namespace
}  // namespace ecu::native

const ecu_engine ecu_engine_native = {&ecu::native::open, &ecu::native::run, &ecu::native::close};
