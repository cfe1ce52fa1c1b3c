/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for update/package.cpp: a header of fixed fields, so that the campaign tests slots and journal.
 */
#include <string.h>

#include "packages.h"
#include "records.h"
#include "update/package.h"

namespace ecu {

class TemplateReader {
 public:
  static void fill(const uint8_t* bytes, PackageHeader& header) {
    header = PackageHeader{};
    header.bytes_ = bytes;
    header.size_ = test::kDoubleHeader;
    header.kind_ = bytes[4] == 0 ? PackageKind::kModel : PackageKind::kTrust;
    header.numbers_[PackageHeader::kSequence] = test::little(bytes + 8);
    header.numbers_[PackageHeader::kPayloadSize] = test::little(bytes + 12);
    header.offsets_[PackageHeader::kPayloadDigest] = 16;
    header.offsets_[PackageHeader::kKeyId] = 48;
    header.offsets_[PackageHeader::kSignature] = 56;
  }
};

ecu_status read_header(Bytes bytes, PackageHeader& header) noexcept {
  if (bytes.size() >= 4U && memcmp(bytes.data(), "TEST", 4U) != 0) {
    return ECU_PACKAGE_BAD_MAGIC;
  }
  if (bytes.size() < test::kDoubleHeader) {
    return ECU_PACKAGE_TRUNCATED;
  }
  TemplateReader::fill(bytes.data(), header);
  return ECU_OK;
}

ecu_status check_signature(const PackageHeader& header, Span<const ecu_key> keys, ecu_verify verify,
                           void* context) noexcept {
  for (const ecu_key& key : keys) {
    if (memcmp(key.id, header.key_id(), sizeof key.id) == 0) {
      const ecu_status status = verify(context, static_cast<ecu_key_kind>(key.kind), key.public_key,
                                       header.bytes_, 56U, header.signature());
      return status == ECU_OK && header.sequence() < key.minimum ? ECU_PACKAGE_KEY_RETIRED : status;
    }
  }
  return ECU_PACKAGE_UNKNOWN_KEY;
}

ecu_status check_addressee(const PackageHeader&, const ecu_device&) noexcept { return ECU_OK; }

ecu_status check_needs(const PackageHeader&, const ecu_device&) noexcept { return ECU_OK; }

}  // namespace ecu

namespace ecu::test {

std::vector<uint8_t> build_package(const PackageParts& parts) {
  std::vector<uint8_t> bytes = {'T', 'E', 'S', 'T', static_cast<uint8_t>(parts.model ? 0 : 1), 0, 0, 0};
  append_little(bytes, parts.sequence);
  append_little(bytes, static_cast<uint32_t>(parts.payload.size()));
  const std::vector<uint8_t> digest = sha256_of(parts.payload.data(), parts.payload.size());
  bytes.insert(bytes.end(), digest.begin(), digest.end());
  bytes.insert(bytes.end(), parts.key.id, parts.key.id + sizeof parts.key.id);
  const std::vector<uint8_t> signature = sign(parts.key.public_key, bytes.data(), bytes.size());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  bytes.resize(kDoubleHeader, 0x5a);
  bytes.insert(bytes.end(), parts.payload.begin(), parts.payload.end());
  return bytes;
}

}  // namespace ecu::test
