/* SPDX-License-Identifier: Apache-2.0 */
#include "area.h"

#include <string.h>

namespace ecu {
namespace {

constexpr uint32_t kPiece = 64U;  // bytes read at a time

constexpr uint32_t smaller(uint32_t a, uint32_t b) noexcept { return a < b ? a : b; }

/* Compares with `expected`, or with the erased value where that is null. */
bool reads_as(const Area& area, uint32_t offset, const uint8_t* expected, uint32_t size) noexcept {
  uint8_t piece[kPiece];
  for (uint32_t at = 0U; at < size; ++at) {
    if (at % kPiece == 0U && read(area, offset + at, piece, smaller(kPiece, size - at)) != ECU_OK) {
      return false;
    }
    if (piece[at % kPiece] != (expected == nullptr ? area.geometry.erased_value : expected[at])) {
      return false;
    }
  }
  return true;
}

bool program(const Area& area, uint32_t offset, const uint8_t* bytes, uint32_t size) noexcept {
  return size == 0U ||
         area.port->program(area.port->context, area.place.address + offset, bytes, size) == ECU_OK;
}

}  // namespace

bool is_usable(const Area& area) noexcept {
  const uint32_t unit = area.geometry.program_unit;
  const uint32_t sector = area.geometry.sector_size;
  return unit != 0U && unit <= ECU_FLASH_LARGEST_UNIT && (unit & (unit - 1U)) == 0U && sector != 0U &&
         sector % unit == 0U && area.place.size % sector == 0U;
}

ecu_status read(const Area& area, uint32_t offset, uint8_t* bytes, uint32_t size) noexcept {
  return area.port->read(area.port->context, area.place.address + offset, bytes, size);
}

bool write(const Area& area, uint32_t offset, const uint8_t* bytes, uint32_t size) noexcept {
  const uint32_t unit = area.geometry.program_unit;
  const uint32_t rest = size % unit;
  const uint32_t whole = size - rest;
  alignas(8) uint8_t last[ECU_FLASH_LARGEST_UNIT];
  memset(last, area.geometry.erased_value, sizeof last);
  memcpy(last, bytes + whole, rest);
  return program(area, offset, bytes, whole) && program(area, offset + whole, last, rest == 0U ? 0U : unit) &&
         reads_as(area, offset, bytes, size);
}

bool erase(const Area& area, uint32_t size) noexcept {
  for (uint32_t at = 0U; at < size; at += area.geometry.sector_size) {
    if (area.port->erase(area.port->context, area.place.address + at) != ECU_OK) {
      return false;
    }
  }
  return is_erased(area, 0U, size);
}

bool is_erased(const Area& area, uint32_t offset, uint32_t size) noexcept {
  return reads_as(area, offset, nullptr, size);
}

bool has_digest(const Area& area, uint32_t size, const uint8_t* expected) noexcept {
  if (size > area.place.size) {
    return false;
  }
  Sha256 hash;
  uint8_t piece[kPiece];
  for (uint32_t at = 0U; at < size; at += kPiece) {
    const uint32_t count = smaller(kPiece, size - at);
    if (read(area, at, piece, count) != ECU_OK) {
      return false;
    }
    hash.update(Bytes(piece, count));
  }
  return hash.finish_equals(expected);
}

bool ends_with_digest(const Area& area, uint32_t size) noexcept {
  uint8_t digest[ECU_DIGEST_SIZE];
  return read(area, size, digest, ECU_DIGEST_SIZE) == ECU_OK && has_digest(area, size, digest);
}

}  // namespace ecu
