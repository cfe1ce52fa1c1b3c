/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_LITTLE_ENDIAN_H
#define ECU_SRC_LITTLE_ENDIAN_H

#include <stdint.h>

namespace ecu {

/** The number in two little-endian bytes of any alignment. */
[[nodiscard]] constexpr uint32_t load_u16(const uint8_t* bytes) noexcept {
  return static_cast<uint32_t>(bytes[0]) | (static_cast<uint32_t>(bytes[1]) << 8U);
}

/** The number in four little-endian bytes of any alignment. */
[[nodiscard, gnu::always_inline]] constexpr uint32_t load_u32(const uint8_t* bytes) noexcept {
  return static_cast<uint32_t>(bytes[0]) | (static_cast<uint32_t>(bytes[1]) << 8U) |
         (static_cast<uint32_t>(bytes[2]) << 16U) | (static_cast<uint32_t>(bytes[3]) << 24U);
}

/** Stores the number in four little-endian bytes of any alignment. */
[[gnu::always_inline]] inline void store_u32(uint8_t* bytes, uint32_t value) noexcept {
  bytes[0] = static_cast<uint8_t>(value & 0xffU);
  bytes[1] = static_cast<uint8_t>((value >> 8U) & 0xffU);
  bytes[2] = static_cast<uint8_t>((value >> 16U) & 0xffU);
  bytes[3] = static_cast<uint8_t>(value >> 24U);
}

}  // namespace ecu
#endif
