// SPDX-License-Identifier: Apache-2.0
/// @file
/// From reset to `main`, the part that all boards share. For programs on an emulated board only: the library
/// itself needs no startup code.
#ifndef ECU_BOARD_START_H
#define ECU_BOARD_START_H

#include <stdint.h>
#include <stdio.h>

#include "semihosting.h"

extern "C" {
int board_main() asm("main");  // C++ forbids to call main by its name
// Of memory.ld.
extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];
// Of newlib's semihosting library: opens stdin, stdout and stderr.
void initialise_monitor_handles();
}

namespace board {

constexpr int kFault = 127;

[[noreturn]] inline void start() {
  const uint32_t* source = data_load;
  for (volatile uint32_t* target = data_start; target != data_end; ++target) {
    *target = *source;
    ++source;
  }
  for (volatile uint32_t* target = bss_start; target != bss_end; ++target) {
    *target = 0U;
  }
#ifndef _PICOLIBC__
  initialise_monitor_handles();
#endif
  const int code = board_main();
  static_cast<void>(fflush(stdout));
  leave(code);
}

[[noreturn]] inline void fault() {
  static_cast<void>(semihosting(Call::kWriteText, "FAIL: processor fault\n"));
  leave(kFault);
}

}  // namespace board

#endif
