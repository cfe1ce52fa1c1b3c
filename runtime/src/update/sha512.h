/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_UPDATE_SHA512_H
#define ECU_SRC_UPDATE_SHA512_H

#include <stddef.h>
#include <stdint.h>

#include "../span.h"

namespace ecu {

/** SHA-512 of a stream of bytes (FIPS 180-4, section 6.4), made for small code and not for speed. */
class Sha512 {
 public:
  Sha512() noexcept;

  static constexpr size_t kDigestSize = 64U;

  /** Appends bytes to the message. */
  void update(Span<const uint8_t> bytes) noexcept;

  /** Ends the message; the object is not to be used afterwards. */
  void finish(uint8_t (&digest)[kDigestSize]) noexcept;

 private:
  static constexpr size_t kBlockSize = 128U;

  void put(uint8_t byte) noexcept;
  void compress() noexcept;

  uint64_t state_[8];
  uint64_t block_[kBlockSize / 8U];  // words of the block, shifted in byte by byte
  size_t length_ = 0U;               // bytes of the message so far
};

}  // namespace ecu
#endif
