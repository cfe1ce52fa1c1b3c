/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a device refuses, each on a device of its own: a line with the status, the operations that
 * changed flash, and the name of the case. */
#include <stdio.h>
#include <string.h>

#include "plain.h"

namespace ecu::test {
namespace {

constexpr Start kLater = {{{ECU_SLOT_CONFIRMED, 4}, {ECU_SLOT_CONFIRMED, 5}}, 1, false, false};
constexpr Start kWaiting = {{{ECU_SLOT_CONFIRMED, 1}, {ECU_SLOT_STAGED, 2}}, 0, false, false};
constexpr Start kRotated = {{{ECU_SLOT_CONFIRMED, 1}, kEmpty}, 0, false, false, 0, 2};

struct Refusal {
  const char* name;
  ByteVector package;
  Change change = [](ecu_update_config&) {};  // of the configuration
  Start start = kPlain;
  std::function<void(Device&)> before = [](Device&) {};
  bool whole = true;  // with the call that ends an install
};

ByteVector changed(size_t at, uint8_t bits) {
  ByteVector package = shelf().package[2];
  package[at] ^= bits;
  return package;
}

ByteVector beginning(size_t size) {
  return ByteVector(shelf().package[2].begin(), shelf().package[2].begin() + static_cast<long>(size));
}

size_t header_size() { return shelf().package[2].size() - shelf().payload[2].size(); }

ByteVector too_large() {
  ByteVector payload = shelf().payload[2];
  payload.resize(3U * 2048U - 1024U + 16U);
  return build_package({true, 2, payload, shelf().factory_key});
}

ByteVector wrong_key_set() {
  ByteVector set = shelf().key_set;
  set[4] = 2;  // version
  return build_package({false, 2, set, shelf().factory_key});
}

ByteVector longer() {
  ByteVector package = shelf().package[2];
  package.push_back(0);
  return package;
}

void boot(Device& device) { (void)device.boot(); }

void damage_keys(Device& device) { *device.flash.at(device.flash.keys(device.update.keys) + 20) ^= 1U; }

void break_program(ecu_update_config& config) {
  static ecu_flash port;
  port = *config.flash;
  port.program = [](void*, uint32_t, const void*, uint32_t) { return ECU_FLASH_FAILED; };
  config.flash = &port;
}

std::vector<Refusal> refusals() {
  const ByteVector& right = shelf().package[2];
  static ecu_key retired;
  retired = shelf().factory_key;
  retired.minimum = 3;
  static const ecu_key release = build_key(1, 3, ECU_KEY_FOR_MODELS);
  static const ecu_key root = build_key(1, 3, ECU_KEY_FOR_KEYS);
  static const ecu_key useless = build_key(1, 0, 0);
  static const uint8_t other_interface[ECU_DIGEST_SIZE] = {};
  return {
      {"another kind of file", ByteVector(10, 0)},
      {"a byte of the template", changed(0x86, 0x01)},
      {"a string longer than its content", changed(0x8f, 0x01)},
      {"another version of the manifest", changed(0x88, 0x02)},
      {"an unknown algorithm", changed(0x34, 0x08)},
      {"the algorithm of another kind of key", changed(0x34, 0x01)},
      {"a header beyond its limit", build_package({true, 2, shelf().payload[2], shelf().factory_key, 700})},
      {"a header that is cut", beginning(header_size() - 1U)},
      {"nothing", ByteVector()},
      {"a changed manifest", changed(0xa9, 0x01)},
      {"changed facts", changed(header_size() - 12U, 0x01)},
      {"an unknown key", shelf().resigned[2]},
      {"a changed key id", changed(0x37, 0x01)},
      {"a changed signature", changed(0x64, 0x01)},
      {"a key for later packages", right, [](ecu_update_config& config) { config.factory_keys = &retired; }},
      {"keys by a release key", shelf().keys[2],
       [](ecu_update_config& config) { config.factory_keys = &release; }},
      {"a model by a root key", right, [](ecu_update_config& config) { config.factory_keys = &root; }},
      {"a key for nothing", right, [](ecu_update_config& config) { config.factory_keys = &useless; }},
      {"another vendor", right, [](ecu_update_config& config) { config.device.vendor_id[0] ^= 1U; }},
      {"another class", right, [](ecu_update_config& config) { config.device.class_id[0] ^= 1U; }},
      {"other hardware", right, [](ecu_update_config& config) { config.device.hardware_id = 1; }},
      {"an older package", shelf().package[3], [](ecu_update_config&) {}, kLater, boot},
      {"an older key set", shelf().keys[4], [](ecu_update_config&) {}, kLater, boot},
      {"the same sequence, other content", shelf().other_content[5], [](ecu_update_config&) {}, kLater, boot},
      {"another engine", right, [](ecu_update_config& config) { config.device.engine = ECU_ENGINE_ORT; }},
      {"another interface", right,
       [](ecu_update_config& config) { config.device.interface_hash = other_interface; }},
      {"a missing kernel", right, [](ecu_update_config& config) { config.device.kernels_size = 1; }},
      {"a small arena", right, [](ecu_update_config& config) { config.device.arena_size = 4095; }},
      {"a small stack", right, [](ecu_update_config& config) { config.device.stack_size = 299; }},
      {"a large payload", too_large()},
      {"a trial that runs", shelf().package[3], [](ecu_update_config&) {}, kWaiting, boot},
      {"a damaged key set in flash", shelf().resigned[3], [](ecu_update_config&) {}, kRotated, damage_keys},
      {"no begin", right, [](ecu_update_config&) {}, kPlain,
       [](Device& device) { ecu_update_abort(&device.update); }, false},
      {"flash that takes nothing", right, break_program},
      {"a payload that is cut", beginning(right.size() - 1U)},
      {"a payload with more behind it", longer()},
      {"a changed payload", changed(right.size() - 1U, 0x01)},
      {"a wrong key set", wrong_key_set()},
  };
}

}  // namespace

int print_refusals() {
  for (const Refusal& refusal : refusals()) {
    Device device(shelf(), kFlash, 0xff, refusal.start, 3, 1);
    device.power_on();
    ecu_update_config config = *device.update.config;
    refusal.change(config);
    ecu_status status = ecu_update_open(&device.update, &config);
    if (status == ECU_OK && refusal.whole) {
      status = ecu_update_begin(&device.update);
    }
    refusal.before(device);
    const uint32_t before = device.flash.operations();
    if (refusal.whole && device.update.phase == 0U) {
      status = ecu_update_begin(&device.update);
    }
    const ByteVector& package = refusal.package;
    if (status == ECU_OK) {
      status = ecu_update_write(&device.update, package.data(), package.size());
    }
    if (status == ECU_OK) {
      status = ecu_update_finish(&device.update);
    }
    const bool again = ecu_update_finish(&device.update) == ECU_UPDATE_NOT_STARTED;
    printf("%u %u %u %s\n", static_cast<unsigned>(status), device.flash.operations() - before,
           again ? 1U : 0U, refusal.name);
  }
  return 0;
}

}  // namespace ecu::test
