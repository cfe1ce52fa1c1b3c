/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on the emulated board what a device does with a package, each call ended by measured_done(). Exit code
 * 0 when every right package is accepted and every wrong signature refused. */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "ecu/signature.h"
#include "image/sha256.h"
#include "update/package.h"

extern "C" {
void measured_done();
int hash_payload(const uint8_t* bytes, size_t size);
int match_header(const uint8_t* bytes, size_t size, ecu::PackageHeader* header);

__attribute__((noinline)) void measured_done() { asm volatile("" ::: "memory"); }

__attribute__((noinline)) int hash_payload(const uint8_t* bytes, size_t size) {
  ecu::Sha256 hash;
  hash.update(ecu::Bytes(bytes, size));
  return hash.finish()[0];
}

__attribute__((noinline)) int match_header(const uint8_t* bytes, size_t size, ecu::PackageHeader* header) {
  return ecu::read_header(ecu::Bytes(bytes, size), *header);
}
}

namespace {

constexpr size_t kPayloadSize = 100'000U;

uint8_t payload[kPayloadSize];

int verify(ecu_verify function, ecu_key_kind kind, const uint8_t* key, const uint8_t* signature) {
  const ecu_status status = function(nullptr, kind, key, kMessage, sizeof kMessage, signature);
  measured_done();
  return status;
}

int wrong(ecu_verify function, ecu_key_kind kind, const uint8_t* key, const uint8_t* signature) {
  int accepted = 0;
  for (size_t bit = 0U; bit < 512U; bit += 73U) {
    uint8_t changed[64];
    memcpy(changed, signature, sizeof changed);
    changed[bit / 8U] = static_cast<uint8_t>(changed[bit / 8U] ^ (1U << (bit % 8U)));
    accepted += verify(function, kind, key, changed) == ECU_OK ? 1 : 0;
  }
  return accepted;
}

}  // namespace

int main() {
  int failures = 0;
  failures += verify(&ecu_verify_ed25519, ECU_KEY_ED25519, kEd25519Key, kEd25519Signature) == ECU_OK ? 0 : 1;
  failures += verify(&ecu_verify_p256, ECU_KEY_P256, kP256Key, kP256Signature) == ECU_OK ? 0 : 1;
  ecu::PackageHeader header;
  failures += match_header(kHeader, sizeof kHeader, &header) == ECU_OK ? 0 : 1;
  measured_done();
  (void)hash_payload(payload, sizeof payload);
  measured_done();
  failures += wrong(&ecu_verify_ed25519, ECU_KEY_ED25519, kEd25519Key, kEd25519Signature);
  failures += wrong(&ecu_verify_p256, ECU_KEY_P256, kP256Key, kP256Signature);
  printf("failures %d\n", failures);
  return failures;
}
