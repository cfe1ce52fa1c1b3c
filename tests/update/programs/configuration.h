/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What the program of a device says about itself: places in the simulated flash, for what the packages are.
 */
#ifndef ECU_TESTS_UPDATE_CONFIGURATION_H
#define ECU_TESTS_UPDATE_CONFIGURATION_H

#include <string.h>

#include "ecu/update.h"
#include "flash_simulator.h"
#include "packages.h"

namespace ecu::test {

/** Without self-test and number of tries. */
inline ecu_update_config configuration(FlashSimulator& flash, const ecu_flash& port, const ecu_key& key) {
  ecu_update_config config = {};
  config.flash = &port;
  for (unsigned i = 0; i < 2; ++i) {
    config.areas[ECU_AREA_SLOT_0 + i] = {flash.slot(i), flash.slot_size()};
    config.areas[ECU_AREA_JOURNAL_0 + i] = {flash.journal(i), flash.geometry().sector};
    config.areas[ECU_AREA_KEYS_0 + i] = {flash.keys(i), flash.geometry().sector};
    config.memory[i] = flash.at(flash.slot(i));
  }
  config.device = {{}, {}, 0x1001, ECU_ENGINE_NATIVE, kInterface, kKernels, sizeof kKernels, 4096, 300};
  memcpy(config.device.vendor_id, kVendor, sizeof kVendor);
  memcpy(config.device.class_id, kClass, sizeof kClass);
  config.factory_keys = &key;
  config.factory_key_count = 1;
  config.verify = verify_double;
  return config;
}

}  // namespace ecu::test
#endif
