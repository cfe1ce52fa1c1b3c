/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  `out a b bias batch m k n a_step b_step transposed rectified`: (m, k) times (k, n), or (n, k)
 *  transposed, plus bias (n); rectified: 0 where that is negative.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_MATMUL_H
#define ECU_SRC_NATIVE_KERNELS_MATMUL_H

#include "../kernel.h"
#include "fold.h"

namespace ecu::native {

/** Products, added up. */
template <typename T>
struct Products {
  static constexpr T kStart = -T{0};  // not +0, which -0 would disappear in
  static T term(T x, T y) noexcept { return x * y; }
  static T join(T sum, T product) noexcept { return sum + product; }
};

/** The words of a record. */
struct MatmulWords {
  uint32_t bias;  // reference, or kMissing
  uint32_t batch;
  uint32_t m;
  uint32_t k;
  uint32_t n;
  uint32_t a_step;  // elements
  uint32_t b_step;  // elements
  bool transposed;
  bool rectified;
};

[[nodiscard]] ECU_COLD bool check_matmul(const Operation& operation, const Scope& scope,
                                         uint32_t size) noexcept;

[[nodiscard]] inline MatmulWords matmul_words(const Operation& operation) noexcept {
  return MatmulWords{operation.word(3U), operation.word(4U),        operation.word(5U),
                     operation.word(6U), operation.word(7U),        operation.word(8U),
                     operation.word(9U), operation.word(10U) != 0U, operation.word(11U) != 0U};
}

/** What follows a sum. NaN and the sign of zero stay. */
template <typename T>
class Rectified {
 public:
  Rectified(const MatmulWords& words, const Frame& frame) noexcept
      : bias_(words.bias == kMissing ? Operand(nullptr, false) : frame.operand(words.bias)),
        is_biased_(words.bias != kMissing),
        is_rectified_(words.rectified) {}

  template <size_t... kLane>
  void operator()(T (&values)[sizeof...(kLane)], size_t first, Lanes<kLane...> together) const noexcept {
    if (is_biased_) {
      const auto bias = neighbours<T>(bias_.from(first * sizeof(T)), together);
      ((values[kLane] = values[kLane] + bias.values[kLane]), ...);
    }
    if (is_rectified_) {
      ((values[kLane] = values[kLane] < T{0} ? T{0} : values[kLane]), ...);
    }
  }

 private:
  Operand bias_;
  bool is_biased_;
  bool is_rectified_;
};

template <typename T>
void run_matmul(const Operation& operation, const Frame& frame) noexcept {
  const MatmulWords words = matmul_words(operation);
  Result out = frame.result(operation.word(0U));
  const Operand a = frame.operand(operation.word(1U));
  const Operand b = frame.operand(operation.word(2U));
  const Rectified<T> finish(words, frame);
  for (size_t product = 0U; product < words.batch; ++product) {
    const size_t of_a = product * words.a_step;
    const Operand table = b.from(product * words.b_step * sizeof(T));
    for (size_t row = 0U; row < words.m; ++row) {
      const Operand x = a.from((of_a + (row * words.k)) * sizeof(T));
      if (words.transposed) {
        fold<T, Products<T>>(Rows{table, words.n, words.k}, x, out, finish, row_lanes<T>());
      } else {
        fold<T, Products<T>>(Columns{table, words.n, words.k}, x, out, finish, EightLanes());
      }
      out = out.from(words.n * sizeof(T));
    }
  }
}

template <typename T>
constexpr ecu_kernel matmul_kernel() noexcept {
  return ecu_kernel{[](const Operation& operation, const Scope& scope) noexcept {
                      return check_matmul(operation, scope, sizeof(T));
                    },
                    &run_matmul<T>};
}

}  // namespace ecu::native
#endif
