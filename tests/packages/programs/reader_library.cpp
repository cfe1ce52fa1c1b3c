/* SPDX-License-Identifier: Apache-2.0 */
/* What tests call through ctypes: the header of a package, its checks, and hashes. */
#include <string.h>

#include "ecu/signature.h"
#include "image/sha256.h"
#include "update/package.h"
#include "update/sha512.h"

/* Fields of a header by value; `device.py` has the same. */
struct Fields {
  uint32_t size;
  uint32_t kind;
  uint32_t sequence;
  uint32_t payload_size;
  uint32_t image_kind;
  uint32_t image_format;
  uint32_t program_format;
  uint32_t arena_size;
  uint32_t stack_size;
  uint32_t image_size;
  uint32_t hardware_count;
  uint32_t hardware[4];
  uint32_t kernels_size;
  uint8_t kernels[32];
  uint8_t payload_digest[32];
  uint8_t vendor_id[16];
  uint8_t class_id[16];
  uint8_t key_id[8];
  uint8_t signature[64];
  uint8_t interface_hash[32];
};

extern "C" {
int test_read(const uint8_t* bytes, size_t size, Fields* fields);
int test_check(const uint8_t* bytes, size_t size, const ecu_key* keys, size_t count, ecu_verify verify,
               const ecu_device* device);
void test_sha512(const uint8_t* bytes, size_t first, size_t second, uint8_t* digest);
void test_sha256(const uint8_t* bytes, size_t first, size_t second, uint8_t* digest);
}

int test_read(const uint8_t* bytes, size_t size, Fields* fields) {
  ecu::PackageHeader header;
  const ecu_status status = ecu::read_header(ecu::Bytes(bytes, size), header);
  if (status != ECU_OK) {
    return status;
  }
  *fields = Fields{};
  fields->size = header.size();
  fields->kind = static_cast<uint32_t>(header.kind());
  fields->sequence = header.sequence();
  fields->payload_size = header.payload_size();
  memcpy(fields->payload_digest, header.payload_digest(), sizeof fields->payload_digest);
  memcpy(fields->vendor_id, header.vendor_id(), sizeof fields->vendor_id);
  memcpy(fields->class_id, header.class_id(), sizeof fields->class_id);
  memcpy(fields->key_id, header.key_id(), sizeof fields->key_id);
  memcpy(fields->signature, header.signature(), sizeof fields->signature);
  if (header.kind() == ecu::PackageKind::kModel) {
    fields->image_kind = header.image_kind();
    fields->image_format = header.image_format();
    fields->program_format = header.program_format();
    fields->arena_size = header.arena_size();
    fields->stack_size = header.stack_size();
    fields->image_size = header.image_size();
    fields->hardware_count = static_cast<uint32_t>(header.hardware().size());
    memcpy(fields->hardware, header.hardware().data(), header.hardware().size() * sizeof(uint32_t));
    fields->kernels_size = static_cast<uint32_t>(header.kernels().size());
    memcpy(fields->kernels, header.kernels().data(), header.kernels().size());
    memcpy(fields->interface_hash, header.interface_hash(), sizeof fields->interface_hash);
  }
  return ECU_OK;
}

int test_check(const uint8_t* bytes, size_t size, const ecu_key* keys, size_t count, ecu_verify verify,
               const ecu_device* device) {
  ecu::PackageHeader header;
  ecu_status status = ecu::read_header(ecu::Bytes(bytes, size), header);
  if (status == ECU_OK) {
    status = ecu::check_digests(header);
  }
  if (status == ECU_OK) {
    status = ECU_PACKAGE_UNKNOWN_KEY;
    for (size_t i = 0U; i < count; ++i) {
      if (memcmp(keys[i].id, header.key_id(), sizeof keys[i].id) == 0) {
        status = ecu::check_signature(header, keys[i], verify, nullptr);
        break;
      }
    }
  }
  if (status == ECU_OK) {
    status = ecu::check_addressee(header, *device);
  }
  return status == ECU_OK ? ecu::check_needs(header, *device) : status;
}

void test_sha512(const uint8_t* bytes, size_t first, size_t second, uint8_t* digest) {
  ecu::Sha512 hash;
  hash.update(ecu::Bytes(bytes, first));
  hash.update(ecu::Bytes(bytes + first, second));
  uint8_t result[ecu::Sha512::kDigestSize];
  hash.finish(result);
  memcpy(digest, result, sizeof result);
}

void test_sha256(const uint8_t* bytes, size_t first, size_t second, uint8_t* digest) {
  ecu::Sha256 hash;
  hash.update(ecu::Bytes(bytes, first));
  hash.update(ecu::Bytes(bytes + first, second));
  memcpy(digest, hash.finish(), ECU_DIGEST_SIZE);
}
