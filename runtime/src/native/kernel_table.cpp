/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_table.h"

// Number and name, one line for each kernel, as in docs/native_engine.md.
// clang-format off
#define ECU_KERNELS(KERNEL)          \
  KERNEL(1, gather_inputs)           \
  KERNEL(2, copy4)                   \
  KERNEL(3, copy8)                   \
  KERNEL(4, take4)                   \
  KERNEL(5, take8)                   \
  KERNEL(6, pick4)                   \
  KERNEL(7, pick8)                   \
  KERNEL(8, where4)                  \
  KERNEL(9, where8)                  \
  KERNEL(10, i32_f32)                \
  KERNEL(11, f32_i32)                \
  KERNEL(12, f32_f64)                \
  KERNEL(13, f64_f32)                \
  KERNEL(14, i32_f64)                \
  KERNEL(15, f64_i32)                \
  KERNEL(16, add_f32)                \
  KERNEL(17, add_f64)                \
  KERNEL(18, sub_f32)                \
  KERNEL(19, sub_f64)                \
  KERNEL(20, mul_f32)                \
  KERNEL(21, mul_f64)                \
  KERNEL(22, div_f32)                \
  KERNEL(23, div_f64)                \
  KERNEL(24, min_f32)                \
  KERNEL(25, min_f64)                \
  KERNEL(26, max_f32)                \
  KERNEL(27, max_f64)                \
  KERNEL(28, pow_f32)                \
  KERNEL(29, pow_f64)                \
  KERNEL(30, less_f32)               \
  KERNEL(31, less_f64)               \
  KERNEL(32, less_equal_f32)         \
  KERNEL(33, less_equal_f64)         \
  KERNEL(34, equal_f32)              \
  KERNEL(35, equal_f64)              \
  KERNEL(36, add_i32)                \
  KERNEL(37, sub_i32)                \
  KERNEL(38, mul_i32)                \
  KERNEL(39, less_i32)               \
  KERNEL(40, equal_i32)              \
  KERNEL(41, and_i32)                \
  KERNEL(42, or_i32)                 \
  KERNEL(43, not_i32)                \
  KERNEL(44, neg_f32)                \
  KERNEL(45, neg_f64)                \
  KERNEL(46, abs_f32)                \
  KERNEL(47, abs_f64)                \
  KERNEL(48, exp_f32)                \
  KERNEL(49, exp_f64)                \
  KERNEL(50, log_f32)                \
  KERNEL(51, log_f64)                \
  KERNEL(52, sqrt_f32)               \
  KERNEL(53, sqrt_f64)               \
  KERNEL(54, tanh_f32)               \
  KERNEL(55, tanh_f64)               \
  KERNEL(56, logistic_f32)           \
  KERNEL(57, logistic_f64)           \
  KERNEL(58, floor_f32)              \
  KERNEL(59, floor_f64)              \
  KERNEL(60, ceil_f32)               \
  KERNEL(61, ceil_f64)               \
  KERNEL(62, round_f32)              \
  KERNEL(63, round_f64)              \
  KERNEL(64, sign_f32)               \
  KERNEL(65, sign_f64)               \
  KERNEL(66, sin_f32)                \
  KERNEL(67, sin_f64)                \
  KERNEL(68, cos_f32)                \
  KERNEL(69, cos_f64)                \
  KERNEL(70, erf_f32)                \
  KERNEL(71, erf_f64)                \
  KERNEL(72, is_nan_f32)             \
  KERNEL(73, is_nan_f64)             \
  KERNEL(74, linear_logistic_f32)    \
  KERNEL(80, reduce_sum_f32)         \
  KERNEL(81, reduce_sum_f64)         \
  KERNEL(82, reduce_max_f32)         \
  KERNEL(83, reduce_max_f64)         \
  KERNEL(84, reduce_min_f32)         \
  KERNEL(85, reduce_min_f64)         \
  KERNEL(86, reduce_prod_f32)        \
  KERNEL(87, reduce_prod_f64)        \
  KERNEL(88, arg_max_f32)            \
  KERNEL(89, arg_max_f64)            \
  KERNEL(90, arg_min_f32)            \
  KERNEL(91, arg_min_f64)            \
  KERNEL(92, softmax_f32)            \
  KERNEL(93, softmax_f64)            \
  KERNEL(94, top_k_f32)              \
  KERNEL(95, top_k_f64)              \
  KERNEL(96, cumulative_sum_f32)     \
  KERNEL(97, cumulative_sum_f64)     \
  KERNEL(98, matmul_f32)             \
  KERNEL(99, matmul_f64)             \
  KERNEL(100, pairwise_squares_f32)  \
  KERNEL(101, pairwise_squares_f64)  \
  KERNEL(102, pairwise_absolutes_f32)\
  KERNEL(103, pairwise_absolutes_f64)\
  KERNEL(104, map_i32)               \
  KERNEL(105, gather_elements4)      \
  KERNEL(106, pairwise_largest_f32)  \
  KERNEL(107, pairwise_largest_f64)  \
  KERNEL(108, tree_lone)             \
  KERNEL(109, fixed_f64)             \
  KERNEL(110, fixed_f32)             \
  KERNEL(111, tree_rows)             \
  KERNEL(112, trees_keyed_values)    \
  KERNEL(113, trees_keyed_values40)  \
  KERNEL(114, trees_keyed_values48)  \
  KERNEL(115, trees_keyed_pairs)     \
  KERNEL(116, trees_keyed_shares)    \
  KERNEL(117, trees_keyed_numbers)   \
  KERNEL(118, trees_ranked_values)   \
  KERNEL(119, trees_ranked_values40) \
  KERNEL(120, trees_ranked_values48) \
  KERNEL(121, trees_ranked_pairs)    \
  KERNEL(122, trees_ranked_shares)   \
  KERNEL(123, trees_ranked_numbers)  \
  KERNEL(124, trees_complete_values) \
  KERNEL(125, trees_complete_values40)\
  KERNEL(126, trees_complete_values48)\
  KERNEL(127, trees_complete_pairs)  \
  KERNEL(128, mean_f64)              \
  KERNEL(129, mean_votes)            \
  KERNEL(130, trees_keyed_rows)      \
  KERNEL(131, trees_ranked_rows)
// clang-format on

// Weak here and only here: a weak declaration beside a definition would make the kernel weak.
#define ECU_DECLARE(number, name) extern const ecu_kernel ecu_kernel_##name __attribute__((weak));
extern "C" {
ECU_KERNELS(ECU_DECLARE)
}
#undef ECU_DECLARE

namespace ecu::native {
namespace {

#define ECU_ENTER(number, name) table.kernels[number] = &ecu_kernel_##name;
constexpr KernelTable make_table() noexcept {
  KernelTable table = {};
  ECU_KERNELS(ECU_ENTER)
  return table;
}
#undef ECU_ENTER

}  // namespace

constexpr KernelTable kKernelTable = make_table();

}  // namespace ecu::native
