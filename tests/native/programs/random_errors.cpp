/* SPDX-License-Identifier: Apache-2.0 */
/* Largest error of each float64 function against the C library's 80-bit long double, and of both pow.
 *
 *  usage: random_errors COUNT; COUNT random arguments of each of three kinds: any bit pattern, magnitudes
 *  between 2^-8 and 2^10, and near 1; for pow COUNT of each pair of kinds. Prints lines of name, error in
 *  ulp and arguments. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"

namespace {

using ecu::test::ulp_distance;

/* Marsaglia's xorshift64*. */
class Random {
 public:
  uint64_t next() {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return state_ * 0x2545f4914f6cdd1dU;
  }

  template <typename Real>
  Real any() {
    const uint64_t bits = next();
    Real x = Real{0};
    memcpy(&x, &bits, sizeof x);
    return x;
  }

  /* Uniform in [0, 1). */
  double fraction() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

  double moderate() { return copysign(exp2(18.0 * fraction() - 8.0), fraction() - 0.5); }

  double near_one() { return 1.0 + (fraction() - 0.5) * exp2(-30.0 * fraction()); }

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15U;
};

long double logistic_reference(long double x) { return 1.0L / (1.0L + expl(-x)); }

struct Reference {
  const char* name;
  long double (*value)(long double);
};

constexpr Reference kReferences[] = {
    {"exp", expl},     {"log", logl},   {"tanh", tanhl},  {"logistic", logistic_reference},
    {"sqrt", sqrtl},   {"sin", sinl},   {"cos", cosl},    {"erf", erfl},
    {"floor", floorl}, {"ceil", ceill}, {"round", rintl},
};

struct Worst {
  double error = -1.0;
  double x = 0.0;
  double y = 0.0;

  template <typename Real>
  void add(Real own, typename ecu::test::Wide<Real>::Type expected, double first, double second = 0.0) {
    const double distance = ulp_distance(own, expected);
    if (distance > error) {
      *this = Worst{distance, first, second};
    }
  }
};

void measure(const ecu::test::Function<double>& function, uint64_t count) {
  for (const Reference& reference : kReferences) {
    if (strcmp(function.name, reference.name) != 0) {
      continue;
    }
    Random random;
    Worst worst;
    for (uint64_t i = 0U; i < count; ++i) {
      const double arguments[] = {random.any<double>(), random.moderate(), random.near_one()};
      for (const double x : arguments) {
        worst.add(function.own(x), reference.value(static_cast<long double>(x)), x);
      }
    }
    printf("%s %.4f %a\n", function.name, worst.error, worst.x);
  }
}

long double reference_pow(double x, double y) {
  return powl(static_cast<long double>(x), static_cast<long double>(y));
}

double reference_pow(float x, float y) { return pow(static_cast<double>(x), static_cast<double>(y)); }

template <typename Real>
void measure_pow(const char* name, uint64_t count) {
  Random random;
  Worst worst;
  for (uint64_t i = 0U; i < count; ++i) {
    const Real any = random.any<Real>();
    const Real bases[] = {any, static_cast<Real>(random.moderate()), static_cast<Real>(random.near_one())};
    for (const Real x : bases) {
      // The second exponent makes a result anywhere in the range of the format, the third is whole.
      const double span = sizeof(Real) == 4U ? 220.0 : 1500.0;
      const double fitting = span * (random.fraction() - 0.5) / log(fabs(static_cast<double>(x)));
      const Real exponents[] = {random.any<Real>(), static_cast<Real>(fitting),
                                static_cast<Real>(floor(random.moderate()))};
      for (const Real y : exponents) {
        worst.add(ecu::math::pow(x, y), reference_pow(x, y), static_cast<double>(x), static_cast<double>(y));
        const Real size = fabs(x);
        worst.add(ecu::math::pow(size, y), reference_pow(size, y), static_cast<double>(size),
                  static_cast<double>(y));
      }
    }
  }
  printf("%s %.4f %a %a\n", name, worst.error, worst.x, worst.y);
}

/* Every 1/64 up to 16 to the power of every 1/8 between -24 and 24. */
void measure_pow_grid() {
  Worst worst;
  for (int i = 1; i <= 1024; ++i) {
    for (int j = -192; j <= 192; ++j) {
      const float x = static_cast<float>(i) / 64.0F;
      const float y = static_cast<float>(j) / 8.0F;
      worst.add(ecu::math::pow(x, y), reference_pow(x, y), static_cast<double>(x), static_cast<double>(y));
    }
  }
  printf("pow32_grid %.4f %a %a\n", worst.error, worst.x, worst.y);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    return 2;
  }
  const uint64_t count = strtoull(argv[1], nullptr, 10);
  for (const auto& function : ecu::test::kFunctions<double>) {
    measure(function, count);
  }
  measure_pow<double>("pow", count);
  measure_pow<float>("pow32", count);
  measure_pow_grid();
  return 0;
}
