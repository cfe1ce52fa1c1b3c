/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  How an input of the fuzzer is read: steps of four bytes. The first ones fill journal, slots and key
 * sectors past the code under test, the others are calls.
 */
#ifndef ECU_TESTS_UPDATE_SCENE_H
#define ECU_TESTS_UPDATE_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "flash_simulator.h"

namespace ecu::test {

constexpr size_t kStepSize = 4;
constexpr size_t kMostSteps = 64;

enum class Do : uint8_t {
  kRecord,    // a record with its right CRC
  kRepeat,    // the last record with rising sequences, until few places are left
  kBadPlace,  // torn, damaged, left free, or any bytes
  kHold,      // a package in a slot or key sector, whole or damaged
  kBoot,
  kConfirm,
  kRevert,
  kInstall,  // begin, write, finish
  kSend,     // begin and write
  kPart,     // begin and a part of the package
  kFinish,
  kAbort,
  kRestart,
  kCut,         // power fails in one of the next operations on flash
  kLose,        // the newest records can not be read any more; power is supplied anew
  kLoseSector,  // those of one sector, for ever or until some later time of power
  kKinds
};

struct Step {
  Do what;
  uint8_t a;
  uint8_t b;
  uint8_t c;
};

/** What an input says of the device before its steps; the first four bytes. */
struct DeviceTraits {
  uint8_t tries;
  bool has_fuses;
  uint16_t bad;  // bit set of the packages whose model fails its self-test
};

struct Scene {
  FlashSimulator flash;
  DeviceTraits device;
  std::vector<Step> calls;  // power is supplied before the first
};

/** Always gives a scene. */
Scene read_scene(const uint8_t* data, size_t size);

}  // namespace ecu::test
#endif
