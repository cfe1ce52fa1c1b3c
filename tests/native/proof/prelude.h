/* SPDX-License-Identifier: Apache-2.0 */
/* In front of a translation. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __CPROVER__
unsigned long nondet_undefined(void); /* any number */
#define CHECK(condition) __CPROVER_assert(condition, "what the compiler relies on")
#else
#define nondet_undefined() 0UL
#define CHECK(condition) ((void)0)
#endif

#ifdef __CPROVER__
uint64_t nondet_place(void);
/* The checker has none of its own. Here it finds the byte anywhere, which is more than it does. */
static uint8_t* find_byte(const uint8_t* bytes, int byte, uint64_t size) {
  __CPROVER_assert(__CPROVER_r_ok(bytes, size), "memchr");
  (void)byte;
  const uint64_t place = nondet_place();
  return place < size ? (uint8_t*)bytes + place : 0;
}
#define memchr find_byte
#endif
