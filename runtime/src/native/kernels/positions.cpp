/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

namespace ecu::native {

bool check_take(const Operation& operation, const Scope& scope, uint32_t size) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t elements = fields.length();
  const uint32_t n = fields.length();
  const uint8_t* const index = scope.constant(fields.word(), n, kSize4);
  fields.reads(in, elements, size);
  fields.writes(out, n, size);
  if (index == nullptr || !fields.done()) {
    return false;
  }
  for (size_t i = 0U; i < n; ++i) {
    if (load_little<uint32_t>(index + (i * kSize4)) >= elements) {
      return false;
    }
  }
  return true;
}

bool check_pick(const Operation& operation, const Scope& scope, uint32_t size) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t index = fields.word();
  const uint32_t elements = fields.length();
  const uint32_t n = fields.length();
  const uint32_t inner = fields.length();
  fields.reads(index, n, kSize4);
  fields.reads(in, fields.product(elements, inner), size);
  fields.writes(out, fields.product(n, inner), size);
  return fields.done();
}

}  // namespace ecu::native
