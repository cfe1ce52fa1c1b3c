/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_LOG_H
#define ECU_SRC_NATIVE_MATH_LOG_H

/* Bounds in ulp that tests/native/test_math.py holds, float32 and float64: 0.91 and 0.95.
   A NaN argument, and an argument outside the domain, gives the one NaN of quiet_nan() in format.h. */
namespace ecu::math {

/** Natural logarithm. log(x < 0) = NaN, log(+-0) = -inf, log(1) = +0, log(+inf) = +inf. */
[[nodiscard]] float log(float x) noexcept;
[[nodiscard]] double log(double x) noexcept;

}  // namespace ecu::math
#endif
