/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Reads a model image (docs/model_image.md) in place. Images are hostile: every offset and count is
 *  checked, and bytes are read one by one, so that the byte order and alignment rules of the target
 *  do not matter.
 */
#ifndef ECU_SRC_IMAGE_READER_H
#define ECU_SRC_IMAGE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "../span.h"
#include "ecu/model.h"

namespace ecu {

using Bytes = Span<const uint8_t>;

/** Reads little-endian numbers and texts front to back; after one failure everything fails. */
class Cursor {
 public:
  explicit Cursor(Bytes bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] uint8_t u8() noexcept { return static_cast<uint8_t>(number(1U)); }
  [[nodiscard]] uint16_t u16() noexcept { return static_cast<uint16_t>(number(2U)); }
  [[nodiscard]] uint32_t u32() noexcept { return number(4U); }
  [[nodiscard]] Bytes take(size_t count) noexcept;

  /** A text: u16 length with the final NUL, then the bytes; no NUL inside. */
  [[nodiscard]] const char* text() noexcept;

  void fail() noexcept { failed_ = true; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return !failed_ && at_ == bytes_.size(); }
  [[nodiscard]] size_t position() const noexcept { return at_; }

 private:
  [[nodiscard]] uint32_t number(size_t count) noexcept;

  Bytes bytes_;
  size_t at_ = 0U;
  bool failed_ = false;
};

/** int32 values in ascending order, four little-endian bytes each. */
class CodeList {
 public:
  CodeList() noexcept = default;
  explicit CodeList(Bytes bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] size_t size() const noexcept { return bytes_.size() / 4U; }
  [[nodiscard]] int32_t at(size_t index) const noexcept;
  [[nodiscard]] bool contains(int32_t value) const noexcept;

 private:
  Bytes bytes_;
};

/** One tensor record of the interface section. */
struct TensorRecord {
  const char* name;
  const char* unit;
  ecu_dtype dtype;
  uint32_t elements;
  CodeList codes;
  bool accepts_nan;
};

/** Next tensor record; not to be used when the cursor failed. */
[[nodiscard]] TensorRecord read_tensor(Cursor& cursor) noexcept;

/** A checked image. Pointers and spans point into its bytes. */
struct Image {
  ecu_engine_id engine;
  uint32_t size;        // bytes
  uint32_t arena_size;  // bytes
  const char* name;
  const char* version;
  const uint8_t* interface_hash;
  const uint8_t* model_digest;
  const uint8_t* image_digest;
  uint32_t input_count;
  uint32_t output_count;
  Bytes tensors;  // input_count + output_count records, all checked
  Bytes payload;
};

/** Checks the whole image, in time linear in its size, and fills `image`. */
[[nodiscard]] ecu_status read_image(Bytes bytes, Image& image) noexcept;

}  // namespace ecu
#endif
