// SPDX-License-Identifier: Apache-2.0
/// @file
/// Lines of text for the simulated ECU, without the C library's formatting.
#ifndef TEXT_H
#define TEXT_H

#include <string.h>

#include "port.h"

namespace text {

constexpr size_t kLineSize = 4608U;  // a block of 2 KiB in hexadecimal, and its command

inline void put(const char* words) { port::write(words, strlen(words)); }

inline void end_line() { put("\n"); }

inline void put_number(uint32_t number) {
  char digits[10];
  size_t start = sizeof digits;
  do {
    --start;
    digits[start] = static_cast<char>('0' + static_cast<char>(number % 10U));
    number /= 10U;
  } while (number != 0U);
  port::write(digits + start, sizeof digits - start);
}

inline void put_hex(const void* bytes, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  const auto* source = static_cast<const unsigned char*>(bytes);
  for (size_t i = 0U; i < size; ++i) {
    const char pair[2] = {kDigits[source[i] >> 4U], kDigits[source[i] & 0xfU]};
    port::write(pair, sizeof pair);
  }
}

inline unsigned digit_of(char letter) {
  return static_cast<unsigned>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
}

/// The bytes that the digits stand for, at most `size`; they may take the place of the digits.
inline size_t bytes_of(const char* hex, unsigned char* bytes, size_t size) {
  size_t count = 0U;
  while (count < size && hex[0] != '\0' && hex[1] != '\0') {
    bytes[count] = static_cast<unsigned char>((digit_of(hex[0]) << 4U) | digit_of(hex[1]));
    hex += 2;
    ++count;
  }
  return count;
}

}  // namespace text

#endif
