/* SPDX-License-Identifier: Apache-2.0 */
#include "flows.h"

namespace ecu::test {
namespace {

constexpr ecu_slot_info kEmpty = {ECU_SLOT_EMPTY, 0};
constexpr ecu_slot_info confirmed(uint32_t sequence) { return {ECU_SLOT_CONFIRMED, sequence}; }
constexpr ecu_slot_info staged(uint32_t sequence) { return {ECU_SLOT_STAGED, sequence}; }

/* Installs the package where it does not run yet, and confirms it on its trial. */
bool update_to(Device& device, uint32_t sequence) {
  if (!device.boot()) {
    return false;
  }
  if (device.booted.trial != 0) {
    device.expect(device.booted.sequence == sequence, "trial of another model");
    device.confirm();
    return false;
  }
  if (device.booted.sequence == sequence && device.nothing_staged()) {
    return true;
  }
  device.install(device.shelf->package[sequence], sequence);
  return false;
}

bool install(Device& device) { return update_to(device, 2); }

/* The package that runs, once more: afterwards both slots hold it. */
bool install_again(Device& device) {
  if (!device.boot()) {
    return false;
  }
  const ecu_slot_info other = ecu_update_slot(&device.update, device.booted.slot ^ 1U);
  if (device.booted.trial != 0) {
    device.confirm();
  } else if (other.state == ECU_SLOT_CONFIRMED && other.sequence == 5) {
    return true;
  } else {
    device.refuse(device.shelf->other_content[5], ECU_PACKAGE_OTHER_CONTENT);
    device.install(device.shelf->package[5], 5);
  }
  return false;
}

bool confirm(Device& device) {
  if (device.boot() && device.booted.trial != 0) {
    device.refuse(device.shelf->package[3], ECU_UPDATE_TRIAL_RUNNING);
    device.confirm();
  }
  return device.nothing_staged();
}

bool revert(Device& device) {
  if (device.boot() && device.booted.trial != 0) {
    device.revert();
    return false;
  }
  device.expect(ecu_update_revert(&device.update) == ECU_UPDATE_NO_TRIAL, "a revert without a trial");
  return device.booted.sequence == 1;
}

/* Installs its first update of all, and gives it up: by a call, or since its self-test fails. */
bool give_up_first(Device& device) {
  if (!device.boot()) {
    return false;
  }
  if (device.booted.trial != 0) {
    device.revert();
  } else if (device.update.journal.sequence == 0) {
    device.install(device.shelf->package[2], 2);
  } else {
    device.expect(device.booted.sequence == 0, "another model than that of the factory runs");
    return device.nothing_staged();
  }
  return false;
}

/* A model that fails its self-test never runs, not even as a trial. */
bool fail_self_test(Device& device) {
  if (!device.boot()) {
    return false;
  }
  device.expect(device.booted.trial == 0, "a model runs that fails its self-test");
  device.expect(device.nothing_staged(), "a model that fails its self-test stays");
  return device.nothing_staged();
}

/* An application that never confirms: the device gives up by itself. */
bool never_confirm(Device& device) {
  if (!device.boot() || device.booted.trial != 0) {
    return false;
  }
  device.expect(ecu_update_confirm(&device.update) == ECU_UPDATE_NO_TRIAL, "confirms what runs no trial");
  return device.nothing_staged();
}

/* New keys, then a model signed with one of them. */
bool rotate_keys(Device& device) {
  if (!device.boot()) {
    return false;
  }
  if (device.booted.trial != 0) {
    device.confirm();
  } else if (device.booted.sequence == 3) {
    device.refuse(device.shelf->package[4], ECU_PACKAGE_UNKNOWN_KEY);
    return true;
  } else if (device.update.journal.keys_sequence == 0) {
    device.refuse(device.shelf->resigned[3], ECU_PACKAGE_UNKNOWN_KEY);
    device.install(device.shelf->keys[2], 2);
  } else {
    device.refuse(device.shelf->package[3], ECU_PACKAGE_UNKNOWN_KEY);
    device.refuse(device.shelf->resigned[1], ECU_PACKAGE_ROLLBACK);
    device.install(device.shelf->resigned[3], 3);
  }
  return false;
}

/* The second key set, over the first one. */
bool rotate_keys_again(Device& device) {
  if (!device.boot()) {
    return false;
  }
  if (device.booted.trial != 0) {
    device.confirm();
  } else if (device.booted.sequence == 5) {
    device.refuse(device.shelf->keys[2], ECU_PACKAGE_UNKNOWN_KEY);
    return true;
  } else if (device.update.journal.keys_sequence == 2) {
    device.install(device.shelf->last_keys[4], 4);
  } else {
    device.refuse(device.shelf->signed_last[1], ECU_PACKAGE_KEY_RETIRED);
    device.refuse(device.shelf->keys_of_last, ECU_PACKAGE_WRONG_USE);
    device.install(device.shelf->signed_last[5], 5);
  }
  return false;
}

/* A flash loader, which does not boot the model: the new package takes the place of one that waits. When
 * that was interrupted, an application starts. */
bool install_over_staged(Device& device) {
  if (device.sessions == 1) {
    device.install(device.shelf->package[3], 3);
    return false;
  }
  if (!device.boot()) {
    return false;
  }
  if (device.booted.trial != 0 && device.booted.sequence == 3) {
    device.confirm();
    return false;
  }
  if (device.booted.trial != 0) {
    device.revert();
  }
  if (device.booted.trial != 0 || device.booted.sequence != 3) {
    device.install(device.shelf->package[3], 3);
    return false;
  }
  return true;
}

bool refuse_rollback(Device& device) {
  device.refuse(device.shelf->package[4], ECU_PACKAGE_ROLLBACK);
  if (!device.boot()) {
    return false;
  }
  device.refuse(device.shelf->package[4], ECU_PACKAGE_ROLLBACK);
  if (device.booted.trial != 0) {
    device.confirm();
    if (device.booted.sequence == 6) {  // where records were lost, 5 is tried again, and taken again
      device.refuse(device.shelf->package[5], ECU_PACKAGE_ROLLBACK);
    }
  } else if (device.booted.sequence == 6) {
    device.refuse(device.shelf->package[5], ECU_PACKAGE_ROLLBACK);
    return true;
  } else {
    device.install(device.shelf->package[6], 6);
  }
  return false;
}

/* The active slot is damaged, the other one holds the same package: it runs, and stays while the damaged
 * one is written. */
bool fall_back(Device& device) { return update_to(device, 6); }

/* The active slot rots while the other one, which held the same package, is written. */
bool rot(Device& device) {
  if (device.sessions == 2) {
    device.damage_last();
  }
  const bool runs = device.boot();
  if (runs && device.booted.trial == 0 && device.booted.sequence == 3) {
    return true;
  }
  if (device.booted.trial != 0) {
    device.confirm();
  } else {
    device.install(device.shelf->package[3], 3);
  }
  return false;
}

/* The active slot is damaged and there is no other: the same package repairs the device. */
bool repair(Device& device) {
  if (device.boot() && device.booted.trial == 0 && device.booted.sequence == 5 &&
      device.booted.image != nullptr) {
    return true;
  }
  if (device.booted.trial != 0) {
    device.confirm();
  } else {
    device.install(device.shelf->package[5], 5);
  }
  return false;
}

/* The link is lost within a package; later a newer one comes. */
bool abandon(Device& device) {
  if (!device.boot()) {
    return false;
  }
  if (device.booted.trial != 0) {
    device.confirm();
    return false;
  }
  if (device.booted.sequence == 4) {
    return true;
  }
  device.install_part(device.shelf->package[2], 2);
  device.install(device.shelf->package[4], 4);
  return false;
}

/* A wrong bit in the payload, then the right package. */
bool damaged_payload(Device& device) {
  if (!device.boot()) {
    return false;
  }
  if (device.booted.trial == 0 && device.booted.sequence != 2) {
    ByteVector wrong = device.shelf->package[2];
    wrong[wrong.size() - 5] ^= 0x10U;
    device.install(wrong, 2, ECU_PACKAGE_BAD_PAYLOAD);
    device.expect(device.nothing_staged(), "a wrong payload was staged");
    device.install(device.shelf->package[2], 2);
    return false;
  }
  if (device.booted.trial != 0) {
    device.confirm();
    return false;
  }
  return true;
}

}  // namespace

const Flow kFlows[] = {
    {"install", {{confirmed(1), kEmpty}, 0, false, false}, install},
    {"install_factory", {{confirmed(0), kEmpty}, 0, false, true}, install},
    {"install_other_slot", {{confirmed(0), confirmed(1)}, 1, false, false}, install},
    {"install_again", {{confirmed(4), confirmed(5)}, 1, false, false}, install_again},
    {"confirm", {{confirmed(1), staged(2)}, 0, false, false}, confirm},
    {"revert", {{confirmed(1), staged(2)}, 0, false, false}, revert},
    {"fail_self_test", {{staged(2), confirmed(1)}, 1, false, false, 1U << 2U}, fail_self_test},
    {"revert_first", {{confirmed(0), kEmpty}, 0, false, true}, give_up_first},
    {"fail_first", {{confirmed(0), kEmpty}, 0, false, true, 1U << 2U}, give_up_first},
    {"never_confirm", {{confirmed(1), staged(2)}, 0, false, false}, never_confirm},
    {"rotate_keys", {{confirmed(1), kEmpty}, 0, false, false}, rotate_keys},
    {"rotate_keys_again", {{kEmpty, confirmed(1)}, 1, false, false, 0U, 2U}, rotate_keys_again},
    {"install_over_staged", {{confirmed(1), staged(2)}, 0, false, false}, install_over_staged},
    {"refuse_rollback", {{confirmed(4), confirmed(5)}, 1, false, false}, refuse_rollback},
    {"fall_back", {{confirmed(5), confirmed(5)}, 1, true, false}, fall_back},
    {"rot", {{confirmed(1), confirmed(1)}, 0, false, false}, rot},
    {"repair", {{confirmed(4), confirmed(5)}, 1, true, false}, repair},
    {"abandon", {{confirmed(1), kEmpty}, 0, false, false}, abandon},
    {"damaged_payload", {{confirmed(1), confirmed(0)}, 0, false, false}, damaged_payload},
};
const unsigned kFlowCount = sizeof kFlows / sizeof kFlows[0];

}  // namespace ecu::test
