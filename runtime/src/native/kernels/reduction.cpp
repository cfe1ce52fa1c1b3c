/* SPDX-License-Identifier: Apache-2.0 */
#include "reduction.h"

namespace ecu::native {

bool check_axes(const Operation& operation, const Scope& scope, uint32_t result_size, uint32_t operand_size,
                bool keeps_axis) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t outer = fields.length();
  const uint32_t n = fields.length();
  const uint32_t inner = fields.length();
  const uint32_t columns = fields.product(outer, inner);
  const uint32_t elements = fields.product(columns, n);
  fields.reads(in, elements, operand_size);
  fields.writes(out, keeps_axis ? elements : columns, result_size);
  return fields.done();
}

}  // namespace ecu::native
