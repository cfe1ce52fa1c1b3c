/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_TESTS_UPDATE_PROMISES_H
#define ECU_TESTS_UPDATE_PROMISES_H

namespace ecu::test {

/** Runs the cases of single conditions, and prints a line for each; how many were wrong. */
int run_promises();

}  // namespace ecu::test
#endif
