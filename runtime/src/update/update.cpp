/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/update.h"

#include "area.h"
#include "journal.h"
#include "key_set.h"
#include "slots.h"
#include "stored.h"

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
    "ECU_FLASH_DAMAGED: bytes that the flash can not give back any more",
    "ECU_PACKAGE_WRONG_USE: signed with a key that is not for packages of this kind",
};
static_assert(sizeof kTexts / sizeof kTexts[0] == ECU_PACKAGE_WRONG_USE - kFirst + 1U);

/* Bytes that an area has at least. */
uint32_t least_size(const ecu::Area& area, uint32_t index) noexcept {
  if (index >= ECU_AREA_KEYS_0) {
    return ecu::kLargestKeySet + ECU_PACKAGE_HEADER_SIZE;
  }
  return index >= ECU_AREA_JOURNAL_0 ? ecu::kFewestRecords * ecu::record_stride(area.geometry.program_unit)
                                     : ECU_PACKAGE_HEADER_SIZE + 1U;
}

/* Differences wrap around, so that each is the distance from the start of one area up to the other. */
bool apart(const ecu_area& a, const ecu_area& b) noexcept {
  return b.address - a.address >= a.size && a.address - b.address >= b.size;
}

/* Also reads the geometry, once: a port that fails later can not change it. */
bool has_usable_areas(ecu_update& update, const ecu_update_config& config) noexcept {
  const ecu_flash& port = *config.flash;
  for (uint32_t i = 0U; i < ECU_AREA_COUNT; ++i) {
    ecu::Area& area = update.areas[i];
    area.port = &port;
    area.place = config.areas[i];
    const ecu_status status = port.geometry(port.context, area.place.address, &area.geometry);
    bool right = status == ECU_OK && ecu::is_usable(area) && area.place.size >= least_size(area, i);
    for (uint32_t j = 0U; j < i; ++j) {
      right = right && apart(config.areas[i], config.areas[j]);
    }
    if (!right) {
      return false;
    }
  }
  return true;
}

bool is_image_place(const void* memory) noexcept {
  return memory != nullptr && reinterpret_cast<uintptr_t>(memory) % ECU_IMAGE_ALIGNMENT == 0U;
}

bool is_complete(const ecu_update_config& config) noexcept {
  const ecu_flash* const port = config.flash;
  return port != nullptr && port->geometry != nullptr && port->read != nullptr && port->program != nullptr &&
         port->erase != nullptr && config.verify != nullptr && config.factory_keys != nullptr &&
         config.device.interface_hash != nullptr;
}

}  // namespace

const char* ecu_update_status_text(ecu_status status) {
  return kTexts[static_cast<unsigned>(status) - kFirst];
}

ecu_status ecu_update_open(ecu_update* update, const ecu_update_config* config) {
  if (update == nullptr || config == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  *update = ecu_update{};
  if (!is_complete(*config)) {
    return ECU_NULL_ARGUMENT;
  }
  update->config = config;
  update->running = ecu::kNone;
  ecu_status status = ECU_UPDATE_BAD_LAYOUT;
  if (config->tries != 0U && config->factory_key_count - 1U < ECU_KEY_LIMIT &&
      is_image_place(config->memory[0]) && is_image_place(config->memory[1]) &&
      has_usable_areas(*update, *config)) {
    status = ecu::read_counter(*update, 0U);
    if (status == ECU_OK) {
      status = ecu::read_state(*update);
    }
  }
  if (status != ECU_OK) {
    update->config = nullptr;
  }
  return status;
}

ecu_slot_info ecu_update_slot(const ecu_update* update, uint32_t slot) {
  ecu_slot_info info = {};
  if (update != nullptr && update->config != nullptr && slot < 2U) {
    info.state = static_cast<ecu_slot_state>(update->journal.slots[slot].state);
    info.sequence = update->journal.slots[slot].sequence;
  }
  return info;
}

const void* ecu_update_package_header(const ecu_update* update, uint32_t slot) {
  if (ecu_update_slot(update, slot).state == ECU_SLOT_EMPTY) {
    return nullptr;
  }
  const void* const memory = update->config->memory[slot];
  return static_cast<const uint8_t*>(memory) + ecu::room_of(update->areas[slot]);
}
