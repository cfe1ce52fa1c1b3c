/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_TRIGONOMETRIC_H
#define ECU_SRC_NATIVE_MATH_TRIGONOMETRIC_H

/* Bound in ulp that tests/native/test_math.py holds: 0.85.
   A NaN argument, and an argument outside the domain, gives the one NaN of quiet_nan() in format.h. */
namespace ecu::math {

/** Sine of x in radians, for every finite x however large. sin(+-0) = +-0, sin(+-inf) = NaN. */
[[nodiscard]] float sin(float x) noexcept;
[[nodiscard]] double sin(double x) noexcept;

/** Cosine of x in radians, for every finite x however large. cos(+-0) = 1, cos(+-inf) = NaN. */
[[nodiscard]] float cos(float x) noexcept;
[[nodiscard]] double cos(double x) noexcept;

}  // namespace ecu::math
#endif
