/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Counts the instructions of each row of a native model on QEMU's mps2-an386, without an operating system.
 *  Run with `-icount shift=0`: one tick of SysTick is then 40 instructions. Prints, by semihosting, one line
 *  `row <ticks of kRepeats runs> <bits of each output>...` for each row, then `stack <bytes>`.
 *
 *  The build defines what `cortex_m4_model.h` declares. */
#include <stdint.h>

#include "cortex_m4_model.h"
#include "engine.h"

extern "C" {
extern uint32_t stack_top;
[[noreturn]] void reset();

/* The compiler makes calls of it, even without a library. */
void* memset(void* memory, int value, size_t count) {
  volatile uint8_t* const bytes = static_cast<uint8_t*>(memory);
  for (size_t i = 0U; i < count; ++i) {
    bytes[i] = static_cast<uint8_t>(value);
  }
  return memory;
}
}

namespace {

constexpr uint32_t kRepeats = 40U;
constexpr uint32_t kArenaSize = 262144U;
constexpr uint32_t kStackSize = 8192U;
constexpr uint32_t kPaint = 0xa5a5a5a5U;
constexpr uint32_t kMaxTensors = 4U;

alignas(16) uint8_t arena_memory[kArenaSize] __attribute__((section(".arena")));
float output_memory[kMaxTensors][1024] __attribute__((section(".arena")));

volatile uint32_t& hardware(uint32_t address) { return *reinterpret_cast<volatile uint32_t*>(address); }

uint32_t ticks() { return hardware(0xe000e018U); }

void start_counter() {
  hardware(0xe000ed88U) |= 0xfU << 20U;  // the FPU
  hardware(0xe000e014U) = 0xffffffU;     // SysTick: reload, current, enabled from the processor clock
  hardware(0xe000e018U) = 0U;
  hardware(0xe000e010U) = 5U;
}

uint32_t semihost(uint32_t operation, const void* argument) {
  register uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void print(const char* text) { (void)semihost(4U, text); }

void print(uint32_t value) {
  char digits[12] = " 0x00000000";
  for (uint32_t i = 10U; i > 2U; --i, value >>= 4U) {
    digits[i] = "0123456789abcdef"[value & 15U];
  }
  print(digits);
}

[[noreturn]] void leave(uint32_t status) {
  const uint32_t block[2] = {0x20026U, status};
  (void)semihost(0x20U, block);
  for (;;) {
  }
}

/* Apart, so that its frame is not that of the caller. */
__attribute__((noinline)) ecu_status run(ecu::ModelState& state, const void* const* inputs,
                                         void* const* outputs) {
  return ecu_engine_native.run(state, inputs, outputs);
}

__attribute__((noinline)) void paint() {
  volatile uint32_t* const top = static_cast<uint32_t*>(__builtin_frame_address(0)) - 16U;
  for (volatile uint32_t* at = &stack_top - (kStackSize / 4U); at < top; ++at) {
    *at = kPaint;
  }
}

uint32_t painted_from() {
  const uint32_t* at = &stack_top - (kStackSize / 4U);
  while (*at == kPaint) {
    ++at;
  }
  return reinterpret_cast<uint32_t>(at);
}

void measure() {
  ecu::ModelState state = {};
  state.image.payload = ecu::Span<const uint8_t>(bench_payload, bench_payload_size);
  state.inputs = ecu::Span<const ecu_tensor_info>(bench_tensors, 1U);
  state.outputs = ecu::Span<const ecu_tensor_info>(bench_tensors + 1, bench_outputs);
  ecu::Arena arena(arena_memory, kArenaSize);
  if (ecu_engine_native.open(state, arena) != ECU_OK) {
    leave(2U);
  }
  void* outputs[kMaxTensors] = {output_memory[0], output_memory[1], output_memory[2], output_memory[3]};
  uint32_t deepest = UINT32_MAX;
  for (uint32_t row = 0U; row < bench_rows; ++row) {
    const void* const inputs[] = {bench_inputs + (row * bench_tensors[0].elements)};
    const uint32_t before = ticks();
    for (uint32_t i = 0U; i < kRepeats; ++i) {
      if (run(state, inputs, outputs) != ECU_OK) {
        leave(3U);
      }
    }
    const uint32_t spent = (before - ticks()) & 0xffffffU;
    print("row");
    print(spent);
    for (uint32_t o = 0U; o < bench_outputs; ++o) {
      for (uint32_t i = 0U; i < bench_tensors[o + 1U].elements; ++i) {
        print(reinterpret_cast<const uint32_t*>(outputs[o])[i]);
      }
    }
    print("\n");
  }
  const uint32_t here = reinterpret_cast<uint32_t>(__builtin_frame_address(0));
  paint();
  const void* const inputs[] = {bench_inputs};
  (void)run(state, inputs, outputs);
  deepest = painted_from();
  print("stack");
  print(here - deepest);
  print("\n");
}

}  // namespace

void reset() {
  start_counter();
  measure();
  leave(0U);
}

const void* const vectors[2]
    __attribute__((section(".vectors"), used)) = {&stack_top, reinterpret_cast<const void*>(&reset)};
