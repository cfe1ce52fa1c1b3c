// SPDX-License-Identifier: Apache-2.0
/// @file
/// Startup of the test programs on a Cortex-M. Every fault ends the program with a line and a code.
#include "start.h"

extern "C" {
extern uint32_t stack_top[];
[[noreturn]] void board_reset();
[[noreturn]] void board_fault();

void board_reset() {
#ifdef __ARM_FP
  volatile uint32_t* const access = reinterpret_cast<volatile uint32_t*>(0xe000ed88U);  // CPACR
  *access = *access | (0xfU << 20U);
  asm volatile("dsb\nisb" ::: "memory");
#endif
  board::start();
}

void board_fault() { board::fault(); }
}

namespace {

// Reset, NMI, and the faults; the interrupts that follow are never enabled.
struct Vectors {
  const void* stack;
  void (*handlers[7])();
};

extern const Vectors vectors;
const Vectors vectors __attribute__((section(".vectors"), used)) = {
    stack_top,
    {board_reset, board_fault, board_fault, board_fault, board_fault, board_fault, board_fault},
};

}  // namespace
