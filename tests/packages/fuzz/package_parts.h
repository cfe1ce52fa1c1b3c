/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The header of a package in parts, for the fuzzer: taken apart, changed, and put together with right
 * lengths and digests, so that changes get beyond the first checks.
 */
#ifndef ECU_TESTS_PACKAGE_PARTS_H
#define ECU_TESTS_PACKAGE_PARTS_H

#include <stdint.h>

#include <vector>

namespace ecu::test {

using ByteList = std::vector<uint8_t>;

/** Everything that differs between headers. */
struct PackageParts {
  ByteList authentication;  // up to the key of the manifest; its digest is computed anew
  bool trust;
  uint32_t sequence;
  ByteList ids;  // 32 bytes
  ByteList payload_digest;
  uint32_t payload_size;
  ByteList facts;
};

/** False when the bytes are no header. */
bool take_apart(const ByteList& header, PackageParts& parts);

ByteList put_together(const PackageParts& parts);

}  // namespace ecu::test
#endif
