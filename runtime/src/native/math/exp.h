/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_EXP_H
#define ECU_SRC_NATIVE_MATH_EXP_H

/* Bounds in ulp that tests/native/test_math.py holds, float32 and float64: 0.76 and 0.80.
   A NaN argument, and an argument outside the domain, gives the one NaN of quiet_nan() in format.h. */
namespace ecu::math {

/** e^x. exp(+-0) = 1, exp(-inf) = +0, exp(+inf) = +inf. */
[[nodiscard]] float exp(float x) noexcept;
[[nodiscard]] double exp(double x) noexcept;

}  // namespace ecu::math
#endif
