// SPDX-License-Identifier: Apache-2.0
/// @file
/// Startup of the test programs on a Cortex-R or a 32-bit Cortex-A. Every fault ends the program with a line
/// and a code.
#include "start.h"

extern "C" {
[[noreturn]] void board_begin();
[[noreturn]] void board_fault();

void board_begin() { board::start(); }
void board_fault() { board::fault(); }
}

// Armv8-R starts in the mode of a hypervisor, which has vectors and traps of its own: go on as supervisor.
#if __ARM_ARCH >= 8
#define BOARD_LEAVE_HYPERVISOR \
  "mrs r0, cpsr\n"             \
  "bic r0, r0, #0x1f\n"        \
  "orr r0, r0, #0x13\n"        \
  "msr spsr_hyp, r0\n"         \
  "ldr r0, =3f\n"              \
  "msr elr_hyp, r0\n"          \
  "eret\n"                     \
  "3:\n"
#else
#define BOARD_LEAVE_HYPERVISOR ""
#endif

// Where the processor can be told, it takes the vectors from the start of the program.
#if __ARM_ARCH_PROFILE == 'A' || __ARM_ARCH >= 8
#define BOARD_SET_VECTORS    \
  "ldr r0, =board_vectors\n" \
  "mcr p15, 0, r0, c12, c0, 0\n"
#else
#define BOARD_SET_VECTORS ""
#endif

// Vectors: reset, undefined, supervisor call, two aborts, reserved, interrupts. The emulator takes
// semihosting calls before the processor sees them.
asm(R"(
    .section .vectors, "ax"
    .arm
    .global board_reset
    .type board_reset, %function
board_reset:
board_vectors:
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
)" BOARD_LEAVE_HYPERVISOR BOARD_SET_VECTORS R"(
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
