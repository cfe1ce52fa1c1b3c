// SPDX-License-Identifier: Apache-2.0
/// @file
/// Startup of the test programs on a 64-bit Cortex-A, entered at EL1. Every fault ends the program with a
/// line and a code.
#include "picolibc.h"

// Without the MMU all memory counts as device memory, where the C library's unaligned accesses fault. So the
// table maps four blocks of 1 GiB to themselves: the first one devices, the others normal memory.
asm(R"(
    .section .vectors, "ax"
    .global board_reset
    .type board_reset, %function
board_reset:
    b 2f
    .balign 2048
1:
    .rept 16
    ldr x0, =stack_top
    mov sp, x0
    b board_fault
    .balign 128
    .endr
2:
    adr x0, 1b
    msr vbar_el1, x0
    ldr x0, =stack_top
    mov sp, x0
    ldr x0, =board_thread
    msr tpidr_el0, x0
    mov x0, #0x300000               // CPACR_EL1: FPU and Advanced SIMD
    msr cpacr_el1, x0
    mov x0, #0x00ff                 // MAIR_EL1: 0 normal memory, 1 devices
    msr mair_el1, x0
    ldr x0, =0x803520               // TCR_EL1: 4 GiB below, none above, cached tables of 4 KiB
    msr tcr_el1, x0
    adr x0, 3f
    msr ttbr0_el1, x0
    isb
    mrs x0, sctlr_el1
    mov x1, #0x1005                 // MMU and caches
    orr x0, x0, x1
    bic x0, x0, #2                  // unaligned accesses are allowed
    msr sctlr_el1, x0
    isb
    b board_begin
    .ltorg
    .balign 64
3:
    .quad 0x00000405
    .quad 0x40000701
    .quad 0x80000701
    .quad 0xc0000701
    .text
)");
