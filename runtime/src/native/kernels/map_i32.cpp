/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out in n keys values size default`: values[j] where keys[j] equals the element, else the default. Keys
 * are ascending constants; values are constants of any 4 bytes.
 */
#include "../kernel.h"

namespace ecu::native {
namespace {

int32_t load_key(const uint8_t* keys, size_t index) noexcept {
  return load_little<int32_t>(keys + (index * sizeof(int32_t)));
}

ECU_COLD bool check_map_i32(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t in = fields.word();
  const uint32_t n = fields.length();
  const uint32_t key_reference = fields.word();
  const uint32_t value_reference = fields.word();
  const uint32_t size = fields.length();
  (void)fields.word();  // default
  fields.reads(in, n, kSize4);
  fields.writes(out, n, kSize4);
  const uint8_t* const keys = scope.constant(key_reference, size, kSize4);
  if (keys == nullptr || scope.constant(value_reference, size, kSize4) == nullptr || !fields.done()) {
    return false;
  }
  for (size_t i = 1U; i < size; ++i) {
    if (load_key(keys, i - 1U) >= load_key(keys, i)) {
      return false;
    }
  }
  return true;
}

/* First position whose key is not below; `size` when there is none. */
uint32_t find(Operand keys, uint32_t size, int32_t key) noexcept {
  uint32_t low = 0U;
  uint32_t high = size;
  while (low < high) {
    const uint32_t middle = low + ((high - low) / 2U);
    if (keys.get<int32_t>(middle) < key) {
      low = middle + 1U;
    } else {
      high = middle;
    }
  }
  return low;
}

void run_map_i32(const Operation& operation, const Frame& frame) noexcept {
  const Result out = frame.result(operation.word(0U));
  const Operand in = frame.operand(operation.word(1U));
  const uint32_t n = operation.word(2U);
  const Operand keys = frame.operand(operation.word(3U));
  const Operand values = frame.operand(operation.word(4U));
  const uint32_t size = operation.word(5U);
  for (size_t i = 0U; i < n; ++i) {
    const int32_t key = in.get<int32_t>(i);
    const uint32_t at = find(keys, size, key);
    const bool known = at < size && keys.get<int32_t>(at) == key;
    out.set<uint32_t>(i, known ? values.get<uint32_t>(at) : operation.word(6U));
  }
}

}  // namespace
}  // namespace ecu::native

ECU_DEFINE_KERNEL(map_i32, {&ecu::native::check_map_i32, &ecu::native::run_map_i32});
