// SPDX-License-Identifier: Apache-2.0
/// @file
/// Startup of the test programs on a Cortex-R or Cortex-A. Every fault ends the program with a line and a
/// code.
#include "start.h"

extern "C" {
[[noreturn]] void board_begin();
[[noreturn]] void board_fault();

void board_begin() { board::start(); }
void board_fault() { board::fault(); }
}

// Vectors: reset, undefined, supervisor call, two aborts, reserved, interrupts. The emulator takes
// semihosting calls before the processor sees them.
asm(R"(
    .section .vectors, "ax"
    .arm
    .global board_reset
    .type board_reset, %function
board_reset:
    b 2f
    b 1f
    b 1f
    b 1f
    b 1f
    b 1f
    b 1f
1:
    ldr sp, =stack_top
    bl board_fault
2:
    ldr sp, =stack_top
    mrc p15, 0, r0, c1, c0, 2       @ CPACR: coprocessors 10 and 11, the FPU
    orr r0, r0, #0xf00000
    mcr p15, 0, r0, c1, c0, 2
    isb
    mov r0, #0x40000000
    vmsr fpexc, r0
    bl board_begin
    .ltorg
    .text
)");
