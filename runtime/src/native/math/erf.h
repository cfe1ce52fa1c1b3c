/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_NATIVE_MATH_ERF_H
#define ECU_SRC_NATIVE_MATH_ERF_H

/* Errors in ulp, float32 over all arguments and float64 as sampled: 0.86 and 0.88.
   A NaN argument, and an argument outside the domain, gives the one NaN of quiet_nan() in format.h. */
namespace ecu::math {

/** Error function. erf(+-0) = +-0, erf(+-inf) = +-1. */
[[nodiscard]] float erf(float x) noexcept;
[[nodiscard]] double erf(double x) noexcept;

}  // namespace ecu::math
#endif
