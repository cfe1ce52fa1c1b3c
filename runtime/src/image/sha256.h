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

/** SHA-256 of a stream of bytes (FIPS 180-4, section 6.2). */
class Sha256 {
 public:
  Sha256() noexcept;

  /** Appends bytes to the message. */
  void update(Span<const uint8_t> bytes) noexcept;

  /** Ends the message; nothing is appended afterwards.
   *
   *  @return the digest, ECU_DIGEST_SIZE bytes in the object
   */
  [[nodiscard]] const uint8_t* finish() noexcept;

  /** Ends the message; whether its digest is `expected` (ECU_DIGEST_SIZE bytes). */
  [[nodiscard]] bool finish_equals(const uint8_t* expected) noexcept;

 private:
  static constexpr size_t kBlockSize = 64U;

  /* Bytes of the block that is being collected. */
  [[nodiscard]] uint8_t* block() noexcept { return static_cast<uint8_t*>(static_cast<void*>(words_)); }

  /* Takes in the block, whose words become the message schedule in place: a schedule beside it would take
   * 64 bytes of stack. */
  void compress() noexcept;

  uint32_t state_[8];
  uint64_t length_ = 0U;  // bytes of the message so far
  uint32_t words_[kBlockSize / 4U];
};

/** SHA-256 of the bytes equals `expected` (ECU_DIGEST_SIZE bytes). */
[[nodiscard]] bool sha256_matches(Span<const uint8_t> bytes, const uint8_t* expected) noexcept;

}  // namespace ecu
#endif
