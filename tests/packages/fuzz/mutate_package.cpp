/* SPDX-License-Identifier: Apache-2.0 */
/* How libFuzzer changes headers: a third as bytes, for the template; the others in one part, with lengths and
 * digests put right around it. */
#include <string.h>

#include "package_parts.h"

extern "C" {
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed);
}

namespace ecu::test {
namespace {

constexpr size_t kSlack = 32U;  // bytes that the facts may grow by

/* A number of one of the four lengths that heads have, often at its edges. */
uint32_t number(unsigned seed) {
  constexpr uint32_t kEdges[] = {0U, 23U, 24U, 255U, 256U, 65535U, 65536U, 0xffffffffU};
  const uint32_t edge = kEdges[seed % 8U];
  return (seed & 8U) != 0U ? edge : edge / (1U + (seed >> 8U) % 7U);
}

void change(PackageParts& parts, unsigned seed) {
  switch (seed % 8U) {
    case 0U:
      parts.sequence = number(seed >> 3U);
      break;
    case 1U:
      parts.payload_size = number(seed >> 3U);
      break;
    case 2U:
      parts.trust = !parts.trust;
      break;
    case 3U:
      (void)LLVMFuzzerMutate(parts.authentication.data(), parts.authentication.size(),
                             parts.authentication.size());
      break;
    case 4U:
      if (!parts.facts.empty()) {
        ++parts.facts[(seed >> 3U) % parts.facts.size()];  // a count or a length, one higher
      }
      break;
    default: {
      const size_t size = parts.facts.size();
      parts.facts.resize(size + kSlack);
      parts.facts.resize(LLVMFuzzerMutate(parts.facts.data(), size, parts.facts.size()));
    }
  }
}

}  // namespace
}  // namespace ecu::test

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  ecu::test::PackageParts parts;
  if (seed % 3U == 0U || !ecu::test::take_apart(ecu::test::ByteList(data, data + size), parts)) {
    return LLVMFuzzerMutate(data, size, most);
  }
  ecu::test::change(parts, seed / 3U);
  const ecu::test::ByteList header = ecu::test::put_together(parts);
  const size_t kept = header.size() < most ? header.size() : most;
  memcpy(data, header.data(), kept);
  return kept;
}
