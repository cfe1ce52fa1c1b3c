/* SPDX-License-Identifier: Apache-2.0 */
#include <monocypher.h>
#include <string.h>

#include "ecu/signature.h"
#include "sha512.h"

namespace ecu {
namespace {

constexpr size_t kPointSize = 32U;
constexpr uint8_t kSign = 0x80U;          // of x, in the last byte of a point
constexpr uint8_t kLeastOfPrime = 0xedU;  // first byte of p = 2^255 - 19; the others are 0xff, the last 0x7f

/* y is below p: Monocypher takes it modulo p. */
bool canonical(const uint8_t* point) noexcept {
  uint8_t all = point[kPointSize - 1U] | kSign;
  for (size_t i = 1U; i < kPointSize - 1U; ++i) {
    all &= point[i];
  }
  return all != 0xffU || point[0] < kLeastOfPrime;
}

/* Eight times the point is zero: with s = 0, h = 1 and R = zero the equation says 8 (0 B - 1 A - 0) = 0. */
bool small_order(const uint8_t* point) noexcept {
  static constexpr uint8_t kZeroPoint[2U * kPointSize] = {1U};  // R, then s
  const uint8_t* const one = kZeroPoint;                        // its y, as a number
  return crypto_eddsa_check_equation(kZeroPoint, point, one) == 0;
}

bool usable(const uint8_t* point) noexcept { return canonical(point) && !small_order(point); }

/* SHA-512 of R, A and the message, modulo the order of the group. Not inlined, so that its memory is free
 * again when the equation needs the most. */
[[gnu::noinline]] void challenge(const uint8_t* r, const uint8_t* public_key, Span<const uint8_t> message,
                                 uint8_t (&scalar)[32]) noexcept {
  Sha512 hash;
  hash.update(Span<const uint8_t>(r, kPointSize));
  hash.update(Span<const uint8_t>(public_key, kPointSize));
  hash.update(message);
  uint8_t digest[Sha512::kDigestSize];
  hash.finish(digest);
  crypto_eddsa_reduce(scalar, digest);
}

}  // namespace
}  // namespace ecu

ecu_status ecu_verify_ed25519(void*, ecu_key_kind kind, const uint8_t* public_key, const uint8_t* message,
                              size_t message_size, const uint8_t* signature) {
  if (kind != ECU_KEY_ED25519) {
    return ECU_PACKAGE_BAD_ALGORITHM;
  }
  uint8_t scalar[32];
  ecu::challenge(signature, public_key, ecu::Span<const uint8_t>(message, message_size), scalar);
  const bool right = ecu::usable(public_key) && ecu::usable(signature) &&
                     crypto_eddsa_check_equation(signature, public_key, scalar) == 0;
  return right ? ECU_OK : ECU_PACKAGE_BAD_SIGNATURE;
}
