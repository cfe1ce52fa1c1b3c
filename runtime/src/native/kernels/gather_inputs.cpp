/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out`: all inputs side by side as f32.
 */
#include "../kernel.h"

namespace ecu::native {
namespace {

ECU_COLD bool check_gather_inputs(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  uint64_t elements = 0U;
  for (const ecu_tensor_info& input : scope.inputs) {
    elements += input.elements;
  }
  fields.writes(fields.word(), elements, sizeof(float));
  return fields.done();
}

void run_gather_inputs(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  size_t at = 0U;
  for (size_t i = 0U; i < frame.input_infos.size(); ++i) {
    const ecu_tensor_info& info = frame.input_infos[i];
    const Operand in(static_cast<const uint8_t*>(frame.inputs[i]), false);
    for (size_t j = 0U; j < info.elements; ++j, ++at) {
      out.set<float>(at,
                     info.dtype == ECU_FLOAT32 ? in.get<float>(j) : static_cast<float>(in.get<int32_t>(j)));
    }
  }
}

}  // namespace
}  // namespace ecu::native

ECU_DEFINE_KERNEL(gather_inputs, {&ecu::native::check_gather_inputs, &ecu::native::run_gather_inputs});
