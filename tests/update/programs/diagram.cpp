/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out how a device goes from state to state, by calls of ecu/update.h alone: from each state that is
 * found, all that an application and a power supply can do. Prints it as docs/slots.md has it. */
#include <stdio.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plain.h"

namespace ecu::test {
namespace {

enum class Action { kPackage, kBadPackage, kFinish, kAbort, kBoot, kConfirm, kRevert, kDamage };
using Path = std::vector<Action>;

constexpr uint32_t kBad = 0xaaaa;  // odd sequences fail their self-test

/* A device from the factory after some actions. */
class Walk {
 public:
  explicit Walk(const Path& path)
      : device_(shelf(), kFlash, 0xff, {{{ECU_SLOT_CONFIRMED, 0}, kEmpty}, 0, false, true, kBad}, 0, 1) {
    restart();
    for (const Action action : path) {
      (void)take(action);
    }
  }

  /* What happened, as a word for the diagram; empty: nothing. */
  std::string take(Action action) {
    switch (action) {
      case Action::kPackage:
      case Action::kBadPackage:
        sequence_ += (sequence_ % 2U == 1) == (action == Action::kBadPackage) ? 2U : 1U;
        return send(shelf().package[sequence_]) ? "package accepted" : "";
      case Action::kFinish:
        return ecu_update_finish(&device_.update) == ECU_OK ? "package complete" : "";
      case Action::kAbort:
        ecu_update_abort(&device_.update);
        return "abort";
      case Action::kBoot:
        return restart();
      case Action::kConfirm:
        lacks_model_ = false;
        return ecu_update_confirm(&device_.update) == ECU_OK ? "confirm" : "";
      case Action::kRevert:
        return revert() ? "revert" : "";
      default:
        *device_.flash.at(device_.flash.slot(device_.booted.slot & 1U) + 80) ^= 4U;
        (void)restart();
        lacks_model_ = true;
        return "image damaged";
    }
  }

  [[nodiscard]] const char* state() const {
    const ecu_update& update = device_.update;
    const bool waits = ecu_update_slot(&update, 0).state == ECU_SLOT_STAGED ||
                       ecu_update_slot(&update, 1).state == ECU_SLOT_STAGED;
    return update.trial != 0    ? "trial"
           : update.phase != 0  ? "install"
           : waits              ? "staged"
           : update.running < 2 ? "running"
                                : "no_model";
  }

  /* Two devices with the same key go on alike, but for the numbers of their packages. */
  [[nodiscard]] std::string key() const {
    const ecu_update& update = device_.update;
    std::string key = state();
    for (unsigned slot = 0; slot < 2; ++slot) {
      const ecu_slot_info info = ecu_update_slot(&update, slot);
      key += std::to_string(info.state) +
             (info.state == ECU_SLOT_STAGED && info.sequence % 2U == 1 ? "bad" : "");
    }
    const bool odd = sequence_ % 2U == 1 && update.phase != 0;
    return key + std::to_string(update.running) + std::to_string(update.journal.tries) + (odd ? "bad" : "") +
           (lacks_model_ ? "lacks" : "");
  }

  [[nodiscard]] bool has_room() const { return sequence_ + 2 < kSequences; }

 private:
  std::string restart() {
    const bool in_install = device_.update.phase != 0;
    device_.power_on();
    (void)ecu_update_boot(&device_.update, &device_.booted);
    const ecu_status reverted = device_.booted.reverted;
    return reverted == ECU_UPDATE_SELF_TEST_FAILED ? "self-test fails"
           : reverted == ECU_UPDATE_NO_TRIAL       ? "all tries used"
           : in_install                            ? "power lost"
                                                   : "boot";
  }

  /* The model on trial stops; what was confirmed runs from the next boot on. */
  bool revert() {
    const bool reverted = ecu_update_revert(&device_.update) == ECU_OK;
    if (reverted && device_.update.running == 2) {
      (void)restart();
    }
    return reverted;
  }

  bool send(const ByteVector& package) {
    return ecu_update_begin(&device_.update) == ECU_OK &&
           ecu_update_write(&device_.update, package.data(), package.size()) == ECU_OK;
  }

  Device device_;
  uint32_t sequence_ = 0;
  bool lacks_model_ = false;  // no confirmed one is whole
};

}  // namespace

int print_diagram() {
  static constexpr const char* kStates[] = {"running", "no_model", "install", "staged", "trial"};
  static constexpr const char* kWords[] = {
      "package accepted", "package complete", "boot",          "confirm", "revert",
      "self-test fails",  "all tries used",   "image damaged", "abort",   "power lost"};
  std::map<std::string, Path> found = {{Walk({}).key(), {}}};
  std::vector<std::string> open = {Walk({}).key()};
  std::map<std::pair<std::string, std::string>, std::set<std::string>> edges;
  while (!open.empty()) {
    const std::string key = open.back();
    open.pop_back();
    for (int number = 0; number <= static_cast<int>(Action::kDamage); ++number) {
      Walk walk(found[key]);
      const std::string from = walk.state();
      const Action action = static_cast<Action>(number);
      if (!walk.has_room() || (action == Action::kDamage && from != "running")) {
        continue;
      }
      const std::string word = walk.take(action);
      const std::string next = walk.key();
      if (word.empty() || next == key) {
        continue;
      }
      if (from != walk.state() || from == "trial") {
        edges[{from, walk.state()}].insert(word);
      }
      if (found.count(next) == 0) {
        Path path = found[key];
        path.push_back(action);
        found[next] = path;
        open.insert(open.begin(), next);
      }
    }
  }
  printf("```mermaid\nstateDiagram-v2\n  [*] --> running: from the factory\n");
  for (const char* from : kStates) {
    for (const char* to : kStates) {
      std::string text;
      for (const char* word : kWords) {
        text += edges[{from, to}].count(word) == 0 ? "" : (text.empty() ? "" : ", ") + std::string(word);
      }
      if (!text.empty()) {
        printf("  %s --> %s: %s\n", from, to, text.c_str());
      }
    }
  }
  printf("```\n");
  return 0;
}

}  // namespace ecu::test
