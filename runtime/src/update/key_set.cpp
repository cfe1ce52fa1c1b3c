/* SPDX-License-Identifier: Apache-2.0 */
#include "key_set.h"

#include <string.h>

#include "../little_endian.h"
#include "journal.h"

namespace ecu {
namespace {

constexpr uint8_t kHead[5] = {0x45U, 0x43U, 0x55U, 0x4bU, 1U};  // "ECUK", version 1
constexpr uint32_t kCountAt = 5U;
constexpr uint32_t kHeadSize = 8U;
constexpr uint32_t kKeySize = 80U;
constexpr uint32_t kMinimumAt = 4U;
constexpr uint32_t kIdAt = 8U;
constexpr uint32_t kPublicKeyAt = 16U;

bool is_zero(const uint8_t* bytes, size_t size) noexcept {
  uint8_t found = 0U;
  for (size_t i = 0U; i < size; ++i) {
    found |= bytes[i];
  }
  return found == 0U;
}

/* Reads key `index` of a set; false when it breaks the format. */
bool read_key(const Area& area, uint32_t index, ecu_key& key) noexcept {
  uint8_t bytes[kKeySize];
  if (!area.read(kHeadSize + (kKeySize * index), bytes, kKeySize) || !is_zero(bytes + 1, kMinimumAt - 1U)) {
    return false;
  }
  key.kind = bytes[0];
  key.minimum = load_u32(bytes + kMinimumAt);
  memcpy(key.id, bytes + kIdAt, sizeof key.id);
  memcpy(key.public_key, bytes + kPublicKeyAt, sizeof key.public_key);
  const size_t size = key.kind == ECU_KEY_ED25519 ? 32U : sizeof key.public_key;
  Sha256 hash;
  hash.update(Bytes(key.public_key, size));
  const Digest digest = hash.finish();
  return (key.kind == ECU_KEY_ED25519 || key.kind == ECU_KEY_P256) &&
         is_zero(key.public_key + size, sizeof key.public_key - size) &&
         memcmp(digest.bytes, key.id, sizeof key.id) == 0;
}

/* Number of keys, 0 when the head or the digest is wrong. */
uint32_t count_keys(const Area& area) noexcept {
  uint8_t head[kHeadSize];
  uint8_t digest[ECU_DIGEST_SIZE];
  if (!area.read(0U, head, kHeadSize) || memcmp(head, kHead, sizeof kHead) != 0 ||
      head[kCountAt] > ECU_KEY_LIMIT || !is_zero(head + kCountAt + 1, kHeadSize - kCountAt - 1U)) {
    return 0U;
  }
  const uint32_t size = kHeadSize + (kKeySize * head[kCountAt]);
  return area.read(size, digest, ECU_DIGEST_SIZE) && area.has_digest(size, digest) ? head[kCountAt] : 0U;
}

}  // namespace

bool holds_key_set(const Area& area) noexcept {
  const uint32_t count = count_keys(area);
  ecu_key key = {};
  for (uint32_t i = 0U; i < count; ++i) {
    if (!read_key(area, i, key)) {
      return false;
    }
  }
  return count != 0U;
}

ecu_status find_key(const ecu_update& update, const uint8_t* id, ecu_key& key, size_t& count) noexcept {
  const ecu_update_config& config = *update.config;
  const uint8_t sector = update.journal.keys;
  count = 0U;
  if (sector == kNone) {
    for (uint32_t i = 0U; i < config.factory_key_count && count == 0U; ++i) {
      key = config.factory_keys[i];
      count = memcmp(key.id, id, sizeof key.id) == 0 ? 1U : 0U;
    }
    return ECU_OK;
  }
  const Area area(*config.flash, config.keys[sector]);
  const uint32_t keys = count_keys(area);
  for (uint32_t i = 0U; i < keys && count == 0U; ++i) {
    if (!read_key(area, i, key)) {
      return ECU_UPDATE_KEYS_DAMAGED;
    }
    count = memcmp(key.id, id, sizeof key.id) == 0 ? 1U : 0U;
  }
  return keys == 0U ? ECU_UPDATE_KEYS_DAMAGED : ECU_OK;
}

}  // namespace ecu
