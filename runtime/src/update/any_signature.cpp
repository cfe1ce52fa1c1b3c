/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/signature.h"

ecu_status ecu_verify_any(void* context, ecu_key_kind kind, const uint8_t* public_key, const uint8_t* message,
                          size_t message_size, const uint8_t* signature) {
  const ecu_verify verify = kind == ECU_KEY_ED25519 ? &ecu_verify_ed25519 : &ecu_verify_p256;
  return verify(context, kind, public_key, message, message_size, signature);
}
