/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Models, keys and packages for tests of the slots. Signatures are hashes: fast, and as hard to get wrong as
 *  these tests need.
 */
#ifndef ECU_TESTS_UPDATE_PACKAGES_H
#define ECU_TESTS_UPDATE_PACKAGES_H

#include <stdint.h>

#include <vector>

#include "ecu/update.h"

namespace ecu::test {

using ByteVector = std::vector<uint8_t>;

/** The device that the packages are for, but for what varies. */
constexpr uint8_t kVendor[16] = {0xaa, 1};
constexpr uint8_t kClass[16] = {0xbb, 2};
constexpr uint8_t kInterface[ECU_DIGEST_SIZE] = {1, 2, 3};
constexpr uint8_t kKernels[] = {0x12, 0x80};

struct PackageParts {
  bool model;
  uint32_t sequence;
  ByteVector payload;
  ecu_key key;
  size_t more_facts = 0;  // bytes that a device does not read
};

/** The bytes of docs/update_package.md, written front to back. */
ByteVector build_package(const PackageParts& parts);

ByteVector sha256_of(const uint8_t* bytes, size_t size);

/** A model image of this many bytes; other seeds give other content. */
ByteVector build_image(uint32_t size, uint64_t seed);

constexpr uint32_t kEverything = ECU_KEY_FOR_MODELS | ECU_KEY_FOR_KEYS;

/** A key with its right id; other seeds give other keys. */
ecu_key build_key(uint8_t seed, uint32_t minimum, uint32_t uses = kEverything);

/** A key set as docs/update_package.md has it. */
ByteVector build_key_set(const std::vector<ecu_key>& keys);

/** 64 bytes that `verify_double` takes. */
ByteVector sign(const uint8_t* public_key, const uint8_t* message, size_t size);
ecu_status verify_double(void* context, ecu_key_kind kind, const uint8_t* public_key, const uint8_t* message,
                         size_t message_size, const uint8_t* signature);

}  // namespace ecu::test
#endif
