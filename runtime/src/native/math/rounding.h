/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_ROUNDING_H
#define ECU_SRC_NATIVE_MATH_ROUNDING_H

/* The results are exact.
   A NaN argument, and an argument outside the domain, gives the one NaN of quiet_nan() in format.h. */
namespace ecu::math {

/** Largest whole number that is not above x. Zeros, infinities and the sign of a zero result as in
 *  IEEE 754 roundToIntegral. */
[[nodiscard]] float floor(float x) noexcept;
[[nodiscard]] double floor(double x) noexcept;

/** Smallest whole number that is not below x. */
[[nodiscard]] float ceil(float x) noexcept;
[[nodiscard]] double ceil(double x) noexcept;

/** Nearest whole number; of two equally near ones the even one. */
[[nodiscard]] float round(float x) noexcept;
[[nodiscard]] double round(double x) noexcept;

}  // namespace ecu::math
#endif
