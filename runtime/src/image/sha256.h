/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_IMAGE_SHA256_H
#define ECU_SRC_IMAGE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "../span.h"
#include "ecu/model.h"

namespace ecu {

/** Constants of the rounds: the first 32 bits of the fractional parts of the cube roots of the first 64
 * primes. */
extern const uint32_t kSha256Rounds[64];

/** A SHA-256 digest (FIPS 180-4). */
struct Digest {
  uint8_t bytes[ECU_DIGEST_SIZE];
};

/** SHA-256 of a stream of bytes (FIPS 180-4, section 6.2). */
class Sha256 {
 public:
  Sha256() noexcept;

  /** Appends bytes to the message. */
  void update(Span<const uint8_t> bytes) noexcept;

  /** Ends the message; the object is not to be used afterwards. */
  [[nodiscard]] Digest finish() noexcept;

 private:
  static constexpr size_t kBlockSize = 64U;

  void compress(const uint8_t* block) noexcept;

  uint32_t state_[8];
  uint64_t length_ = 0U;  // bytes of the message so far
  uint8_t block_[kBlockSize];
};

/** SHA-256 of the bytes. */
[[nodiscard]] Digest sha256(Span<const uint8_t> bytes) noexcept;

/** SHA-256 of the bytes equals `expected` (ECU_DIGEST_SIZE bytes). */
[[nodiscard]] bool sha256_matches(Span<const uint8_t> bytes, const uint8_t* expected) noexcept;

}  // namespace ecu
#endif
