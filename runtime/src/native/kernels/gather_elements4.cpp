/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in index outer n k`: for each row of (outer, n), k elements by i32 positions, which are clamped.
 */
#include "positions.h"

namespace ecu::native {
namespace {

ECU_COLD bool check_gather_elements4(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t index = fields.word();
  const uint32_t outer = fields.length();
  const uint32_t n = fields.length();
  const uint32_t k = fields.length();
  const uint32_t results = fields.product(outer, k);
  fields.reads(in, fields.product(outer, n), kSize4);
  fields.reads(index, results, kSize4);
  fields.writes(out, results, kSize4);
  return fields.done();
}

void run_gather_elements4(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand in = frame.operand(operation.word(1U));
  const Operand index = frame.operand(operation.word(2U));
  const uint32_t outer = operation.word(3U);
  const uint32_t n = operation.word(4U);
  const uint32_t k = operation.word(5U);
  size_t at = 0U;
  for (size_t i = 0U; i < outer; ++i) {
    for (size_t j = 0U; j < k; ++j, ++at) {
      out.set<uint32_t>(at, in.get<uint32_t>((i * n) + clamped(index.get<int32_t>(at), n)));
    }
  }
}

}  // namespace
}  // namespace ecu::native

ECU_DEFINE_KERNEL(gather_elements4,
                  {&ecu::native::check_gather_elements4, &ecu::native::run_gather_elements4});
