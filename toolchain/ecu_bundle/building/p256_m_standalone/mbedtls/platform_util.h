/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of Mbed TLS, from which p256-m.c comes. Only its check of signatures is used, and that knows
 * no secret: multiplications need no constant time. */
#ifndef ECU_P256_M_PLATFORM_UTIL_H
#define ECU_P256_M_PLATFORM_UTIL_H

#include <stddef.h>
#include <string.h>

#define MBEDTLS_PSA_P256M_DRIVER_ENABLED
#define MUL64_IS_CONSTANT_TIME

static inline void mbedtls_platform_zeroize(void* bytes, size_t size) { memset(bytes, 0, size); }

#endif
