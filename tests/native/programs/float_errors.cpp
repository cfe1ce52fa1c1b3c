/* SPDX-License-Identifier: Apache-2.0 */
/* Largest error of a float32 function against the C library's double.
 *
 *  usage: float_errors NAME STEP [CENTRE]...; arguments are every STEP-th bit pattern, and the 64 numbers on
 *  either side of each CENTRE and of its negative. Prints the error in ulp, the argument, and how often a
 *  result is smaller than the one before it, in ascending order of arguments. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "functions.h"

namespace {

double logistic_reference(double x) { return 1.0 / (1.0 + exp(-x)); }

struct Reference {
  const char* name;
  double (*value)(double);
};

constexpr Reference kReferences[] = {
    {"exp", exp},     {"log", log},   {"tanh", tanh},  {"logistic", logistic_reference},
    {"sqrt", sqrt},   {"sin", sin},   {"cos", cos},    {"erf", erf},
    {"floor", floor}, {"ceil", ceil}, {"round", rint},
};

constexpr uint64_t kSignBit = 0x80000000U;

float float_of(uint64_t bits) {
  const uint32_t word = static_cast<uint32_t>(bits);
  float x = 0.0F;
  memcpy(&x, &word, sizeof x);
  return x;
}

bool same(float a, float b) { return memcmp(&a, &b, sizeof a) == 0; }

struct Sweep {
  float (*own)(float);
  double (*reference)(double);
  double worst = -1.0;
  float place = 0.0F;
  uint64_t falls = 0U;

  /* Magnitudes first, first + step, ... below last, with a sign. */
  void run(uint64_t sign, uint64_t first, uint64_t last, uint64_t step) {
    float before = own(float_of(sign | first));
    for (uint64_t bits = first; bits < last; bits += step) {
      const float x = float_of(sign | bits);
      const float y = own(x);
      const double expected = reference(static_cast<double>(x));
      // Most results are the nearest number, which the slow computation need not confirm each time.
      const bool nearest = worst >= 0.5 && same(y, static_cast<float>(expected));
      const double error = nearest ? 0.5 : ecu::test::ulp_distance(y, expected);
      if (error > worst) {
        worst = error;
        place = x;
      }
      falls += (sign == 0U ? y < before : y > before) ? 1U : 0U;
      before = y;
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    return 2;
  }
  Sweep sweep{nullptr, nullptr};
  for (const auto& function : ecu::test::kFunctions<float>) {
    sweep.own = strcmp(function.name, argv[1]) == 0 ? function.own : sweep.own;
  }
  for (const Reference& reference : kReferences) {
    sweep.reference = strcmp(reference.name, argv[1]) == 0 ? reference.value : sweep.reference;
  }
  const uint64_t step = strtoull(argv[2], nullptr, 10);
  if (sweep.own == nullptr || sweep.reference == nullptr || step == 0U) {
    return 2;
  }
  const uint64_t signs[] = {0U, kSignBit};
  for (const uint64_t sign : signs) {
    sweep.run(sign, 0U, kSignBit, step);
    for (int i = 3; i < argc; ++i) {
      const float centre = strtof(argv[i], nullptr);
      uint32_t bits = 0U;
      memcpy(&bits, &centre, sizeof bits);
      sweep.run(sign, bits < 64U ? 0U : bits - 64U, uint64_t{bits} + 65U, 1U);
    }
  }
  printf("%.4f %a %" PRIu64 "\n", sweep.worst, static_cast<double>(sweep.place), sweep.falls);
  return 0;
}
