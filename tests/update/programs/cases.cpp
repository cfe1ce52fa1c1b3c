/* SPDX-License-Identifier: Apache-2.0 */
/* Single cases beside the campaign: `cases states` prints the states of slots as docs/slots.md has them,
 * `cases diagram` those of the whole device, `cases refusals` what a device refuses, `cases check` runs what
 * is named at the end and prints a line for each. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "plain.h"
#include "update/journal.h"

namespace ecu::test {
namespace {

Device plain() { return Device(shelf(), kFlash, 0xff, kPlain, 2, 1); }

/* State of slot 1 after a change, as the next power-on reads it. */
ecu_slot_state state_after(ecu_slot_state from, ecu::Change change) {
  Device device(shelf(), kFlash, 0xff, {{{ECU_SLOT_CONFIRMED, 1}, {from, 2}}, 0, false, false}, 1, 1);
  device.power_on();
  const bool right = append(device.update, change, 1, from == ECU_SLOT_EMPTY ? 3 : 2) == ECU_OK;
  device.power_on();
  return right ? ecu_update_slot(&device.update, 1).state : ECU_SLOT_EMPTY;
}

int print_states() {
  const char* const names[] = {"empty", "staged", "confirmed"};
  printf("| from | emptied | staged | tried | confirmed |\n|---|---|---|---|---|\n");
  for (const ecu_slot_state from : {ECU_SLOT_EMPTY, ECU_SLOT_STAGED, ECU_SLOT_CONFIRMED}) {
    printf("| %s |", names[from]);
    for (const ecu::Change change :
         {ecu::Change::kEmptied, ecu::Change::kStaged, ecu::Change::kTried, ecu::Change::kConfirmed}) {
      printf(" %s |", names[state_after(from, change)]);
    }
    printf("\n");
  }
  return 0;
}

/* Status of open with a changed configuration. */
ecu_status open_with(const Change& change) {
  Device device = plain();
  device.power_on();
  ecu_update_config config = *device.update.config;
  change(config);
  ecu_update update;
  const ecu_status status = ecu_update_open(&update, &config);
  ecu_boot boot = {};
  const bool closed =
      ecu_update_boot(&update, &boot) == ECU_NOT_OPEN && ecu_update_begin(&update) == ECU_NOT_OPEN &&
      ecu_update_confirm(&update) == ECU_NOT_OPEN && ecu_update_revert(&update) == ECU_NOT_OPEN;
  return status != ECU_OK && !closed ? ECU_OK : status;
}

bool bad_layout(const Change& change) { return open_with(change) == ECU_UPDATE_BAD_LAYOUT; }

bool refuses_layouts() {
  static const ecu_flash_geometry wrong[] = {
      {2048, 0, 0xff}, {2048, 3, 0xff}, {2048, 512, 0xff}, {0, 8, 0xff}, {2052, 8, 0xff}};
  bool right = open_with([](ecu_update_config&) {}) == ECU_OK;
  for (const ecu_flash_geometry& geometry : wrong) {
    static ecu_flash port;
    static ecu_flash_geometry given;
    given = geometry;
    right = right && bad_layout([](ecu_update_config& config) {
              port = *config.flash;
              port.geometry = [](void*, uint32_t, ecu_flash_geometry* found) {
                *found = given;
                return ECU_OK;
              };
              config.flash = &port;
            });
  }
  right = right && bad_layout([](ecu_update_config& config) {
            static ecu_flash port;
            port = *config.flash;
            port.geometry = [](void*, uint32_t, ecu_flash_geometry*) { return ECU_FLASH_FAILED; };
            config.flash = &port;
          });
  for (unsigned a = 0; a < ECU_AREA_COUNT; ++a) {
    right = right && bad_layout([=](ecu_update_config& config) { config.areas[a].size -= 8; });
    right = right && bad_layout([=](ecu_update_config& config) { config.areas[a].size = 0; });
    for (unsigned b = 0; b < ECU_AREA_COUNT; ++b) {
      right = right && (a == b || bad_layout([=](ecu_update_config& config) {
                          config.areas[a].address = config.areas[b].address + (config.areas[b].size - 2048);
                        }));
    }
  }
  return right && bad_layout([](ecu_update_config& config) { config.memory[1] = nullptr; }) &&
         bad_layout([](ecu_update_config& config) {
           config.memory[0] = static_cast<const char*>(config.memory[0]) + 8;
         }) &&
         bad_layout([](ecu_update_config& config) { config.tries = 0; }) &&
         bad_layout([](ecu_update_config& config) { config.factory_key_count = 0; }) &&
         bad_layout([](ecu_update_config& config) { config.factory_key_count = 5; });
}

bool refuses_null() {
  const Change changes[] = {[](ecu_update_config& config) { config.flash = nullptr; },
                            [](ecu_update_config& config) { config.verify = nullptr; },
                            [](ecu_update_config& config) { config.factory_keys = nullptr; },
                            [](ecu_update_config& config) { config.device.interface_hash = nullptr; }};
  bool right = true;
  for (const Change& change : changes) {
    right = right && open_with(change) == ECU_NULL_ARGUMENT;
  }
  ecu_update update = {};
  ecu_boot boot = {};
  ecu_update_abort(nullptr);
  return right && ecu_update_open(nullptr, nullptr) == ECU_NULL_ARGUMENT &&
         ecu_update_open(&update, nullptr) == ECU_NULL_ARGUMENT &&
         ecu_update_boot(nullptr, &boot) == ECU_NULL_ARGUMENT &&
         ecu_update_boot(&update, nullptr) == ECU_NULL_ARGUMENT &&
         ecu_update_confirm(nullptr) == ECU_NULL_ARGUMENT &&
         ecu_update_revert(nullptr) == ECU_NULL_ARGUMENT && ecu_update_begin(nullptr) == ECU_NULL_ARGUMENT &&
         ecu_update_finish(nullptr) == ECU_NULL_ARGUMENT &&
         ecu_update_write(&update, nullptr, 1) == ECU_NULL_ARGUMENT &&
         ecu_update_write(&update, "", 1) == ECU_UPDATE_NOT_STARTED &&
         ecu_update_slot(nullptr, 0).state == ECU_SLOT_EMPTY &&
         ecu_update_package_header(nullptr, 0) == nullptr;
}

bool a_factory_boot_writes_nothing() {
  Device device(shelf(), kFlash, 0xff, {{{ECU_SLOT_CONFIRMED, 0}, kEmpty}, 0, false, true}, 0, 4);
  device.power_on();
  const bool booted = device.boot();
  return booted && device.booted.slot == 0 && device.booted.sequence == 0 && device.flash.operations() == 0;
}

bool a_slot_keeps_the_header_of_its_package() {
  Device device = plain();
  device.power_on();
  const bool booted = device.boot();
  device.install(shelf().package[2], 2);
  const ByteVector& package = shelf().package[2];
  const size_t size = package.size() - shelf().payload[2].size();
  const void* const header = ecu_update_package_header(&device.update, 1);
  return booted && header != nullptr && memcmp(header, package.data(), size) == 0 &&
         static_cast<const uint8_t*>(header)[size] == 0xff &&
         ecu_update_package_header(&device.update, 2) == nullptr;
}

bool a_lost_journal_does_not_bring_an_old_model_back() {
  Device device(shelf(), kFlash, 0xff, {{{ECU_SLOT_CONFIRMED, 4}, {ECU_SLOT_CONFIRMED, 5}}, 1, false, false},
                3, 4);
  device.flash.add_fuses(5);
  device.fault = Fault::kReads;
  for (unsigned sector = 0; sector < 2; ++sector) {
    memset(device.flash.at(device.flash.journal(sector)), 0xff, kFlash.sector);
  }
  device.power_on();
  const bool tried = ecu_update_boot(&device.update, &device.booted) == ECU_OK && device.booted.trial == 1U &&
                     device.booted.sequence == 5U;
  device.refuse(shelf().package[4], ECU_PACKAGE_ROLLBACK);
  const bool refused = ecu_update_begin(&device.update) == ECU_OK &&
                       ecu_update_write(&device.update, shelf().package[4].data(),
                                        shelf().package[4].size()) == ECU_PACKAGE_ROLLBACK;
  return tried && refused;
}

bool refuses_a_wrong_key_set() {
  ByteVector set = shelf().key_set;
  set[4] = 2;  // version
  Device device = plain();
  device.power_on();
  device.install(build_package({false, 2, set, shelf().factory_key}), 2, ECU_PACKAGE_BAD_KEY_SET);
  device.install(shelf().keys[2], 2);
  *device.flash.at(device.flash.keys(device.update.keys) + 20) ^= 1U;
  const bool right = device.failure().empty() && ecu_update_begin(&device.update) == ECU_FLASH_FAILED;
  device.power_on();
  const ByteVector& next = shelf().resigned[3];
  return right && ecu_update_begin(&device.update) == ECU_OK &&
         ecu_update_write(&device.update, next.data(), next.size()) == ECU_UPDATE_KEYS_DAMAGED;
}

bool takes_nothing_behind_a_payload() {
  Device device = plain();
  device.power_on();
  ByteVector longer = shelf().package[3];
  longer.push_back(0);
  const bool first = ecu_update_begin(&device.update) == ECU_OK &&
                     ecu_update_write(&device.update, longer.data(), longer.size()) == ECU_PACKAGE_TOO_LONG;
  const bool ended = ecu_update_finish(&device.update) == ECU_UPDATE_NOT_STARTED && device.nothing_staged();
  const bool second = ecu_update_begin(&device.update) == ECU_OK &&
                      ecu_update_write(&device.update, longer.data(), longer.size() - 1) == ECU_OK &&
                      ecu_update_write(&device.update, "", 1) == ECU_PACKAGE_TOO_LONG;
  return first && ended && second && device.nothing_staged();
}

constexpr Check kChecks[] = {
    {"refuses layouts", refuses_layouts},
    {"refuses null", refuses_null},
    {"a factory boot writes nothing", a_factory_boot_writes_nothing},
    {"a slot keeps the header of its package", a_slot_keeps_the_header_of_its_package},
    {"a lost journal does not bring an old model back", a_lost_journal_does_not_bring_an_old_model_back},
    {"refuses a wrong key set", refuses_a_wrong_key_set},
    {"takes nothing behind a payload", takes_nothing_behind_a_payload},
};

int check_all() { return run_all(kChecks); }

}  // namespace
}  // namespace ecu::test

int main(int argc, char** argv) {
  const char* const mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "refusals") == 0) {
    return ecu::test::print_refusals();
  }
  if (strcmp(mode, "diagram") == 0) {
    return ecu::test::print_diagram();
  }
  return strcmp(mode, "states") == 0 ? ecu::test::print_states() : ecu::test::check_all();
}
