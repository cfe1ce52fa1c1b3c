/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_TESTS_UPDATE_RANDOM_H
#define ECU_TESTS_UPDATE_RANDOM_H

#include <stdint.h>

namespace ecu::test {

/** SplitMix64: the same numbers on every machine. */
class Random {
 public:
  explicit Random(uint64_t seed) noexcept : state_(seed) {}

  uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  /** A number below `limit`. */
  uint32_t below(uint32_t limit) noexcept { return static_cast<uint32_t>(next() % limit); }

 private:
  uint64_t state_;
};

}  // namespace ecu::test
#endif
