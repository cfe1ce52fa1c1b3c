/* SPDX-License-Identifier: Apache-2.0 */
#include <p256-m.h>

#include "../image/sha256.h"
#include "ecu/signature.h"

ecu_status ecu_verify_p256(void*, ecu_key_kind kind, const uint8_t* public_key, const uint8_t* message,
                           size_t message_size, const uint8_t* signature) {
  if (kind != ECU_KEY_P256) {
    return ECU_PACKAGE_BAD_ALGORITHM;
  }
  ecu::Sha256 hash;
  hash.update(ecu::Span<const uint8_t>(message, message_size));
  const int result = p256_ecdsa_verify(signature, public_key, hash.finish(), ECU_DIGEST_SIZE);
  return result == P256_SUCCESS ? ECU_OK : ECU_PACKAGE_BAD_SIGNATURE;
}
