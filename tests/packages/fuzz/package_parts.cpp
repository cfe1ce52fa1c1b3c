/* SPDX-License-Identifier: Apache-2.0 */
#include "package_parts.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "image/sha256.h"
#include "update/package.h"

namespace ecu::test {
namespace {

constexpr size_t kAuthenticationSize = 131U;
constexpr size_t kDigestOffset = 13U;

void append(ByteList& bytes, std::initializer_list<unsigned> more) {
  for (const unsigned byte : more) {
    bytes.push_back(static_cast<uint8_t>(byte));
  }
}

void append(ByteList& bytes, const ByteList& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

void append(ByteList& bytes, std::string_view text) { bytes.insert(bytes.end(), text.begin(), text.end()); }

void append_head(ByteList& bytes, unsigned major, size_t value) {
  const unsigned count = value < 24U ? 0U : value < 0x100U ? 1U : value < 0x10000U ? 2U : 4U;
  const unsigned codes[] = {static_cast<unsigned>(value), 24U, 25U, 0U, 26U};
  append(bytes, {major | codes[count]});
  for (unsigned left = count; left > 0U; --left) {
    append(bytes, {static_cast<unsigned>(value >> (8U * (left - 1U))) & 0xffU});
  }
}

void append_string(ByteList& bytes, const ByteList& content) {
  append_head(bytes, 0x40U, content.size());
  append(bytes, content);
}

void append_component(ByteList& bytes, unsigned index, const ByteList& digest, size_t size) {
  append(bytes, {0x0c, index, 0x14, 0xa2, 0x03, 0x58, 0x24, 0x82, 0x2f, 0x58, 0x20});
  append(bytes, digest);
  append(bytes, {0x0e});
  append_head(bytes, 0U, size);
}

ByteList digest_of(const ByteList& bytes) {
  Sha256 hash;
  hash.update(Bytes(bytes.data(), bytes.size()));
  const uint8_t* const digest = hash.finish();
  return ByteList(digest, digest + ECU_DIGEST_SIZE);
}

ByteList make_manifest(const PackageParts& parts, std::string_view name) {
  ByteList shared;
  append(shared, {0x90, 0x0c, 0xf5, 0x14, 0xa2, 0x01, 0x50});
  append(shared, ByteList(parts.ids.begin(), parts.ids.begin() + 16));
  append(shared, {0x02, 0x50});
  append(shared, ByteList(parts.ids.begin() + 16, parts.ids.end()));
  append(shared, {0x01, 0x0f, 0x02, 0x0f});
  append_component(shared, 0U, digest_of(parts.facts), parts.facts.size());
  append_component(shared, 1U, parts.payload_digest, parts.payload_size);
  ByteList common;
  append(common, {0xa2, 0x02, 0x82, 0x81, 0x45, 'f', 'a', 'c', 't', 's', 0x81, 0x45});
  append(common, name);
  append(common, {0x04});
  append_string(common, shared);
  ByteList manifest;
  append(manifest, {0xa5, 0x01, 0x01, 0x02});
  append_head(manifest, 0U, parts.sequence);
  append(manifest, {0x03});
  append_string(manifest, common);
  append(manifest, {0x07, 0x45, 0x84, 0x0c, 0xf5, 0x03, 0x0f, 0x14, 0x58, 0x21, 0x90, 0x0c,
                    0x00, 0x14, 0xa1, 0x15, 0x66, '#',  'f',  'a',  'c',  't',  's',  0x15,
                    0x0f, 0x03, 0x0f, 0x0c, 0x01, 0x14, 0xa1, 0x15, 0x66, '#'});
  append(manifest, name);
  append(manifest, {0x15, 0x0f, 0x03, 0x0f});
  return manifest;
}

}  // namespace

bool take_apart(const ByteList& header, PackageParts& parts) {
  PackageHeader found;
  if (read_header(Bytes(header.data(), header.size()), found) != ECU_OK) {
    return false;
  }
  parts.authentication = ByteList(header.begin(), header.begin() + kAuthenticationSize);
  parts.trust = found.kind() == PackageKind::kTrust;
  parts.sequence = found.sequence();
  parts.ids = ByteList(found.vendor_id(), found.vendor_id() + 16U);
  parts.ids.insert(parts.ids.end(), found.class_id(), found.class_id() + 16U);
  parts.payload_digest = ByteList(found.payload_digest(), found.payload_digest() + ECU_DIGEST_SIZE);
  parts.payload_size = found.payload_size();
  parts.facts = ByteList(found.facts().begin(), found.facts().end());
  return true;
}

ByteList put_together(const PackageParts& parts) {
  const std::string_view name = parts.trust ? "trust" : "model";
  ByteList wrapped;
  append_string(wrapped, make_manifest(parts, name));
  const ByteList digest = digest_of(wrapped);
  ByteList header = parts.authentication;
  std::copy(digest.begin(), digest.end(), header.begin() + kDigestOffset);
  append(header, {0x03});
  append(header, wrapped);
  append(header, "f#facts");
  append_string(header, parts.facts);
  append(header, "f#");
  append(header, name);
  append_head(header, 0x40U, parts.payload_size);
  return header;
}

}  // namespace ecu::test
