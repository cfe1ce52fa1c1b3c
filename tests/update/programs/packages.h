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

/** Bytes of a header that package_double.cpp reads. */
constexpr uint32_t kDoubleHeader = 333;

struct PackageParts {
  bool model;
  uint32_t sequence;
  ByteVector payload;
  ecu_key key;
};

ByteVector build_package(const PackageParts& parts);

ByteVector sha256_of(const uint8_t* bytes, size_t size);

/** A model image of this many bytes; other seeds give other content. */
ByteVector build_image(uint32_t size, uint64_t seed);

/** A key with its right id; other seeds give other keys. */
ecu_key build_key(uint8_t seed, uint32_t minimum);

/** A key set as docs/update_package.md has it. */
ByteVector build_key_set(const std::vector<ecu_key>& keys);

/** 64 bytes that `verify_double` takes. */
ByteVector sign(const uint8_t* public_key, const uint8_t* message, size_t size);
ecu_status verify_double(void* context, ecu_key_kind kind, const uint8_t* public_key, const uint8_t* message,
                         size_t message_size, const uint8_t* signature);

}  // namespace ecu::test
#endif
