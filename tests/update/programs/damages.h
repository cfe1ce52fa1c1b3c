/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_TESTS_UPDATE_DAMAGES_H
#define ECU_TESTS_UPDATE_DAMAGES_H

namespace ecu::test {

/** Damages the journals of devices in each single way, one of `every`, and prints how many; how many times
 *  the confirmed model did not run, or the device took no package any more. */
int run_damages(unsigned every);

}  // namespace ecu::test
#endif
