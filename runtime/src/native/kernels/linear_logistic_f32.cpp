/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out second a b k`: logistic regression of two classes. The score is the sum of the products of a (k) and
 *  of the first k of b (k + 1), first to last, plus the last of b; `out` is logistic(-score),
 * logistic(score), and `second`, which may be missing, 1 where the score is above 0, else 0.
 */
#include "../math/sigmoid.h"
#include "matmul.h"

namespace ecu::native::linear_logistic {
namespace {

enum Word : size_t { kOut, kSecond, kA, kB, kLength };

constexpr uint32_t kClasses = 2U;

ECU_COLD bool check(const Operation& operation, const Scope& scope) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  const uint32_t second = fields.word();
  const uint32_t a = fields.word();
  const uint32_t b = fields.word();
  const uint32_t length = fields.length();
  fields.writes(out, kClasses, kSize4);
  fields.expect(second == kMissing || scope.writable(second, 1U, kSize4));
  fields.reads(a, length, kSize4);
  fields.reads(b, uint64_t{length} + 1U, kSize4);
  return fields.done();
}

void run(const Operation& operation, const Frame& frame) noexcept {
  const Operand a = frame.operand(operation.word(kA));
  const Operand b = frame.operand(operation.word(kB));
  const uint32_t length = operation.word(kLength);
  const float score = fold_one<float, Products<float>>(b, length, a) + b.get<float>(length);
  const math::Complements<float> shares = math::logistic_both(score);
  const Result out = frame.result(operation.word(kOut));
  out.set<float>(0U, shares.minus);
  out.set<float>(1U, shares.plus);
  if (operation.word(kSecond) != kMissing) {
    frame.result(operation.word(kSecond)).set<int32_t>(0U, score > 0.0F ? 1 : 0);
  }
}

}  // namespace
}  // namespace ecu::native::linear_logistic

ECU_DEFINE_KERNEL(linear_logistic_f32,
                  {&ecu::native::linear_logistic::check, &ecu::native::linear_logistic::run});
