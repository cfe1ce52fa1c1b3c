/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_POW_H
#define ECU_SRC_NATIVE_MATH_POW_H

/* Bound in ulp that tests/native/test_math.py holds: 0.82.
   A NaN result is always the one of quiet_nan() in format.h. */
namespace ecu::math {

/** x^y, with the special cases of C99 Annex F.9.4.4: among them pow(x, +-0) = 1 and pow(1, y) = 1 even
 *  for NaN, and pow(x < 0, y) = NaN where y is finite and not a whole number. */
[[nodiscard]] float pow(float x, float y) noexcept;
[[nodiscard]] double pow(double x, double y) noexcept;

}  // namespace ecu::math
#endif
