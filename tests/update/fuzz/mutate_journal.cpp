/* SPDX-License-Identifier: Apache-2.0 */
/* How libFuzzer changes inputs of the journal: whole steps come, go, change places and are changed in one of
 * their bytes. */
#include <string.h>

#include <algorithm>
#include <array>
#include <vector>

#include "random.h"
#include "scene.h"

extern "C" {
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size, const uint8_t* second,
                                 size_t second_size, uint8_t* out, size_t most, unsigned seed);
}

namespace ecu::test {
namespace {

using Bytes4 = std::array<uint8_t, kStepSize>;
using Steps = std::vector<Bytes4>;

Steps steps_of(const uint8_t* data, size_t size) {
  Steps steps(std::max<size_t>(size / kStepSize, 1));
  memcpy(steps.data(), data, std::min(size, steps.size() * kStepSize));
  return steps;
}

size_t write(const Steps& steps, uint8_t* data, size_t most) {
  const size_t size = std::min(most / kStepSize, steps.size()) * kStepSize;
  memcpy(data, steps.data(), size);
  return size;
}

Bytes4 any_step(Random& random) {
  const uint64_t word = random.next();
  return {static_cast<uint8_t>(random.below(static_cast<uint32_t>(Do::kKinds))), static_cast<uint8_t>(word),
          static_cast<uint8_t>(word >> 8U), static_cast<uint8_t>(word >> 16U)};
}

/* The first step, which describes the device, stays the first. */
void change(Steps& steps, Random& random) {
  const auto place = [&] { return random.below(static_cast<uint32_t>(steps.size())); };
  const uint32_t at = place();
  switch (random.below(8)) {
    case 0:
    case 1:
      steps.insert(steps.begin() + 1 + at, any_step(random));
      break;
    case 2:
      steps.insert(steps.begin() + 1 + at, steps[place()]);
      break;
    case 3:
      if (at != 0) {
        steps.erase(steps.begin() + at);
      }
      break;
    case 4:
      if (const uint32_t other = place(); at != 0 && other != 0) {
        std::swap(steps[at], steps[other]);
      }
      break;
    case 5:
      steps[at][random.below(kStepSize)] ^= static_cast<uint8_t>(1U << random.below(8));
      break;
    case 6:
      steps[at][random.below(kStepSize)] += random.below(2) == 0 ? 1 : 255;
      break;
    default:
      steps[at][random.below(kStepSize)] = static_cast<uint8_t>(random.below(256));
  }
}

}  // namespace
}  // namespace ecu::test

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using namespace ecu::test;
  Random random(seed);
  Steps steps = steps_of(data, size);
  for (uint32_t left = 1 + random.below(4); left > 0; --left) {
    change(steps, random);
  }
  return write(steps, data, most);
}

/* The device and the contents of one, then calls of both: the end of a step is the end of what is taken. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size, const uint8_t* second,
                                 size_t second_size, uint8_t* out, size_t most, unsigned seed) {
  using namespace ecu::test;
  Random random(seed);
  Steps steps = steps_of(first, first_size);
  const Steps more = steps_of(second, second_size);
  steps.resize(1 + random.below(static_cast<uint32_t>(steps.size())));
  steps.insert(steps.end(), more.begin() + random.below(static_cast<uint32_t>(more.size())), more.end());
  return write(steps, out, most);
}
