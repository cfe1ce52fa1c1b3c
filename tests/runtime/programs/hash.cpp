/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of the runtime behind a C function, fed in pieces. */
#include <string.h>

#include "image/sha256.h"

extern "C" void test_sha256(const uint8_t* bytes, size_t size, size_t piece, uint8_t* digest);

void test_sha256(const uint8_t* bytes, size_t size, size_t piece, uint8_t* digest) {
  ecu::Sha256 hash;
  for (size_t at = 0U; at < size; at += piece) {
    hash.update(ecu::Span<const uint8_t>(bytes + at, size - at < piece ? size - at : piece));
  }
  memcpy(digest, hash.finish(), ECU_DIGEST_SIZE);
}
