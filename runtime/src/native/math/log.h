/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_LOG_H
#define ECU_SRC_NATIVE_MATH_LOG_H

/* Errors in ulp, float32 over all arguments and float64 as sampled: log 0.91 and 0.95, log1p 0.97.
   A NaN argument, and an argument outside the domain, gives the one NaN of quiet_nan() in format.h. */
namespace ecu::math {

/** Natural logarithm. log(x < 0) = NaN, log(+-0) = -inf, log(1) = +0, log(+inf) = +inf. */
[[nodiscard]] float log(float x) noexcept;
[[nodiscard]] double log(double x) noexcept;

/** log(1 + x), also where x is near 0. log1p(x < -1) = NaN, log1p(-1) = -inf, log1p(+-0) = +-0,
 *  log1p(+inf) = +inf. */
[[nodiscard]] float log1p(float x) noexcept;
[[nodiscard]] double log1p(double x) noexcept;

}  // namespace ecu::math
#endif
