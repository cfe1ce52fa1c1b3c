/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Checks of records when a program is opened. Words are hostile: sizes are computed in 64 bits, and every
 *  product stays below 2^64.
 */
#ifndef ECU_SRC_NATIVE_SCOPE_H
#define ECU_SRC_NATIVE_SCOPE_H

#include <stddef.h>
#include <stdint.h>

#include "../cold.h"
#include "../span.h"
#include "ecu/model.h"
#include "operation.h"

namespace ecu::native {

/** Most elements of a result, and most steps of an operation. */
constexpr uint64_t kMaxResults = uint64_t{1U} << 24U;
constexpr uint64_t kMaxSteps = UINT32_MAX;

/** Bytes of f32 and i32, and of f64 and i64. Inputs and outputs have elements of 4 bytes. */
constexpr uint32_t kSize4 = 4U;
constexpr uint32_t kSize8 = 8U;

/** Records may name the same constants again; together they name at most this many times the bytes of the
 * payload, so that open looks at so much and no more. */
constexpr uint64_t kMostNamings = 256U;

/** What the operations of one program may touch. */
struct Scope {
  uint32_t workspace;  // bytes
  Span<const uint8_t> constants;
  Span<const ecu_tensor_info> inputs;
  Span<const ecu_tensor_info> outputs;
  uint64_t* left;   // bytes of constants that may still be named
  uint32_t* whole;  // results that were whole outputs

  /** Whether `elements`, below 2^60, of `size` bytes are there to be read, aligned. */
  [[nodiscard]] ECU_COLD bool readable(uint32_t reference, uint64_t elements, uint32_t size) const noexcept;

  /** Whether `elements`, below 2^60, of `size` bytes may be written, aligned; counts whole outputs. */
  [[nodiscard]] ECU_COLD bool writable(uint32_t reference, uint64_t elements, uint32_t size) const noexcept;

  /** The constants of a reference, or null when it is not to `elements` aligned constants of `size` bytes, or
   * when too many were named. */
  [[nodiscard]] ECU_COLD const uint8_t* constant(uint32_t reference, uint64_t elements,
                                                 uint32_t size) const noexcept;
};

/** Reads the words of a record front to back and checks what they say; after one failure everything fails. */
class Fields {
 public:
  Fields(const Operation& operation, const Scope& scope) noexcept : operation_(operation), scope_(scope) {}

  /** The next word; 0 when there is none. */
  ECU_COLD uint32_t word() noexcept;

  /** The next word, which must be a length: at least 1. */
  ECU_COLD uint32_t length() noexcept;

  /** a times b, which must not exceed kMaxSteps; 1 after a failure. */
  ECU_COLD uint32_t product(uint32_t a, uint32_t b) noexcept;

  /** The next words as a shape; number of its elements. Views of it follow. */
  ECU_COLD uint32_t shape() noexcept;

  /** The next words as a view of the shape; elements from the first to the last that it reaches. */
  ECU_COLD uint64_t view() noexcept;

  ECU_COLD void reads(uint32_t reference, uint64_t elements, uint32_t size) noexcept {
    expect(scope_.readable(reference, elements, size));
  }

  /** At most kMaxResults elements. */
  ECU_COLD void writes(uint32_t reference, uint64_t elements, uint32_t size) noexcept {
    expect(elements <= kMaxResults && scope_.writable(reference, elements, size));
  }

  void expect(bool condition) noexcept { failed_ = failed_ || !condition; }

  /** Whether everything was right so far. */
  [[nodiscard]] bool good() const noexcept { return !failed_; }

  /** Whether everything was right and no word is left over. */
  [[nodiscard]] bool done() const noexcept { return !failed_ && at_ == operation_.count(); }

 private:
  const Operation& operation_;
  const Scope& scope_;
  uint32_t at_ = 0U;     // next word
  uint32_t shape_ = 0U;  // word with the rank of the last shape; its lengths follow
  bool failed_ = false;
};

}  // namespace ecu::native
#endif
