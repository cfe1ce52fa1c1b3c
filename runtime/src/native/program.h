/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The payload of a native model image: docs/native_engine.md.
 */
#ifndef ECU_SRC_NATIVE_PROGRAM_H
#define ECU_SRC_NATIVE_PROGRAM_H

#include <stdint.h>

#include "../cold.h"
#include "../span.h"
#include "ecu/model.h"
#include "ecu/status.h"
#include "kernel_table.h"
#include "operation.h"

namespace ecu::native {

/** A program in place; checked before it runs. */
struct Program {
  uint32_t count;      // operations
  uint32_t workspace;  // bytes
  bool may_give_nan;   // in a float32 output
  Span<const uint8_t> operations;
  Span<const uint8_t> constants;  // from a multiple of 16 of the payload
};

/** The head of a record. */
struct RecordHead {
  uint32_t kernel;  // number
  uint32_t words;   // of the record, head included
};

[[nodiscard]] inline RecordHead read_head(const uint8_t* record) noexcept {
  const uint32_t head = load_little<uint32_t>(record);
  return RecordHead{head & 0xffffU, head >> 16U};
}

/** Checks header and offsets; false when they are malformed. `payload` is aligned to 16. */
[[nodiscard]] ECU_COLD bool read_program(Span<const uint8_t> payload, Program& program) noexcept;

/** Checks every record.
 *
 *  @return ECU_OK, ECU_IMAGE_MALFORMED or ECU_KERNEL_MISSING, of the first record that is wrong
 */
[[nodiscard]] ECU_COLD ecu_status check_operations(const Program& program, Span<const ecu_tensor_info> inputs,
                                                   Span<const ecu_tensor_info> outputs) noexcept;

}  // namespace ecu::native
#endif
