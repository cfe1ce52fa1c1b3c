/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Single cases by name; each prints `right` or `WRONG` and its name.
 */
#ifndef ECU_TESTS_UPDATE_CHECKS_H
#define ECU_TESTS_UPDATE_CHECKS_H

#include <stdio.h>

namespace ecu::test {

struct Check {
  const char* name;
  bool (*run)();
};

/** Runs all; gives how many are wrong. */
template <unsigned kCount>
int run_all(const Check (&checks)[kCount]) {
  int failures = 0;
  for (const Check& check : checks) {
    const bool right = check.run();
    printf("%s %s\n", right ? "right" : "WRONG", check.name);
    failures += right ? 0 : 1;
  }
  return failures;
}

}  // namespace ecu::test
#endif
