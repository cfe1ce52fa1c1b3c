/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  One operation of a program, and the memory that it works in while the program runs.
 */
#ifndef ECU_SRC_NATIVE_OPERATION_H
#define ECU_SRC_NATIVE_OPERATION_H

#include <stddef.h>
#include <stdint.h>

#include "../span.h"
#include "bytes.h"
#include "ecu/model.h"

namespace ecu::native {

/** Bytes of a word of a program. */
constexpr size_t kWordSize = 4U;

/** Most axes of a shape. */
constexpr uint32_t kMaxRank = 5U;

/** Where an operand starts: the space in the two highest bits, then an offset or a tensor's number. */
enum class Space : uint32_t { kWorkspace = 0U, kConstants = 1U, kInput = 2U, kOutput = 3U };

constexpr uint32_t kMissing = 0xffffffffU;

[[nodiscard]] constexpr Space space_of(uint32_t reference) noexcept {
  return static_cast<Space>(reference >> 30U);
}

/** Byte offset in the workspace or the constants, or number of an input or output. */
[[nodiscard]] constexpr uint32_t place_of(uint32_t reference) noexcept { return reference & 0x3fffffffU; }

/** The words of a kernel's record, without its head. Words are read in place, little-endian. */
class Operation {
 public:
  Operation(const uint8_t* words, uint32_t count) noexcept : words_(words), count_(count) {}

  /** Word `index`, which must be below count(). */
  [[nodiscard]] uint32_t word(size_t index) const noexcept {
    return load_little<uint32_t>(words_ + (index * kWordSize));
  }

  [[nodiscard]] uint32_t count() const noexcept { return count_; }

 private:
  const uint8_t* words_;
  uint32_t count_;
};

/** Memory of one run. Every reference of an operation was checked when the program was opened. */
struct Frame {
  uint8_t* workspace;
  const uint8_t* constants;
  const void* const* inputs;
  void* const* outputs;
  Span<const ecu_tensor_info> input_infos;

  /** The operand of a reference that is not an output. */
  [[nodiscard]] Operand operand(uint32_t reference) const noexcept {
    const uint32_t place = place_of(reference);
    switch (space_of(reference)) {
      case Space::kConstants:
        return Operand(constants + place, true);
      case Space::kInput:
        return Operand(static_cast<const uint8_t*>(inputs[place]), false);
      default:
        return Operand(workspace + place, false);
    }
  }

  /** The result of a reference to the workspace or an output. */
  [[nodiscard]] Result result(uint32_t reference) const noexcept {
    const uint32_t place = place_of(reference);
    return space_of(reference) == Space::kOutput ? Result(static_cast<uint8_t*>(outputs[place]))
                                                 : Result(workspace + place);
  }
};

}  // namespace ecu::native
#endif
