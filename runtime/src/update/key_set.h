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
#include "package.h"

namespace ecu {

/** Bytes of the largest key set. */
constexpr uint32_t kLargestKeySet = 360U;

/** The area starts with a key set of this size that keeps its format: every key has its own id. */
[[nodiscard]] bool is_key_set(const Area& area, uint32_t size) noexcept;

/** Whether the header belongs to its digests and is signed by a key in force.
 *
 *  @return ECU_OK, ECU_PACKAGE_BAD_DIGEST, ECU_UPDATE_KEYS_DAMAGED, ECU_PACKAGE_UNKNOWN_KEY, or what
 *          check_signature says
 */
[[nodiscard]] ecu_status check_signed(const ecu_update& update, const PackageHeader& header) noexcept;

}  // namespace ecu
#endif
