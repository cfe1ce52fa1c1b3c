// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the reset code of a board with picolibc calls and points to. For one source of a program.
#ifndef ECU_BOARD_PICOLIBC_H
#define ECU_BOARD_PICOLIBC_H

#include "start.h"

extern "C" {
[[noreturn]] void board_begin();
[[noreturn]] void board_fault();
// picolibc keeps errno in thread-local memory; the thread register (tp, tpidr_el0) points here.
extern unsigned char board_thread[];
alignas(16) unsigned char board_thread[256];

void board_begin() { board::start(); }
void board_fault() { board::fault(); }
}

#endif
