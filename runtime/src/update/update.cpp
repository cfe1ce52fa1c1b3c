/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/status.h"

extern "C" const char* ecu_update_status_text(ecu_status status);

namespace {

constexpr unsigned kFirst = ECU_FLASH_FAILED;

// In the order of their numbers, from kFirst.
constexpr const char* kTexts[] = {
    "ECU_FLASH_FAILED: the flash port failed, or flash does not hold what was programmed",
    "ECU_UPDATE_BAD_LAYOUT: the configuration of slots, journal or keys breaks a rule",
    "ECU_UPDATE_NO_MODEL: no slot holds a valid model that may run",
    "ECU_UPDATE_NO_TRIAL: there is no trial to confirm or to revert",
    "ECU_UPDATE_TRIAL_RUNNING: a trial runs: confirm or revert it before an install",
    "ECU_UPDATE_NOT_STARTED: no install is under way, or it was refused",
    "ECU_UPDATE_SELF_TEST_FAILED: the new model does not compute its golden vectors",
    "ECU_UPDATE_KEYS_DAMAGED: the key set in flash does not match its digest",
    "ECU_PACKAGE_TRUNCATED: the package ends before its payload does",
    "ECU_PACKAGE_MALFORMED: a byte that this profile does not allow there",
    "ECU_PACKAGE_TOO_LONG: more bytes before or after the payload than the profile allows",
    "ECU_PACKAGE_BAD_DIGEST: manifest or facts do not match the signed digest",
    "ECU_PACKAGE_UNKNOWN_KEY: signed with a key that the device does not have",
    "ECU_PACKAGE_BAD_SIGNATURE: the signature is not right",
    "ECU_PACKAGE_KEY_RETIRED: the sequence is older than what its key may sign",
    "ECU_PACKAGE_WRONG_VENDOR: made for the devices of another vendor",
    "ECU_PACKAGE_WRONG_CLASS: made for another class of devices",
    "ECU_PACKAGE_WRONG_HARDWARE: the hardware of this device is not listed",
    "ECU_PACKAGE_ROLLBACK: older than what the device has confirmed",
    "ECU_PACKAGE_OTHER_CONTENT: the sequence of the confirmed package, but another content",
    "ECU_PACKAGE_WRONG_FORMAT: an image or program format that is not read here",
    "ECU_PACKAGE_WRONG_INTERFACE: the model has another interface than this device",
    "ECU_PACKAGE_KERNEL_MISSING: the model needs a kernel that is not linked in",
    "ECU_PACKAGE_ARENA_TOO_SMALL: the model needs a larger arena than the device has",
    "ECU_PACKAGE_STACK_TOO_SMALL: the model needs more stack than the device has",
    "ECU_PACKAGE_TOO_LARGE: the payload does not fit its place in flash",
    "ECU_PACKAGE_BAD_PAYLOAD: the payload does not match the signed digest",
    "ECU_PACKAGE_BAD_KEY_SET: a key set that breaks its format",
    "ECU_PACKAGE_BAD_VECTORS: golden vectors that break their format",
    "ECU_PACKAGE_BAD_MAGIC: not an update package",
    "ECU_PACKAGE_BAD_VERSION: a version of manifest or profile that is not read here",
    "ECU_PACKAGE_BAD_ALGORITHM: a signature algorithm that profile or key does not have",
};
static_assert(sizeof kTexts / sizeof kTexts[0] == ECU_PACKAGE_BAD_ALGORITHM - kFirst + 1U);

}  // namespace

const char* ecu_update_status_text(ecu_status status) {
  return kTexts[static_cast<unsigned>(status) - kFirst];
}
