/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The packages that the fuzzer of the journal puts into flash and sends: genuine, of strangers, of keys that
 *  come and go, older and newer.
 */
#ifndef ECU_TESTS_UPDATE_STOCK_H
#define ECU_TESTS_UPDATE_STOCK_H

#include <stdint.h>

#include <vector>

#include "packages.h"

namespace ecu::test {

/** Who signs. A device is made with the key of the factory. */
enum Signer : unsigned { kFactory, kNew, kLast, kStranger, kSigners };

struct Item {
  bool model;
  uint32_t sequence;
  Signer signer;
  unsigned brings;  // bit set of the signers of its key set; 0: no key set, or none that keeps the format
  ByteVector payload;
  ByteVector header;  // what stands before the payload
  ByteVector package;
};

/** The last key is for models alone, from this sequence on. */
constexpr uint32_t kLastMinimum = 8;

/** Bytes of a header that hold the digest of the manifest, the id of the key, and the signature. */
struct Range {
  size_t start;
  size_t end;
};
constexpr Range kDigestBytes = {13, 45};
constexpr Range kKeyIdBytes = {55, 63};
constexpr Range kSignatureBytes = {67, 131};

ecu_key key_of(Signer signer);

/** Made once; sixteen of them. */
const std::vector<Item>& stock();

}  // namespace ecu::test
#endif
