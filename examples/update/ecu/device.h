// SPDX-License-Identifier: Apache-2.0
/// @file
/// What is particular about this ECU: its ids, the model that it was made for, the keys that it trusts.
#ifndef DEVICE_H
#define DEVICE_H

#include "ecu/update.h"
#include "factory_keys.h"  // of ecu-bundle keygen
#include "wine_grade.h"    // of the bundle

namespace device {

// The ids of the vendor ecu.example and its class wine-grader: UUIDs that `ecu-bundle inspect` shows.
constexpr uint8_t kVendorId[] = {0x99U, 0x1bU, 0x0eU, 0x77U, 0x8fU, 0xa7U, 0x54U, 0x5fU,
                                 0xb7U, 0x03U, 0xf8U, 0xf7U, 0x4fU, 0x8aU, 0x56U, 0xe1U};
constexpr uint8_t kClassId[] = {0x8fU, 0x48U, 0x12U, 0xc0U, 0xbdU, 0xb6U, 0x5bU, 0x42U,
                                0xb9U, 0xddU, 0x68U, 0xebU, 0xcbU, 0x87U, 0x91U, 0x20U};
constexpr uint32_t kHardwareId = 0x1001U;

constexpr const uint8_t* kInterfaceHash = wine_grade_interface_hash;
constexpr const uint8_t* kKernels = wine_grade_kernel_set;
constexpr uint32_t kKernelsSize = WINE_GRADE_KERNEL_SET_SIZE;

constexpr size_t kArenaSize = 8U * 1024U;  // more than the first model needs: a later one may be larger
constexpr uint32_t kStackSize = 4096U;
static_assert(kArenaSize >= WINE_GRADE_ARENA_SIZE, "the first model has to run");

/// Whether an open model is one that this program can feed.
inline ecu_status check(const ecu_model* model) { return wine_grade_check(model); }

}  // namespace device

#endif
