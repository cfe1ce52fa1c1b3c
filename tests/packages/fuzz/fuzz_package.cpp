/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any bytes as the start of a package. What the header says of more bytes must agree with
 * what it says of fewer, and all that an accepted header points to is read. All memory has exactly its size.
 */
#include <string.h>

#include "../../native/programs/host_memory.h"
#include "package_parts.h"
#include "update/package.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace ecu::test {
namespace {

[[noreturn]] void fail() { abort(); }

ecu_status read_copy(const uint8_t* data, size_t size) {
  const Block block(size);
  memcpy(block.bytes(), data, size);
  PackageHeader header;
  return read_header(Bytes(block.bytes(), size), header);
}

/* Accepts by the first bit, after every byte was looked at. */
ecu_status any_verify(void*, ecu_key_kind, const uint8_t* key, const uint8_t* message, size_t size,
                      const uint8_t* signature) {
  unsigned sum = 0U;
  for (size_t i = 0U; i < size; ++i) {
    sum += message[i];
  }
  for (size_t i = 0U; i < 64U; ++i) {
    sum += key[i] ^ signature[i];
  }
  return (sum & 1U) != 0U ? ECU_OK : ECU_PACKAGE_BAD_SIGNATURE;
}

void check(const PackageHeader& header, const uint8_t* data) {
  if (header.hardware().size() > 4U || header.kernels().size() > 32U || header.sequence() == 0U) {
    fail();
  }
  ecu_key key = {};
  key.kind = (data[52] == 0x26U ? ECU_KEY_P256 : ECU_KEY_ED25519) | ECU_KEY_FOR_MODELS;
  memcpy(key.id, header.key_id(), sizeof key.id);
  key.minimum = 2U;
  (void)check_digests(header);
  (void)check_signature(header, key, &any_verify, nullptr);
  ecu_device device = {};
  memcpy(device.vendor_id, header.vendor_id(), sizeof device.vendor_id);
  memcpy(device.class_id, header.class_id(), sizeof device.class_id);
  device.hardware_id = 1U;
  device.engine = ECU_ENGINE_NATIVE;
  const uint8_t interface_hash[ECU_DIGEST_SIZE] = {};
  device.interface_hash = header.kind() == PackageKind::kModel ? header.interface_hash() : interface_hash;
  const uint8_t kernels[] = {0xffU, 0xffU, 0xffU};
  device.kernels = kernels;
  device.kernels_size = sizeof kernels;
  device.arena_size = 65536U;
  (void)check_addressee(header, device);
  (void)check_needs(header, device);
}

void try_header(const uint8_t* data, size_t size) {
  const Block block(size);
  memcpy(block.bytes(), data, size);
  PackageHeader header;
  const ecu_status status = read_header(Bytes(block.bytes(), size), header);
  const size_t shorter = size == 0U ? 0U : (data[size / 2U] * size) / 256U;
  const ecu_status before = read_copy(data, shorter);
  if (before != ECU_PACKAGE_TRUNCATED && before != status) {
    fail();  // a decision never changes
  }
  if (status == ECU_OK) {
    if (header.size() > size || header.size() > ECU_PACKAGE_HEADER_SIZE ||
        read_copy(data, header.size()) != ECU_OK ||
        read_copy(data, header.size() - 1U) != ECU_PACKAGE_TRUNCATED) {
      fail();
    }
    check(header, data);
  }
}

}  // namespace
}  // namespace ecu::test

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ecu::test::try_header(data, size);
  return 0;
}
