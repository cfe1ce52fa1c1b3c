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
class Area {
 public:
  /** @param update has its configuration, and the geometry that open read
   *  @param index  an ecu_area_id
   */
  Area(const ecu_update& update, uint32_t index) noexcept;

  /** The port has a geometry here that keeps the rules of docs/slots.md, and the area is whole sectors. */
  [[nodiscard]] bool usable() const noexcept;

  [[nodiscard]] uint32_t size() const noexcept { return size_; }
  /** Bytes that a payload may take in a slot or key sector: behind them is the header of its package. */
  [[nodiscard]] uint32_t room() const noexcept { return size_ - ECU_PACKAGE_HEADER_SIZE; }
  [[nodiscard]] uint32_t program_unit() const noexcept { return geometry_.program_unit; }

  /** ECU_OK, or what the port says: ECU_FLASH_DAMAGED of bytes that are lost, else ECU_FLASH_FAILED. */
  [[nodiscard]] ecu_status read(uint32_t offset, uint8_t* bytes, uint32_t size) const noexcept;

  /** Programs whole units from `offset`, a multiple of the unit; the last is filled with the erased value.
   *  `bytes` is aligned to 8.
   */
  [[nodiscard]] bool write(uint32_t offset, Bytes bytes) const noexcept;

  /** Erases all sectors. */
  [[nodiscard]] bool erase() const noexcept;

  /** Every byte has the erased value. */
  [[nodiscard]] bool is_erased(uint32_t offset, uint32_t size) const noexcept {
    return reads_as(offset, nullptr, size);
  }

  /** The area has `size` bytes and more, and SHA-256 of these is `expected` (ECU_DIGEST_SIZE bytes). */
  [[nodiscard]] bool has_digest(uint32_t size, const uint8_t* expected) const noexcept;

  /** The same, with the digest that follows the bytes. */
  [[nodiscard]] bool ends_with_digest(uint32_t size) const noexcept;

 private:
  /** Compares with `expected`, or with the erased value where that is null. */
  [[nodiscard]] bool reads_as(uint32_t offset, const uint8_t* expected, uint32_t size) const noexcept;

  const ecu_flash& port_;
  uint32_t address_;
  uint32_t size_;
  const ecu_flash_geometry& geometry_;
};

}  // namespace ecu
#endif
