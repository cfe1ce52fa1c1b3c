/* SPDX-License-Identifier: Apache-2.0 */
#include "packages.h"

#include <string.h>

#include "image/sha256.h"
#include "random.h"
#include "records.h"

namespace ecu::test {
namespace {

void append(ByteVector& bytes, const ByteVector& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

void append(ByteVector& bytes, const char* text) { bytes.insert(bytes.end(), text, text + strlen(text)); }

template <size_t kSize>
void append(ByteVector& bytes, const uint8_t (&more)[kSize]) {
  bytes.insert(bytes.end(), more, more + kSize);
}

/* Head of a CBOR item: major type in the high bits, shortest form. */
void append_head(ByteVector& bytes, uint8_t major, uint32_t value) {
  const unsigned count = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
  const uint32_t code = count == 0 ? value : count == 4 ? 26 : 23 + count;
  bytes.push_back(static_cast<uint8_t>(major | code));
  for (unsigned i = count; i > 0; --i) {
    bytes.push_back(static_cast<uint8_t>(value >> (8 * (i - 1))));
  }
}

void append_number(ByteVector& bytes, uint32_t value) { append_head(bytes, 0x00, value); }

void append_string(ByteVector& bytes, const ByteVector& content) {
  append_head(bytes, 0x40, static_cast<uint32_t>(content.size()));
  append(bytes, content);
}

void append_digest(ByteVector& bytes, const ByteVector& content) {
  append(bytes, ByteVector{0x58, 0x24, 0x82, 0x2f, 0x58, 0x20});
  append(bytes, sha256_of(content.data(), content.size()));
}

ByteVector facts_of(const PackageParts& parts) {
  ByteVector facts = {0x82};
  if (parts.model) {
    append(facts, ByteVector{0x8a, 1, 2, 1, 1, 0x58, 0x20});
    append(facts, kInterface);
    append_number(facts, 4096);                       // arena
    append_number(facts, 300);                        // stack
    append_number(facts, little(&parts.payload[8]));  // the image alone
    append(facts, ByteVector{0x42});
    append(facts, kKernels);
    append(facts, ByteVector{0x81, 0x19, 0x10, 0x01});
  } else {
    append(facts, ByteVector{0x81, 1});
  }
  append(facts, ByteVector{0xa2, 0x01, 0x65});
  append(facts, "ecu.x");
  append(facts, ByteVector{0x02, 0x65});
  append(facts, "brake");
  facts.resize(facts.size() + parts.more_facts);
  return facts;
}

ByteVector manifest_of(const PackageParts& parts, const ByteVector& facts, const char* name) {
  ByteVector shared = {0x90, 0x0c, 0xf5, 0x14, 0xa2, 0x01, 0x50};
  append(shared, kVendor);
  append(shared, ByteVector{0x02, 0x50});
  append(shared, kClass);
  append(shared, ByteVector{0x01, 0x0f, 0x02, 0x0f, 0x0c, 0x00, 0x14, 0xa2, 0x03});
  append_digest(shared, facts);
  shared.push_back(0x0e);
  append_number(shared, static_cast<uint32_t>(facts.size()));
  append(shared, ByteVector{0x0c, 0x01, 0x14, 0xa2, 0x03});
  append_digest(shared, parts.payload);
  shared.push_back(0x0e);
  append_number(shared, static_cast<uint32_t>(parts.payload.size()));
  ByteVector common = {0xa2, 0x02, 0x82, 0x81, 0x45};
  append(common, "facts");
  append(common, ByteVector{0x81, 0x45});
  append(common, name);
  common.push_back(0x04);
  append_string(common, shared);
  ByteVector manifest = {0xa5, 0x01, 0x01, 0x02};
  append_number(manifest, parts.sequence);
  manifest.push_back(0x03);
  append_string(manifest, common);
  append(manifest, ByteVector{0x07, 0x45, 0x84, 0x0c, 0xf5, 0x03, 0x0f, 0x14, 0x58, 0x21, 0x90});
  append(manifest, ByteVector{0x0c, 0x00, 0x14, 0xa1, 0x15, 0x66});
  append(manifest, "#facts");
  append(manifest, ByteVector{0x15, 0x0f, 0x03, 0x0f, 0x0c, 0x01, 0x14, 0xa1, 0x15, 0x66, '#'});
  append(manifest, name);
  append(manifest, ByteVector{0x15, 0x0f, 0x03, 0x0f});
  return manifest;
}

}  // namespace

ByteVector build_package(const PackageParts& parts) {
  const char* const name = parts.model ? "model" : "trust";
  const ByteVector facts = facts_of(parts);
  ByteVector manifest;
  append_string(manifest, manifest_of(parts, facts, name));
  ByteVector digest;
  append_digest(digest, manifest);
  ByteVector head = {0x4d, 0xa2, 0x01, 0x27, 0x04, 0x48};
  append(head, parts.key.id);
  ByteVector message = {0x84, 0x6a};
  append(message, "Signature1");
  append(message, head);
  message.push_back(0x40);
  append(message, digest);
  ByteVector package = {0xd8, 0x6b, 0xa4, 0x02, 0x58, 0x7d, 0x82};
  append(package, digest);
  append(package, ByteVector{0x58, 0x54, 0xd2, 0x84});
  append(package, head);
  append(package, ByteVector{0xa0, 0xf6, 0x58, 0x40});
  append(package, sign(parts.key.public_key, message.data(), message.size()));
  package.push_back(0x03);
  append(package, manifest);
  append(package, ByteVector{0x66});
  append(package, "#facts");
  append_string(package, facts);
  append(package, ByteVector{0x66, '#'});
  append(package, name);
  append_string(package, parts.payload);
  return package;
}

ByteVector sha256_of(const uint8_t* bytes, size_t size) {
  Sha256 hash;
  hash.update(Span<const uint8_t>(bytes, size));
  const uint8_t* const digest = hash.finish();
  return ByteVector(digest, digest + ECU_DIGEST_SIZE);
}

ByteVector build_image(uint32_t size, uint64_t seed) {
  Random random(seed);
  ByteVector image = {'E', 'C', 'U', 'I', 1, 0, 2, 0};
  append_little(image, size);
  while (image.size() < size - ECU_DIGEST_SIZE) {
    // Long runs of erased values, as real images have: what is not written must not look written.
    const uint64_t word = random.next();
    const uint8_t value = (word & 3U) == 0 ? 0xff : (word & 3U) == 1 ? 0 : static_cast<uint8_t>(word >> 8U);
    image.push_back(value);
  }
  const ByteVector digest = sha256_of(image.data(), image.size());
  image.insert(image.end(), digest.begin(), digest.end());
  return image;
}

ecu_key build_key(uint8_t seed, uint32_t minimum, uint32_t uses) {
  ecu_key key = {};
  key.kind = ECU_KEY_ED25519 | uses;
  key.minimum = minimum;
  for (unsigned i = 0; i < 32; ++i) {
    key.public_key[i] = static_cast<uint8_t>((seed * 31U) + i);
  }
  memcpy(key.id, sha256_of(key.public_key, 32).data(), sizeof key.id);
  return key;
}

ByteVector build_key_set(const std::vector<ecu_key>& keys) {
  ByteVector set = {'E', 'C', 'U', 'K', 1, static_cast<uint8_t>(keys.size()), 0, 0};
  for (const ecu_key& key : keys) {
    append_little(set, key.kind);
    append_little(set, key.minimum);
    set.insert(set.end(), key.id, key.id + sizeof key.id);
    set.insert(set.end(), key.public_key, key.public_key + sizeof key.public_key);
  }
  const ByteVector digest = sha256_of(set.data(), set.size());
  set.insert(set.end(), digest.begin(), digest.end());
  return set;
}

ByteVector sign(const uint8_t* public_key, const uint8_t* message, size_t size) {
  ByteVector text(public_key, public_key + 64);
  text.insert(text.end(), message, message + size);
  ByteVector signature = sha256_of(text.data(), text.size());
  signature.resize(64, 0xa5);
  return signature;
}

ecu_status verify_double(void*, ecu_key_kind, const uint8_t* public_key, const uint8_t* message,
                         size_t message_size, const uint8_t* signature) {
  const ByteVector right = sign(public_key, message, message_size);
  return memcmp(right.data(), signature, right.size()) == 0 ? ECU_OK : ECU_PACKAGE_BAD_SIGNATURE;
}

}  // namespace ecu::test
