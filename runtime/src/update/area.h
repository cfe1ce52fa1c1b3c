/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_UPDATE_AREA_H
#define ECU_SRC_UPDATE_AREA_H

#include <stddef.h>
#include <stdint.h>

#include "../image/sha256.h"
#include "../span.h"
#include "ecu/update.h"

namespace ecu {

using Bytes = Span<const uint8_t>;

/** A slot, journal sector or key sector, through the flash port. Offsets count from its start; callers keep
 *  them inside. Whatever is written is compared with what flash then reads back.
 */
using Area = ecu_update_area;

/** Bytes that a payload may take in a slot or key sector: behind them is the header of its package. */
[[nodiscard]] inline uint32_t room_of(const Area& area) noexcept {
  return area.place.size - ECU_PACKAGE_HEADER_SIZE;
}

/** The port has a geometry here that keeps the rules of docs/slots.md, and the area is whole sectors. */
[[nodiscard]] bool is_usable(const Area& area) noexcept;

/** ECU_OK, or what the port says: ECU_FLASH_DAMAGED of bytes that are lost, else ECU_FLASH_FAILED. */
[[nodiscard]] ecu_status read(const Area& area, uint32_t offset, uint8_t* bytes, uint32_t size) noexcept;

/** Programs whole units from `offset`, a multiple of the unit; the last is filled with the erased value.
 *  `bytes` is aligned to 8.
 */
[[nodiscard]] bool write(const Area& area, uint32_t offset, const uint8_t* bytes, uint32_t size) noexcept;

/** Erases the first `size` bytes, whole sectors. */
[[nodiscard]] bool erase(const Area& area, uint32_t size) noexcept;

/** Every byte has the erased value. */
[[nodiscard]] bool is_erased(const Area& area, uint32_t offset, uint32_t size) noexcept;

/** The area has `size` bytes and more, and SHA-256 of these is `expected` (ECU_DIGEST_SIZE bytes). */
[[nodiscard]] bool has_digest(const Area& area, uint32_t size, const uint8_t* expected) noexcept;

/** The same, with the digest that follows the bytes. */
[[nodiscard]] bool ends_with_digest(const Area& area, uint32_t size) noexcept;

}  // namespace ecu
#endif
