// SPDX-License-Identifier: Apache-2.0
/// @file
/// Startup of the test programs on a RISC-V in machine mode. Every fault ends the program with a line and a
/// code.
#include "picolibc.h"

asm(R"(
    .section .vectors, "ax"
    .global board_reset
    .type board_reset, %function
board_reset:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, stack_top
    la tp, board_thread
    la t0, 1f
    csrw mtvec, t0
    li t0, 0x6000                   # mstatus: FPU on
    csrs mstatus, t0
    csrw fcsr, zero
    j board_begin
    .balign 4
1:
    la sp, stack_top
    j board_fault
    .text
)");
