/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What an application does with the update code, from power-on to power-off. A flow is repeated until it
 *  says that it has reached its goal, whatever happened to it in between.
 */
#ifndef ECU_TESTS_UPDATE_FLOWS_H
#define ECU_TESTS_UPDATE_FLOWS_H

#include "device.h"

namespace ecu::test {

struct Flow {
  const char* name;
  Start start;
  /** One time of power; true when there is nothing left to do. */
  bool (*session)(Device& device);
};

extern const Flow kFlows[];
extern const unsigned kFlowCount;

/** Times of power that a flow takes at most when power does not fail. */
constexpr unsigned kMostSessions = 10;

}  // namespace ecu::test
#endif
