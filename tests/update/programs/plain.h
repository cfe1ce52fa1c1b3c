/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The device that single cases start from.
 */
#ifndef ECU_TESTS_UPDATE_PLAIN_H
#define ECU_TESTS_UPDATE_PLAIN_H

#include <functional>

#include "device.h"

namespace ecu::test {

constexpr Geometry kFlash = {8, 2048};
constexpr ecu_slot_info kEmpty = {ECU_SLOT_EMPTY, 0};
constexpr Start kPlain = {{{ECU_SLOT_CONFIRMED, 1}, kEmpty}, 0, false, false};

inline const Shelf& shelf() {
  static const Shelf made(kFlash);
  return made;
}

/** What a case changes in a configuration. */
using Change = std::function<void(ecu_update_config&)>;

/** Prints a line for everything that a device refuses; in refusals.cpp. */
int print_refusals();

/** Prints how a device goes from state to state; in diagram.cpp. */
int print_diagram();

}  // namespace ecu::test
#endif
