/* SPDX-License-Identifier: Apache-2.0 */
#include "scope.h"

namespace ecu::native {
namespace {

/* Elements of `size` bytes, a power of two, from byte `offset` of a space. */
ECU_COLD bool fits(uint64_t space, uint32_t offset, uint64_t elements, uint32_t size) noexcept {
  return (offset & (size - 1U)) == 0U && offset <= space && elements * size <= space - offset;
}

ECU_COLD bool fits(Span<const ecu_tensor_info> tensors, uint32_t number, uint64_t elements,
                   uint32_t size) noexcept {
  return size == kSize4 && number < tensors.size() && elements <= tensors[number].elements;
}

}  // namespace

bool Scope::readable(uint32_t reference, uint64_t elements, uint32_t size) const noexcept {
  const uint32_t place = place_of(reference);
  switch (space_of(reference)) {
    case Space::kWorkspace:
      return fits(workspace, place, elements, size);
    case Space::kConstants:
      return fits(constants.size(), place, elements, size);
    case Space::kInput:
      return fits(inputs, place, elements, size);
    case Space::kOutput:
      return false;
  }
  return false;
}

bool Scope::writable(uint32_t reference, uint64_t elements, uint32_t size) const noexcept {
  const uint32_t place = place_of(reference);
  switch (space_of(reference)) {
    case Space::kWorkspace:
      return fits(workspace, place, elements, size);
    case Space::kOutput:
      if (!fits(outputs, place, elements, size)) {
        return false;
      }
      *whole += elements == outputs[place].elements ? 1U : 0U;
      return true;
    case Space::kConstants:
    case Space::kInput:
      return false;
  }
  return false;
}

const uint8_t* Scope::constant(uint32_t reference, uint64_t elements, uint32_t size) const noexcept {
  if (space_of(reference) != Space::kConstants || !readable(reference, elements, size) ||
      elements * size > *left) {
    return nullptr;
  }
  *left -= elements * size;
  return constants.data() + place_of(reference);
}

uint32_t Fields::word() noexcept {
  expect(at_ < operation_.count());
  return failed_ ? 0U : operation_.word(at_++);
}

uint32_t Fields::length() noexcept {
  const uint32_t value = word();
  expect(value > 0U);
  return value;
}

uint32_t Fields::product(uint32_t a, uint32_t b) noexcept {
  const uint64_t value = static_cast<uint64_t>(a) * b;
  expect(value <= kMaxSteps);
  return failed_ ? 1U : static_cast<uint32_t>(value);
}

uint32_t Fields::shape() noexcept {
  shape_ = at_;
  const uint32_t rank = word();
  expect(rank > 0U && rank <= kMaxRank);
  uint32_t elements = 1U;
  for (uint32_t axis = 0U; !failed_ && axis < rank; ++axis) {
    elements = product(elements, length());
  }
  expect(elements <= kMaxResults);
  return elements;
}

uint64_t Fields::view() noexcept {
  uint64_t last = 0U;  // below kMaxRank * 2^24 * 2^32
  for (uint32_t axis = 0U; !failed_ && axis < operation_.word(shape_); ++axis) {
    const uint64_t stride = word();
    last += stride * (operation_.word(shape_ + 1U + axis) - 1U);
  }
  return last + 1U;
}

}  // namespace ecu::native
