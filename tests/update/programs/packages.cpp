/* SPDX-License-Identifier: Apache-2.0 */
#include "packages.h"

#include <string.h>

#include "image/sha256.h"
#include "random.h"
#include "records.h"

namespace ecu::test {

ByteVector sha256_of(const uint8_t* bytes, size_t size) {
  Sha256 hash;
  hash.update(Span<const uint8_t>(bytes, size));
  const Digest digest = hash.finish();
  return ByteVector(digest.bytes, digest.bytes + sizeof digest.bytes);
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

ecu_key build_key(uint8_t seed, uint32_t minimum) {
  ecu_key key = {};
  key.kind = ECU_KEY_ED25519;
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
    set.insert(set.end(), {key.kind, 0, 0, 0});
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
