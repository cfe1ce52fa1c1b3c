/* SPDX-License-Identifier: Apache-2.0 */
#include "key_set.h"

#include <stddef.h>
#include <string.h>

#include "../little_endian.h"
#include "journal.h"

namespace ecu {
namespace {

constexpr uint8_t kHead[8] = {0x45U, 0x43U, 0x55U, 0x4bU, 1U};  // "ECUK", version 1; the number of keys; 0
constexpr uint32_t kCountAt = 5U;
constexpr uint32_t kHeadSize = sizeof kHead;
constexpr uint32_t kKeySize = 80U;
constexpr uint32_t kAllUses = (ECU_KEY_FOR_MODELS | ECU_KEY_FOR_KEYS) / ECU_KEY_FOR_MODELS;

static_assert(sizeof(ecu_key) == kKeySize && offsetof(ecu_key, minimum) == 4U &&
              offsetof(ecu_key, id) == 8U && offsetof(ecu_key, public_key) == 16U);

/* The members lie as in flash; only the byte order of numbers may differ. */
bool read_key(const Area& area, uint32_t index, ecu_key& key) noexcept {
  uint8_t* const bytes = static_cast<uint8_t*>(static_cast<void*>(&key));
  const ecu_status status = read(area, kHeadSize + (kKeySize * index), bytes, kKeySize);
  key.kind = load_u32(bytes);
  key.minimum = load_u32(bytes + offsetof(ecu_key, minimum));
  return status == ECU_OK;
}

/* Number of keys of a set with the right head and digest, else 0. */
uint32_t count_keys(const Area& area) noexcept {
  uint8_t head[kHeadSize];
  if (read(area, 0U, head, kHeadSize) != ECU_OK) {
    return 0U;
  }
  const uint32_t count = head[kCountAt];
  head[kCountAt] = 0U;
  const bool right = memcmp(head, kHead, kHeadSize) == 0 && count <= ECU_KEY_LIMIT;
  return right && ends_with_digest(area, kHeadSize + (kKeySize * count)) ? count : 0U;
}

/* Kind and uses are such that there are, and the id is that of the key. */
bool is_right(const ecu_key& key) noexcept {
  const uint32_t kind = key.kind % ECU_KEY_FOR_MODELS;
  const uint32_t uses = key.kind / ECU_KEY_FOR_MODELS;  // and what is reserved
  if (kind == 0U || kind > ECU_KEY_P256 || uses == 0U || uses > kAllUses) {
    return false;
  }
  Sha256 hash;
  hash.update(Bytes(key.public_key, kind * (sizeof key.public_key / 2U)));  // Ed25519: a half, P-256: all
  return memcmp(hash.finish(), key.id, sizeof key.id) == 0;
}

/* Looks a key up in the set in force, by its id. */
ecu_status find_key(const ecu_update& update, const uint8_t* id, ecu_key& key) noexcept {
  const ecu_update_config& config = *update.config;
  const bool factory = update.keys == kNone;
  const Area& area = update.areas[ECU_AREA_KEYS_0 + (factory ? 0U : update.keys)];
  uint32_t left = factory ? config.factory_key_count : count_keys(area);
  if (update.keys_right == 0U || left == 0U) {
    return ECU_UPDATE_KEYS_DAMAGED;
  }
  for (; left > 0U; --left) {
    if (factory) {
      key = config.factory_keys[left - 1U];
    } else if (!read_key(area, left - 1U, key)) {
      return ECU_UPDATE_KEYS_DAMAGED;
    }
    if (memcmp(key.id, id, sizeof key.id) == 0) {
      return ECU_OK;
    }
  }
  return ECU_PACKAGE_UNKNOWN_KEY;
}

}  // namespace

bool is_key_set(const Area& area, uint32_t size) noexcept {
  const uint32_t count = count_keys(area);
  bool right = count != 0U && size == kHeadSize + (kKeySize * count) + ECU_DIGEST_SIZE;
  for (uint32_t i = 0U; right && i < count; ++i) {
    ecu_key key;
    right = read_key(area, i, key) && is_right(key);
  }
  return right;
}

ecu_status check_signed(const ecu_update& update, const PackageHeader& header) noexcept {
  const ecu_update_config& config = *update.config;
  ecu_key key;
  ecu_status status = check_digests(header);
  if (status == ECU_OK) {
    status = find_key(update, header.key_id(), key);
  }
  if (status == ECU_OK) {
    status = check_signature(header, key, config.verify, config.verify_context);
  }
  return status;
}

}  // namespace ecu
