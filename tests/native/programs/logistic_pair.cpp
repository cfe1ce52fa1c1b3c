/* SPDX-License-Identifier: Apache-2.0 */
/* Whether logistic_both gives the bits of logistic.
 *
 *  usage: logistic_pair STEP; arguments are every STEP-th bit pattern of float32. Prints those that
 *  differ, and how many there were. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/math/sigmoid.h"

namespace {

uint32_t bits_of(float x) {
  uint32_t bits = 0U;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

}  // namespace

int main(int, char** arguments) {
  const uint64_t step = strtoull(arguments[1], nullptr, 10);
  uint64_t count = 0U;
  for (uint64_t at = 0U; at <= UINT32_MAX; at += step, ++count) {
    const uint32_t pattern = static_cast<uint32_t>(at);
    float x = 0.0F;
    memcpy(&x, &pattern, sizeof x);
    const ecu::math::Complements<float> both = ecu::math::logistic_both(x);
    if (bits_of(both.plus) != bits_of(ecu::math::logistic(x)) ||
        bits_of(both.minus) != bits_of(ecu::math::logistic(-x))) {
      printf("differs %08" PRIx32 "\n", pattern);
    }
  }
  printf("count %" PRIu64 "\n", count);
  return 0;
}
