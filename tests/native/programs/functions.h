/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_TESTS_NATIVE_FUNCTIONS_H
#define ECU_TESTS_NATIVE_FUNCTIONS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "native/math/erf.h"
#include "native/math/exp.h"
#include "native/math/log.h"
#include "native/math/pow.h"
#include "native/math/rounding.h"
#include "native/math/sigmoid.h"
#include "native/math/sqrt.h"
#include "native/math/trigonometric.h"

namespace ecu::test {

/** A function of one argument. */
template <typename Real>
struct Function {
  const char* name;
  Real (*own)(Real);
};

template <typename Real>
inline constexpr Function<Real> kFunctions[] = {
    {"exp", math::exp},     {"log", math::log},   {"tanh", math::tanh},   {"logistic", math::logistic},
    {"sqrt", math::sqrt},   {"sin", math::sin},   {"cos", math::cos},     {"erf", math::erf},
    {"floor", math::floor}, {"ceil", math::ceil}, {"round", math::round},
};

/** What the reference computes in: exact enough to measure Real's errors. */
template <typename Real>
struct Wide;
template <>
struct Wide<float> {
  using Type = double;
};
template <>
struct Wide<double> {
  using Type = long double;
};

/** |own - expected| in units in the last place of Real at `expected`. An infinite result stands for the
 *  number that would follow the largest one. HUGE_VAL for a wrong sign, and for NaN on one side only. */
template <typename Real>
inline double ulp_distance(Real own, typename Wide<Real>::Type expected) {
  using Reference = typename Wide<Real>::Type;
  constexpr int kDigits = sizeof(Real) == 4U ? 24 : 53;
  constexpr int kTop = sizeof(Real) == 4U ? 128 : 1024;
  if (isnan(own) || isnan(expected)) {
    return isnan(own) && isnan(expected) ? 0.0 : HUGE_VAL;
  }
  if (signbit(own) != signbit(expected)) {
    return HUGE_VAL;
  }
  const Reference limit = ldexp(Reference{1}, kTop);
  const Reference value = isinf(own) ? limit : fabs(static_cast<Reference>(own));
  const Reference target = fabs(expected) > limit ? limit : fabs(expected);
  int exponent = 0;
  (void)frexp(target, &exponent);
  const int lowest = 3 - kTop;  // numbers below 2^lowest share the smallest ulp
  const int place = (exponent < lowest ? lowest : exponent > kTop ? kTop : exponent) - kDigits;
  return static_cast<double>(ldexp(fabs(value - target), -place));
}

}  // namespace ecu::test
#endif
