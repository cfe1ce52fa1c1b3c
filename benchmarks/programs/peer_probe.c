/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Runs each row of a model once and prints `row <bits of each number>...`. What is counted lies between
 *  `bench_row` and `bench_done`. On the host, or on QEMU's mps2-an386 without an operating system; there it
 *  runs all rows once more and prints `stack <bytes>`, in hexadecimal digits. */
#include <stdint.h>

#include "peer_model.h"

static float results[256] __attribute__((section(".arena")));

__attribute__((noinline)) void bench_row(const float* row, float* out) {
  peer_predict(row, out);
  __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void bench_done(void) { __asm__ volatile("" ::: "memory"); }

__attribute__((weak)) int peer_open(void) { return 0; }

static void print(const char* text);
static void measure_stack(void);

static void print_word(uint32_t word) {
  char digits[10] = " 00000000";
  for (int i = 8; i > 0; --i, word >>= 4U) {
    digits[i] = "0123456789abcdef"[word & 15U];
  }
  print(digits);
}

static int run(void) {
  if (peer_open() != 0) {
    return 1;
  }
  for (uint32_t row = 0U; row < bench_rows; ++row) {
    bench_row(bench_inputs + (row * bench_elements), results);
    bench_done();
    print("row");
    for (uint32_t i = 0U; i < bench_results; ++i) {
      union {
        float number;
        uint32_t word;
      } bits;
      bits.number = results[i];
      print_word(bits.word);
    }
    print("\n");
  }
  measure_stack();
  return 0;
}

#ifdef __arm__
extern uint32_t stack_top;
void reset(void);

static uint32_t semihost(uint32_t operation, const void* argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void print(const char* text) { (void)semihost(4U, text); }

enum { kStackWords = 131072, kPaint = 0x5ca1ab1e };

/* The stack below the caller's frame gets a pattern; what a prediction writes there is its depth. */
__attribute__((noinline)) static void paint(uint32_t* bottom) {
  volatile uint32_t* const top = (uint32_t*)__builtin_frame_address(0) - 8;
  for (volatile uint32_t* word = bottom; word < top; ++word) {
    *word = kPaint;
  }
}

__attribute__((noinline)) static void measure_stack(void) {
  uint32_t* const bottom = &stack_top - kStackWords;
  paint(bottom);
  for (uint32_t row = 0U; row < bench_rows; ++row) {
    peer_predict(bench_inputs + (row * bench_elements), results);
  }
  const volatile uint32_t* word = bottom;
  while (*word == kPaint) {
    ++word;
  }
  print("stack");
  print_word((uint32_t)((uintptr_t)__builtin_frame_address(0) - (uintptr_t)word));
  print("\n");
}

void reset(void) {
  *(volatile uint32_t*)0xe000ed88U |= 0xfU << 20U; /* the FPU */
  __asm__ volatile("dsb\n isb");
  const uint32_t block[2] = {0x20026U, (uint32_t)run()};
  (void)semihost(0x20U, block);
  for (;;) {
  }
}

const void* const vectors[2]
    __attribute__((section(".vectors"), used)) = {&stack_top, (const void*)(uintptr_t)&reset};
#else
#include <stdio.h>

static void print(const char* text) { (void)fputs(text, stdout); }

static void measure_stack(void) {}

int main(void) { return run(); }
#endif
