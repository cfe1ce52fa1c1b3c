/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_TESTS_UPDATE_LOSSES_H
#define ECU_TESTS_UPDATE_LOSSES_H

namespace ecu::test {

/** Runs the cases in which flash loses what it held, and prints a line for each; how many were wrong. */
int run_losses();

}  // namespace ecu::test
#endif
