/* SPDX-License-Identifier: Apache-2.0 */
/* For the model checker: a record for one kernel, of any words. The sources of the kernel come first;
 * PROOF_KERNEL is its table. */
#include <stddef.h>
#include <stdint.h>

extern "C" {
/* Whether the kernel takes the record; it has then run. Sizes are in words. */
bool prove(const uint32_t* record, uint32_t words, const uint32_t* constants, uint32_t constant_words,
           uint32_t* workspace, uint32_t workspace_words, const uint32_t* row, uint32_t row_words,
           uint32_t* results, uint32_t result_words);
}

bool prove(const uint32_t* record, uint32_t words, const uint32_t* constants, uint32_t constant_words,
           uint32_t* workspace, uint32_t workspace_words, const uint32_t* row, uint32_t row_words,
           uint32_t* results, uint32_t result_words) {
  using namespace ecu;
  using namespace ecu::native;
  ecu_tensor_info input = {};
  input.dtype = ECU_FLOAT32;
  input.elements = row_words;
  ecu_tensor_info output = input;
  output.elements = result_words;
  const Span<const ecu_tensor_info> input_infos(&input, 1U);
  const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(constants);
  uint64_t left = kMostNamings * (uint64_t{words} + constant_words) * kWordSize;
  uint32_t whole = 0U;
  const Scope scope = {static_cast<uint32_t>(workspace_words * kWordSize),
                       Span<const uint8_t>(bytes, constant_words * kWordSize),
                       input_infos,
                       Span<const ecu_tensor_info>(&output, 1U),
                       &left,
                       &whole};
  const Operation operation(reinterpret_cast<const uint8_t*>(record), words);
  if (!PROOF_KERNEL.check(operation, scope)) {
    return false;
  }
  const void* const inputs[1] = {row};
  void* const outputs[1] = {results};
  const Frame frame = {reinterpret_cast<uint8_t*>(workspace), bytes, inputs, outputs, input_infos};
  PROOF_KERNEL.run(operation, frame);
  return true;
}
