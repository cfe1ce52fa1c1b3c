// SPDX-License-Identifier: Apache-2.0
/// @file
/// Lines over the C library's streams. On a board under QEMU these are files of the host, through
/// semihosting: /dev/stdin and /dev/stdout of the emulator. A real ECU has its diagnostic transport here.
#include <stdio.h>
#include <string.h>

#include "port.h"

namespace port {
namespace {

FILE* input = nullptr;
FILE* output = nullptr;

}  // namespace

bool open_lines() {
  input = fopen("/dev/stdin", "r");
  output = fopen("/dev/stdout", "w");
  return input != nullptr && output != nullptr;
}

bool read_line(char* line, size_t size) {
  if (fgets(line, static_cast<int>(size), input) == nullptr) {
    return false;
  }
  line[strcspn(line, "\n")] = '\0';
  return true;
}

void write(const char* text, size_t size) {
  static_cast<void>(fwrite(text, 1U, size, output));
  if (size != 0U && text[size - 1U] == '\n') {
    static_cast<void>(fflush(output));
  }
}

}  // namespace port
