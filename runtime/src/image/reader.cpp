/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

#include "../cold.h"
#include "../little_endian.h"
#include "sha256.h"

namespace ecu {
namespace {

constexpr uint8_t kMagic[4] = {0x45U, 0x43U, 0x55U, 0x49U};  // "ECUI"
constexpr uint32_t kFormatVersion = 1U;
constexpr size_t kHeaderSize = 112U;
constexpr size_t kSmallestImage = kHeaderSize + ECU_DIGEST_SIZE;

constexpr uint32_t kMaxTensors = 4096U;                 // inputs, and outputs
constexpr uint32_t kMaxElements = 16U * 1024U * 1024U;  // over all tensors
constexpr uint32_t kMaxCodes = 4096U;                   // of one tensor
constexpr uint32_t kMaxText = 1024U;                    // bytes with NUL

constexpr uint8_t kLastKind = 6U;
constexpr uint8_t kAcceptsNan = 0x01U;

int32_t load_i32(const uint8_t* bytes) noexcept {
  const uint32_t bits = load_u32(bytes);
  int32_t value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The magic and version, as far as there are bytes, then the size field and the digest. */
ECU_APART ecu_status check_frame(Bytes bytes, uint32_t& image_size) noexcept {
  const size_t magic = bytes.size() < sizeof kMagic ? bytes.size() : sizeof kMagic;
  if (memcmp(bytes.data(), kMagic, magic) != 0) {
    return ECU_IMAGE_BAD_MAGIC;
  }
  if (bytes.size() < kSmallestImage) {
    return ECU_IMAGE_TRUNCATED;
  }
  const uint32_t version = load_u32(bytes.data() + sizeof kMagic) & 0xffffU;
  if (version != kFormatVersion) {
    return ECU_IMAGE_BAD_VERSION;
  }
  image_size = load_u32(bytes.data() + 8U);
  if (image_size < kSmallestImage) {
    return ECU_IMAGE_MALFORMED;
  }
  if (image_size > bytes.size()) {
    return ECU_IMAGE_TRUNCATED;
  }
  const size_t content = image_size - ECU_DIGEST_SIZE;
  return sha256_matches(bytes.part(0U, content), bytes.data() + content) ? ECU_OK : ECU_IMAGE_BAD_DIGEST;
}

struct Section {
  uint32_t offset;
  uint32_t size;
};

/* Sections follow each other in this order without a gap, but for zeros before the payload. */
bool read_sections(Cursor& header, Bytes content, Section& texts, Section& interface_, Section& payload) {
  texts.offset = header.u32();
  texts.size = header.u32();
  interface_.offset = header.u32();
  interface_.size = header.u32();
  payload.offset = header.u32();
  payload.size = header.u32();
  uint64_t at = kHeaderSize;
  if (texts.offset != at) {
    return false;
  }
  at += texts.size;
  if (interface_.offset != at) {
    return false;
  }
  at += interface_.size;
  const uint64_t payload_start =
      (at + (ECU_IMAGE_ALIGNMENT - 1U)) / ECU_IMAGE_ALIGNMENT * ECU_IMAGE_ALIGNMENT;
  if (payload.offset != payload_start || payload_start + payload.size != content.size()) {
    return false;
  }
  for (; at < payload_start; ++at) {
    if (content[static_cast<size_t>(at)] != 0U) {
      return false;
    }
  }
  return true;
}

bool valid_record(const TensorRecord& record, bool is_input) noexcept {
  if (record.elements == 0U || (record.accepts_nan && !is_input)) {
    return false;
  }
  if (record.dtype == ECU_FLOAT32) {
    return record.codes.size() == 0U;
  }
  if (record.accepts_nan || (is_input && record.codes.size() == 0U)) {
    return false;
  }
  for (size_t i = 1U; i < record.codes.size(); ++i) {
    if (record.codes.at(i - 1U) >= record.codes.at(i)) {
      return false;
    }
  }
  return true;
}

ECU_APART bool read_interface(Bytes section, Image& image) noexcept {
  Cursor cursor(section);
  const uint8_t kind = cursor.u8();
  const uint8_t reserved = cursor.u8();
  image.input_count = cursor.u16();
  image.output_count = cursor.u16();
  if (cursor.failed() || kind == 0U || kind > kLastKind || reserved != 0U || image.input_count == 0U ||
      image.input_count > kMaxTensors || image.output_count == 0U || image.output_count > kMaxTensors) {
    return false;
  }
  image.tensors = section.part(cursor.position(), section.size() - cursor.position());
  uint32_t elements = 0U;
  for (uint32_t i = 0U; i < image.input_count + image.output_count; ++i) {
    const TensorRecord record = read_tensor(cursor);
    if (cursor.failed() || !valid_record(record, i < image.input_count) ||
        record.elements > kMaxElements - elements) {
      return false;
    }
    elements += record.elements;
  }
  return cursor.at_end();
}

ECU_APART bool read_texts(Bytes section, Image& image) noexcept {
  Cursor cursor(section);
  image.name = cursor.text();
  image.version = cursor.text();
  return cursor.at_end();
}

/* What follows the size in the header; `texts` and `interface_` are those sections. */
ECU_APART bool read_header(Bytes content, Image& image, Bytes& texts, Bytes& interface_) noexcept {
  Cursor header(content.part(6U, kHeaderSize - 6U));
  const uint8_t payload_kind = header.u8();
  const uint8_t reserved_byte = header.u8();
  (void)header.u32();  // image size
  image.arena_size = header.u32();
  Section text_section = {};
  Section interface_section = {};
  Section payload = {};
  const bool sections = read_sections(header, content, text_section, interface_section, payload);
  const uint32_t reserved = header.u32() | header.u32() | reserved_byte;
  image.interface_hash = header.take(ECU_DIGEST_SIZE).data();
  image.model_digest = header.take(ECU_DIGEST_SIZE).data();
  if (!sections || reserved != 0U || (payload_kind != ECU_ENGINE_ORT && payload_kind != ECU_ENGINE_NATIVE)) {
    return false;
  }
  image.engine = payload_kind == ECU_ENGINE_ORT ? ECU_ENGINE_ORT : ECU_ENGINE_NATIVE;
  image.payload = content.part(payload.offset, payload.size);
  texts = content.part(text_section.offset, text_section.size);
  interface_ = content.part(interface_section.offset, interface_section.size);
  return true;
}

}  // namespace

Bytes Cursor::take(size_t count) noexcept {
  if (failed_ || count > bytes_.size() - at_) {
    failed_ = true;
    return Bytes();
  }
  const Bytes taken = bytes_.part(at_, count);
  at_ += count;
  return taken;
}

uint32_t Cursor::number(size_t count) noexcept {
  uint32_t value = 0U;
  unsigned shift = 0U;
  for (const uint8_t byte : take(count)) {
    value |= static_cast<uint32_t>(byte) << shift;
    shift += 8U;
  }
  return value;
}

const char* Cursor::text() noexcept {
  const uint16_t length = u16();
  const Bytes bytes = take(length);
  if (failed_ || length == 0U || length > kMaxText ||
      memchr(bytes.data(), 0, length) != bytes.data() + (length - 1U)) {
    failed_ = true;
    return "";
  }
  return static_cast<const char*>(static_cast<const void*>(bytes.data()));
}

int32_t CodeList::at(size_t index) const noexcept { return load_i32(bytes_.data() + (4U * index)); }

bool CodeList::contains(int32_t value) const noexcept {
  size_t low = 0U;
  size_t high = size();
  while (low < high) {
    const size_t middle = low + ((high - low) / 2U);
    if (at(middle) < value) {
      low = middle + 1U;
    } else {
      high = middle;
    }
  }
  return low < size() && at(low) == value;
}

TensorRecord read_tensor(Cursor& cursor) noexcept {
  TensorRecord record = {};
  const uint8_t dtype = cursor.u8();
  const uint8_t flags = cursor.u8();
  record.elements = cursor.u32();
  const uint16_t code_count = cursor.u16();
  record.name = cursor.text();
  record.unit = cursor.text();
  if ((dtype != ECU_FLOAT32 && dtype != ECU_INT32) || (flags & ~kAcceptsNan) != 0 || code_count > kMaxCodes) {
    cursor.fail();
  }
  record.dtype = dtype == ECU_INT32 ? ECU_INT32 : ECU_FLOAT32;
  record.accepts_nan = (flags & kAcceptsNan) != 0;
  record.codes = CodeList(cursor.take(4U * static_cast<size_t>(code_count)));
  for (uint16_t i = 0U; i < code_count && !cursor.failed(); ++i) {
    (void)cursor.text();
  }
  return record;
}

ecu_status read_image(Bytes bytes, Image& image) noexcept {
  image = Image{};
  const ecu_status frame = check_frame(bytes, image.size);
  if (frame != ECU_OK) {
    return frame;
  }
  const Bytes content = bytes.part(0U, image.size - ECU_DIGEST_SIZE);
  image.image_digest = content.end();
  Bytes texts;
  Bytes interface_bytes;
  if (!read_header(content, image, texts, interface_bytes)) {
    return ECU_IMAGE_MALFORMED;
  }
  if (!sha256_matches(interface_bytes, image.interface_hash)) {
    return ECU_IMAGE_BAD_DIGEST;
  }
  const bool valid = read_texts(texts, image) && read_interface(interface_bytes, image);
  return valid ? ECU_OK : ECU_IMAGE_MALFORMED;
}

}  // namespace ecu
