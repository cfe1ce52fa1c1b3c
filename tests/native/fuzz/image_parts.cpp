/* SPDX-License-Identifier: Apache-2.0 */
#include "image_parts.h"

#include "../programs/host_memory.h"
#include "image/sha256.h"

namespace ecu::test {
namespace {

constexpr size_t kHeaderSize = 112U;
constexpr size_t kHashField = 48U;  // of the interface
constexpr size_t kHeadSize = 32U;
constexpr size_t kWorkspaceField = 8U;
constexpr uint32_t kStates = 512U + 64U;  // of model and engine, in the arena
constexpr uint32_t kPerTensor = 24U;

constexpr size_t aligned(size_t size) { return (size + 15U) / 16U * 16U; }

/* The bytes of a section whose offset and size are at `field`; false when they are not there. */
bool take(const uint8_t* data, size_t size, size_t field, ByteList& out) {
  const size_t offset = load_u32(data + field);
  const size_t count = load_u32(data + field + 4U);
  if (offset > size || count > size - offset) {
    return false;
  }
  out.assign(data + offset, data + offset + count);
  return true;
}

void append(ByteList& bytes, const ByteList& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

void place(ByteList& bytes, size_t field, size_t offset, size_t size) {
  store_u32(bytes.data() + field, static_cast<uint32_t>(offset));
  store_u32(bytes.data() + field + 4U, static_cast<uint32_t>(size));
}

uint32_t count_records(const ByteList& operations) {
  uint32_t count = 0U;
  for (size_t at = 0U; at + 4U <= operations.size(); ++count) {
    const size_t words = load_u32(operations.data() + at) >> 16U;
    at += 4U * (words > 0U ? words : 1U);
  }
  return count;
}

uint32_t tensors(const ByteList& interface_, size_t field) {
  return interface_.size() < 6U ? 0U
                                : static_cast<uint32_t>(interface_[field] | (interface_[field + 1U] << 8U));
}

void digest_of(const uint8_t* bytes, size_t size, uint8_t* out) {
  Sha256 hash;
  hash.update(Span<const uint8_t>(bytes, size));
  memcpy(out, hash.finish(), ECU_DIGEST_SIZE);
}

}  // namespace

bool split(const uint8_t* data, size_t size, ImageParts& parts) {
  ByteList payload;
  if (size < kHeaderSize + ECU_DIGEST_SIZE || !take(data, size, 16U, parts.texts) ||
      !take(data, size, 24U, parts.interface_) || !take(data, size, 32U, payload) ||
      payload.size() < kHeadSize || !take(payload.data(), payload.size(), 12U, parts.operations) ||
      !take(payload.data(), payload.size(), 20U, parts.constants)) {
    return false;
  }
  parts.header.assign(data, data + kHeaderSize);
  parts.head.assign(payload.data(), payload.data() + kHeadSize);
  return true;
}

ByteList join(const ImageParts& parts) {
  ByteList payload = parts.head;
  append(payload, parts.operations);
  payload.resize(aligned(payload.size()));
  const size_t constants = payload.size();
  append(payload, parts.constants);
  place(payload, 12U, kHeadSize, parts.operations.size());
  place(payload, 20U, constants, parts.constants.size());
  const uint32_t records = count_records(parts.operations);
  payload[6] = static_cast<uint8_t>(records);
  payload[7] = static_cast<uint8_t>(records >> 8U);

  ByteList image = parts.header;
  append(image, parts.texts);
  append(image, parts.interface_);
  const size_t end = image.size();
  image.resize(aligned(end));
  const size_t start = image.size();
  append(image, payload);
  image.resize(image.size() + ECU_DIGEST_SIZE);
  place(image, 16U, kHeaderSize, parts.texts.size());
  place(image, 24U, kHeaderSize + parts.texts.size(), parts.interface_.size());
  place(image, 32U, start, payload.size());
  const uint32_t inputs = tensors(parts.interface_, 2U);
  const size_t tables =
      aligned(size_t{kPerTensor} * (inputs + tensors(parts.interface_, 4U))) + aligned(kPerTensor * inputs);
  const uint32_t workspace = load_u32(payload.data() + kWorkspaceField);
  place(image, 8U, image.size(), kStates + tables + workspace);
  return image;
}

void seal(uint8_t* image, size_t size) {
  if (size < kHeaderSize + ECU_DIGEST_SIZE) {
    return;
  }
  const size_t offset = load_u32(image + 24U);
  const size_t count = load_u32(image + 28U);
  if (offset <= size && count <= size - offset) {
    digest_of(image + offset, count, image + kHashField);
  }
  const size_t stated = load_u32(image + 8U);
  if (stated >= kHeaderSize + ECU_DIGEST_SIZE && stated <= size) {
    digest_of(image, stated - ECU_DIGEST_SIZE, image + (stated - ECU_DIGEST_SIZE));
  }
}

}  // namespace ecu::test
