/* SPDX-License-Identifier: Apache-2.0 */
#include "matmul.h"

namespace ecu::native {
namespace {

/* Elements from the first to the last of `batch` operands of `size`, `step` apart; all below 2^32, batch
 * below 2^25. */
ECU_COLD uint64_t extent(uint32_t batch, uint32_t step, uint32_t size) noexcept {
  return (static_cast<uint64_t>(batch - 1U) * step) + size;
}

}  // namespace

bool check_matmul(const Operation& operation, const Scope& scope, uint32_t size) noexcept {
  constexpr uint32_t kWords = 12U;
  if (operation.count() != kWords) {
    return false;
  }
  const MatmulWords words = matmul_words(operation);
  Fields fields(operation, scope);
  fields.expect(words.batch > 0U && words.m > 0U && words.k > 0U && words.n > 0U &&
                operation.word(10U) <= 1U && operation.word(11U) <= 1U);
  const uint32_t results = fields.product(fields.product(words.batch, words.m), words.n);
  (void)fields.product(results, words.k);
  fields.writes(operation.word(0U), results, size);
  if (!fields.good()) {
    return false;
  }
  fields.reads(operation.word(1U), extent(words.batch, words.a_step, words.m * words.k), size);
  fields.reads(operation.word(2U), extent(words.batch, words.b_step, words.k * words.n), size);
  fields.expect(words.bias == kMissing || scope.readable(words.bias, words.n, size));
  return fields.good();
}

}  // namespace ecu::native
