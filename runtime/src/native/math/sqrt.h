/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_SQRT_H
#define ECU_SRC_NATIVE_MATH_SQRT_H

/* No error but that of rounding once.
   A NaN argument, and an argument outside the domain, gives the one NaN of quiet_nan() in format.h. */
namespace ecu::math {

/** Square root, correctly rounded. sqrt(x < 0) = NaN, sqrt(+-0) = +-0, sqrt(+inf) = +inf. */
[[nodiscard]] float sqrt(float x) noexcept;
[[nodiscard]] double sqrt(double x) noexcept;

}  // namespace ecu::math
#endif
