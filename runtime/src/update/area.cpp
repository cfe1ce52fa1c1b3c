/* SPDX-License-Identifier: Apache-2.0 */
#include "area.h"

#include <string.h>

namespace ecu {
namespace {

constexpr uint32_t kPiece = 64U;  // bytes read at a time

constexpr uint32_t smaller(uint32_t a, uint32_t b) noexcept { return a < b ? a : b; }

}  // namespace

Area::Area(const ecu_update& update, uint32_t index) noexcept
    : port_(*update.config->flash),
      address_(update.config->areas[index].address),
      size_(update.config->areas[index].size),
      geometry_(update.geometry[index]) {}

bool Area::usable() const noexcept {
  const uint32_t unit = geometry_.program_unit;
  const uint32_t sector = geometry_.sector_size;
  return unit != 0U && unit <= ECU_FLASH_LARGEST_UNIT && (unit & (unit - 1U)) == 0U && sector != 0U &&
         sector % unit == 0U && size_ % sector == 0U;
}

ecu_status Area::read(uint32_t offset, uint8_t* bytes, uint32_t size) const noexcept {
  return port_.read(port_.context, address_ + offset, bytes, size);
}

bool Area::reads_as(uint32_t offset, const uint8_t* expected, uint32_t size) const noexcept {
  uint8_t piece[kPiece];
  for (uint32_t at = 0U; at < size; ++at) {
    if (at % kPiece == 0U && read(offset + at, piece, smaller(kPiece, size - at)) != ECU_OK) {
      return false;
    }
    if (piece[at % kPiece] != (expected == nullptr ? geometry_.erased_value : expected[at])) {
      return false;
    }
  }
  return true;
}

bool Area::write(uint32_t offset, Bytes bytes) const noexcept {
  const uint32_t size = static_cast<uint32_t>(bytes.size());
  const uint32_t rest = size % geometry_.program_unit;
  const uint32_t whole = size - rest;
  const uint32_t address = address_ + offset;
  if (whole > 0U && port_.program(port_.context, address, bytes.data(), whole) != ECU_OK) {
    return false;
  }
  if (rest > 0U) {
    alignas(8) uint8_t last[ECU_FLASH_LARGEST_UNIT];
    memset(last, geometry_.erased_value, sizeof last);
    memcpy(last, bytes.data() + whole, rest);
    if (port_.program(port_.context, address + whole, last, geometry_.program_unit) != ECU_OK) {
      return false;
    }
  }
  return reads_as(offset, bytes.data(), size);
}

bool Area::erase() const noexcept {
  for (uint32_t at = 0U; at < size_; at += geometry_.sector_size) {
    if (port_.erase(port_.context, address_ + at) != ECU_OK) {
      return false;
    }
  }
  return is_erased(0U, size_);
}

bool Area::has_digest(uint32_t size, const uint8_t* expected) const noexcept {
  if (size > size_) {
    return false;
  }
  Sha256 hash;
  uint8_t piece[kPiece];
  for (uint32_t at = 0U; at < size; at += kPiece) {
    const uint32_t count = smaller(kPiece, size - at);
    if (read(at, piece, count) != ECU_OK) {
      return false;
    }
    hash.update(Bytes(piece, count));
  }
  return hash.finish_equals(expected);
}

bool Area::ends_with_digest(uint32_t size) const noexcept {
  uint8_t digest[ECU_DIGEST_SIZE];
  return read(size, digest, ECU_DIGEST_SIZE) == ECU_OK && has_digest(size, digest);
}

}  // namespace ecu
