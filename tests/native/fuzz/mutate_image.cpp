/* SPDX-License-Identifier: Apache-2.0 */
/* How libFuzzer changes images: mostly one part of them, the rest put right around it, so that changes reach
 * the checks of the program and its kernels; sometimes the bytes as they are, for the checks before. */
#include <algorithm>

#include "../programs/host_memory.h"
#include "image_parts.h"

extern "C" {
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size, const uint8_t* second,
                                 size_t second_size, uint8_t* out, size_t most, unsigned seed);
}

namespace ecu::test {
namespace {

constexpr size_t kSlack = 64U;  // bytes that a part may grow by

/* Numbers with few states: xorshift, which is enough to choose by. */
class Random {
 public:
  explicit Random(unsigned seed) : state_(seed | 1U) {}

  uint32_t below(size_t limit) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 17U;
    state_ ^= state_ << 5U;
    return state_ % static_cast<uint32_t>(limit);
  }

 private:
  uint32_t state_;
};

void mutate(ByteList& part) {
  const size_t size = part.size();
  part.resize(size + kSlack);
  part.resize(LLVMFuzzerMutate(part.data(), size, part.size()));
}

/* One word: near what it was, an end of the range, a place in another space, or another word of the record.
 */
void change_word(ByteList& words, Random& random) {
  constexpr uint32_t kWords[] = {0U,          1U,          2U,          3U,          0x40000000U,
                                 0x80000000U, 0xc0000000U, 0xffffffffU, 0x3ffffffcU, 0x7fc00000U};
  if (words.size() < 4U) {
    return;
  }
  const size_t count = words.size() / 4U;
  uint8_t* const at = words.data() + (size_t{4U} * random.below(count));
  const uint32_t word = load_u32(at);
  const uint32_t choices[] = {word + 1U,
                              word - 1U,
                              word + 4U,
                              word ^ (1U << random.below(32U)),
                              word ^ (1U << random.below(8U)),
                              kWords[random.below(sizeof kWords / sizeof kWords[0])],
                              load_u32(words.data() + (size_t{4U} * random.below(count)))};
  store_u32(at, choices[random.below(sizeof choices / sizeof choices[0])]);
}

/* Operations and constants come in words. */
void cut_to_words(ByteList& part) { part.resize(part.size() / 4U * 4U); }

void mutate_parts(ImageParts& parts, Random& random) {
  switch (random.below(16U)) {
    case 0U:
      mutate(parts.texts);
      break;
    case 1U:
    case 2U:
      mutate(parts.interface_);
      break;
    case 3U:
      store_u32(parts.head.data() + 8U, 16U * random.below(256U));  // workspace
      break;
    case 4U:
    case 5U:
    case 6U:
      mutate(parts.operations);
      cut_to_words(parts.operations);
      break;
    case 7U:
    case 8U:
      mutate(parts.constants);
      cut_to_words(parts.constants);
      break;
    case 9U:
    case 10U:
      change_word(parts.constants, random);
      break;
    default:
      change_word(parts.operations, random);
  }
}

size_t give(const ByteList& image, uint8_t* out, size_t most) {
  const size_t size = std::min(image.size(), most);
  std::copy_n(image.begin(), size, out);
  return size;
}

}  // namespace
}  // namespace ecu::test

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using namespace ecu::test;
  Random random(seed);
  ImageParts parts;
  if (random.below(8U) == 0U || !split(data, size, parts)) {
    return LLVMFuzzerMutate(data, size, most);
  }
  mutate_parts(parts, random);
  return give(join(parts), data, most);
}

/* The operations of both, with the constants, the workspace or the interface of either. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size, const uint8_t* second,
                                 size_t second_size, uint8_t* out, size_t most, unsigned seed) {
  using namespace ecu::test;
  Random random(seed);
  ImageParts parts;
  ImageParts others;
  if (!split(first, first_size, parts) || !split(second, second_size, others)) {
    return 0U;
  }
  if (random.below(2U) == 0U) {
    parts.operations.insert(parts.operations.end(), others.operations.begin(), others.operations.end());
  } else {
    parts.operations = others.operations;
  }
  if (random.below(2U) == 0U) {
    parts.constants = others.constants;
    parts.head = others.head;
  }
  if (random.below(4U) == 0U) {
    parts.interface_ = others.interface_;
  }
  return give(join(parts), out, most);
}
