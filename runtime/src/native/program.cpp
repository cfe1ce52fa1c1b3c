/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include "scope.h"

namespace ecu::native {
namespace {

constexpr uint32_t kMagic = 0x50554345U;  // "ECUP", read as a little-endian word
constexpr uint32_t kVersion = 1U;
constexpr uint32_t kHeaderSize = 32U;
constexpr uint32_t kAlignment = 16U;
constexpr uint32_t kNoNan = 1U;  // flag: no output ever holds a NaN

/* Words of the header. */
enum Field : size_t {
  kMagicField,
  kVersionAndCount,
  kWorkspace,
  kOperationsOffset,
  kOperationsSize,
  kConstantsOffset,
  kConstantsSize,
  kFlags,
};

constexpr uint64_t aligned(uint64_t size) noexcept {
  return (size + (kAlignment - 1U)) & ~static_cast<uint64_t>(kAlignment - 1U);
}

/* Operations, zeros up to a multiple of 16, constants up to the end. */
ECU_COLD bool valid_layout(const Operation& header, Span<const uint8_t> payload) noexcept {
  const uint64_t operations_end = uint64_t{kHeaderSize} + header.word(kOperationsSize);
  const uint64_t constants = header.word(kConstantsOffset);
  if (header.word(kOperationsOffset) != kHeaderSize || (header.word(kOperationsSize) % kWordSize) != 0U ||
      (header.word(kConstantsSize) % kWordSize) != 0U || constants != aligned(operations_end) ||
      constants + header.word(kConstantsSize) != payload.size()) {
    return false;
  }
  for (uint64_t at = operations_end; at < constants; ++at) {
    if (payload[static_cast<size_t>(at)] != 0U) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool read_program(Span<const uint8_t> payload, Program& program) noexcept {
  program = Program{};
  if (payload.size() < kHeaderSize) {
    return false;
  }
  const Operation header(payload.data(), kHeaderSize / kWordSize);
  program.count = header.word(kVersionAndCount) >> 16U;
  program.workspace = header.word(kWorkspace);
  program.may_give_nan = header.word(kFlags) != kNoNan;
  if (header.word(kMagicField) != kMagic || (header.word(kVersionAndCount) & 0xffffU) != kVersion ||
      program.count == 0U || (program.workspace % kAlignment) != 0U || header.word(kFlags) > kNoNan ||
      !valid_layout(header, payload)) {
    return false;
  }
  program.operations = payload.part(kHeaderSize, header.word(kOperationsSize));
  program.constants = payload.part(header.word(kConstantsOffset), header.word(kConstantsSize));
  return true;
}

ecu_status check_operations(const Program& program, Span<const ecu_tensor_info> inputs,
                            Span<const ecu_tensor_info> outputs) noexcept {
  uint64_t left = kMostNamings * (uint64_t{program.operations.size()} + program.constants.size());
  uint32_t whole = 0U;
  const Scope scope = {program.workspace, program.constants, inputs, outputs, &left, &whole};
  const uint8_t* const records = program.operations.data();
  const size_t words = program.operations.size() / kWordSize;
  size_t at = 0U;
  for (uint32_t i = 0U; i < program.count; ++i) {
    if (at == words) {
      return ECU_IMAGE_MALFORMED;
    }
    const RecordHead head = read_head(records + (at * kWordSize));
    if (head.words == 0U || head.words > words - at) {
      return ECU_IMAGE_MALFORMED;
    }
    const ecu_kernel* const kernel = head.kernel < kKernelLimit ? kKernelTable.kernels[head.kernel] : nullptr;
    if (kernel == nullptr) {
      return ECU_KERNEL_MISSING;
    }
    const Operation operation(records + ((at + 1U) * kWordSize), head.words - 1U);
    if (!kernel->check(operation, scope)) {
      return ECU_IMAGE_MALFORMED;
    }
    at += head.words;
  }
  return at == words && whole >= outputs.size() ? ECU_OK : ECU_IMAGE_MALFORMED;
}

}  // namespace ecu::native
