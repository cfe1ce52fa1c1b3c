/* SPDX-License-Identifier: Apache-2.0 */
/* A digest of the results of every function, for comparing compilers and processors.
 *
 *  usage: digest COUNT; arguments are COUNT bit patterns spread over the format, and COUNT numbers of
 *  moderate size. Prints one line for each function and format: name, FNV-1a of the results' bits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "functions.h"

namespace {

template <typename Real>
struct BitsOf;
template <>
struct BitsOf<float> {
  using Type = uint32_t;
};
template <>
struct BitsOf<double> {
  using Type = uint64_t;
};

/* Knuth's MMIX generator; its high bits are used. */
class Random {
 public:
  template <typename Real>
  Real any() {
    using Bits = typename BitsOf<Real>::Type;
    const Bits bits = static_cast<Bits>(next() >> (64U - 8U * sizeof(Bits)));
    Real x = Real{0};
    memcpy(&x, &bits, sizeof x);
    return x;
  }

  /* Between -32 and 32, in steps of 2^-18. */
  template <typename Real>
  Real moderate() {
    return static_cast<Real>(static_cast<int32_t>(next() >> 40U) - 0x800000) / static_cast<Real>(0x40000);
  }

 private:
  uint64_t next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    const uint64_t upper = state_ >> 32U;
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (upper << 32U) | (state_ >> 32U);
  }

  uint64_t state_ = 1U;
};

class Digest {
 public:
  template <typename Real>
  void add(Real value) {
    typename BitsOf<Real>::Type bits = 0U;
    memcpy(&bits, &value, sizeof bits);
    for (unsigned i = 0U; i < sizeof bits; ++i) {
      hash_ = (hash_ ^ ((bits >> (8U * i)) & 0xffU)) * 0x100000001b3U;
    }
  }

  void print(const char* name, size_t size) const {
    printf("%s%u %016" PRIx64 "\n", name, static_cast<unsigned>(8U * size), hash_);
  }

 private:
  uint64_t hash_ = 0xcbf29ce484222325U;
};

template <typename Real>
void print_digests(uint32_t count) {
  for (const auto& function : ecu::test::kFunctions<Real>) {
    Random random;
    Digest digest;
    for (uint32_t i = 0U; i < count; ++i) {
      digest.add(function.own(random.any<Real>()));
      digest.add(function.own(random.moderate<Real>()));
    }
    digest.print(function.name, sizeof(Real));
  }
  Random random;
  Digest digest;
  for (uint32_t i = 0U; i < count; ++i) {
    const Real x = random.any<Real>();
    digest.add(ecu::math::pow(x, random.moderate<Real>()));
    const Real y = random.moderate<Real>();
    digest.add(ecu::math::pow(random.moderate<Real>(), y));
  }
  digest.print("pow", sizeof(Real));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    return 2;
  }
  const uint32_t count = static_cast<uint32_t>(strtoul(argv[1], nullptr, 10));
  print_digests<float>(count);
  print_digests<double>(count);
  return 0;
}
