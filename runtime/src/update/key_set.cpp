/* SPDX-License-Identifier: Apache-2.0 */
#include "key_set.h"

#include <stddef.h>
#include <string.h>

#include "../little_endian.h"
#include "journal.h"

namespace ecu {
namespace {

constexpr uint8_t kHead[5] = {0x45U, 0x43U, 0x55U, 0x4bU, 1U};  // "ECUK", version 1
constexpr uint32_t kCountAt = 5U;
constexpr uint32_t kHeadSize = 8U;
constexpr uint32_t kKeySize = 80U;

static_assert(sizeof(ecu_key) == kKeySize && offsetof(ecu_key, minimum) == 4U &&
              offsetof(ecu_key, id) == 8U && offsetof(ecu_key, public_key) == 16U);

/* The members lie as in flash; only the byte order of numbers may differ. */
bool read_key(const Area& area, uint32_t index, ecu_key& key) noexcept {
  uint8_t* const bytes = static_cast<uint8_t*>(static_cast<void*>(&key));
  const bool read = area.read(kHeadSize + (kKeySize * index), bytes, kKeySize);
  key.kind = load_u32(bytes);
  key.minimum = load_u32(bytes + offsetof(ecu_key, minimum));
  return read;
}

}  // namespace

uint32_t count_keys(const Area& area) noexcept {
  uint8_t head[kHeadSize];
  if (!area.read(0U, head, kHeadSize) || memcmp(head, kHead, sizeof kHead) != 0) {
    return 0U;
  }
  const uint32_t count = head[kCountAt];
  return count <= ECU_KEY_LIMIT && area.ends_with_digest(kHeadSize + (kKeySize * count)) ? count : 0U;
}

ecu_status find_key(const ecu_update& update, const uint8_t* id, ecu_key& key) noexcept {
  const ecu_update_config& config = *update.config;
  const bool factory = update.journal.keys == kNone;
  const Area area(config, ECU_AREA_KEYS_0 + (factory ? 0U : update.journal.keys));
  uint32_t left = factory ? config.factory_key_count : count_keys(area);
  if (left == 0U) {
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

}  // namespace ecu
