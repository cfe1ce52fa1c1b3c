/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The keys that may sign packages: those of the factory, or the set that a key package brought into a key
 *  sector (docs/update_package.md, "Payload of a key package").
 */
#ifndef ECU_SRC_UPDATE_KEY_SET_H
#define ECU_SRC_UPDATE_KEY_SET_H

#include <stddef.h>
#include <stdint.h>

#include "area.h"
#include "ecu/update.h"

namespace ecu {

/** Bytes of the largest key set. */
constexpr uint32_t kLargestKeySet = 360U;

/** Number of keys of the key set that the area starts with; 0 when it breaks its format or its digest. The
 *  keys themselves are those that the package was signed for: their ids are not computed again. */
[[nodiscard]] uint32_t count_keys(const Area& area) noexcept;

/** Looks a key up in the set in force.
 *
 *  @param id  8 bytes
 *  @param key filled when the status is ECU_OK, else not to be used
 *  @return ECU_OK, ECU_PACKAGE_UNKNOWN_KEY, or ECU_UPDATE_KEYS_DAMAGED
 */
[[nodiscard]] ecu_status find_key(const ecu_update& update, const uint8_t* id, ecu_key& key) noexcept;

}  // namespace ecu
#endif
