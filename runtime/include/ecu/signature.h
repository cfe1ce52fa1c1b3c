/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Signature checks in software, for `verify` of ecu_update_config; a function that asks a hardware security
 *  module can stand in their place (docs/porting.md). Each links the library of its own algorithm only.
 *  All data is public, so none of them runs in constant time.
 */
#ifndef ECU_SIGNATURE_H
#define ECU_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "ecu/update.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Ed25519 (RFC 8032) by Monocypher: the equation with the cofactor; encodings of points that are not the
 *  shortest number, points of small order, and s not below the order of the group are refused.
 *
 *  @param context not used
 *  @return ECU_OK; ECU_PACKAGE_BAD_ALGORITHM for a key of another kind; ECU_PACKAGE_BAD_SIGNATURE
 */
ECU_NODISCARD ecu_status ecu_verify_ed25519(void* context, ecu_key_kind kind, const uint8_t* public_key,
                                            const uint8_t* message, size_t message_size,
                                            const uint8_t* signature);

/** ECDSA with P-256 and SHA-256 (FIPS 186-5) by p256-m; the same results. */
ECU_NODISCARD ecu_status ecu_verify_p256(void* context, ecu_key_kind kind, const uint8_t* public_key,
                                         const uint8_t* message, size_t message_size,
                                         const uint8_t* signature);

/** Either, by the kind of the key. */
ECU_NODISCARD ecu_status ecu_verify_any(void* context, ecu_key_kind kind, const uint8_t* public_key,
                                        const uint8_t* message, size_t message_size,
                                        const uint8_t* signature);

#ifdef __cplusplus
}
#endif
#endif
