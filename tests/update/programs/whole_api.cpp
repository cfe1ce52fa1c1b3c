/* SPDX-License-Identifier: Apache-2.0 */
/* Holds on to every function of ecu/update.h and ecu/golden.h, and to one signature check: what a device
 * links that uses all there is. Not to be run. */
#include "ecu/golden.h"
#include "ecu/signature.h"
#include "ecu/update.h"

namespace {

using Function = void (*)();

template <typename T>
Function any(T function) {
  return reinterpret_cast<Function>(function);
}

}  // namespace

int main() {
  const volatile Function functions[] = {
      any(&ecu_update_open),   any(&ecu_update_boot),  any(&ecu_update_confirm),
      any(&ecu_update_revert), any(&ecu_update_begin), any(&ecu_update_write),
      any(&ecu_update_finish), any(&ecu_update_abort), any(&ecu_update_slot),
      any(&ecu_golden_test),   any(&ECU_VERIFY),       any(&ecu_update_package_header),
  };
  return functions[0] == nullptr ? 1 : 0;
}
