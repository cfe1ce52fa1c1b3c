// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the simulated ECU needs from the board under it: flash, and lines to and from the outside. The flash
/// has a source for each board, host.cpp, mps2.cpp, virt.cpp; the lines are the same on all, lines.cpp.
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

#include "ecu/update.h"

namespace port {

/// Makes the flash ready; false when it cannot work. Comes first, like the other one.
bool open_flash();

/// Opens the lines; false when that cannot be.
bool open_lines();

/// The flash port; filled when the flash is open.
extern ecu_flash flash;

/// Where its parts are, and where the processor reads the slots: `areas` and `memory` of the configuration.
void place(ecu_update_config& config);

/// Reads a line without its end, cut to the size; false at the end of all input.
bool read_line(char* line, size_t size);

/// Writes text as it is.
void write(const char* text, size_t size);

}  // namespace port

#endif
