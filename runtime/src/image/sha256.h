/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_IMAGE_SHA256_H
#define ECU_SRC_IMAGE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "../span.h"
#include "ecu/model.h"

namespace ecu {

/** A SHA-256 digest (FIPS 180-4). */
struct Digest {
  uint8_t bytes[ECU_DIGEST_SIZE];
};

/** SHA-256 of a stream of bytes (FIPS 180-4, section 6.2). */
class Sha256 {
 public:
  /** Appends bytes to the message. */
  void update(Span<const uint8_t> bytes) noexcept;

  /** Ends the message; the object is not to be used afterwards. */
  [[nodiscard]] Digest finish() noexcept;

 private:
  static constexpr size_t kBlockSize = 64U;

  void compress(const uint8_t* block) noexcept;

  uint32_t state_[8] = {0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                        0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};
  uint64_t length_ = 0U;  // bytes of the message so far
  uint8_t block_[kBlockSize] = {};
};

/** SHA-256 of the bytes equals `expected` (ECU_DIGEST_SIZE bytes). */
[[nodiscard]] bool sha256_matches(Span<const uint8_t> bytes, const uint8_t* expected) noexcept;

}  // namespace ecu
#endif
