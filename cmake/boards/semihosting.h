// SPDX-License-Identifier: Apache-2.0
/// @file
/// Semihosting: the emulator or debug probe does input and output for a program without an operating system.
/// Arm's specification of semihosting names the operations; RISC-V has taken them over.
#ifndef ECU_BOARD_SEMIHOSTING_H
#define ECU_BOARD_SEMIHOSTING_H

#include <stdint.h>

namespace board {

enum class Call : uint32_t {
  kWriteText = 0x04U,     // SYS_WRITE0
  kExitExtended = 0x20U,  // SYS_EXIT_EXTENDED: with an exit code
};

constexpr uintptr_t kApplicationExit = 0x20026U;  // ADP_Stopped_ApplicationExit

inline uint32_t semihosting(Call call, const void* argument) {
#if defined(__riscv)
  register uint32_t operation asm("a0") = static_cast<uint32_t>(call);
  register const void* block asm("a1") = argument;
  // One page holds all three instructions; the outer two only mark the middle one.
  asm volatile(
      ".balign 16\n.option push\n.option norvc\n"
      "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
      : "+r"(operation)
      : "r"(block)
      : "memory");
#elif defined(__aarch64__)
  register uint32_t operation asm("w0") = static_cast<uint32_t>(call);
  register const void* block asm("x1") = argument;
  asm volatile("hlt 0xf000" : "+r"(operation) : "r"(block) : "memory");
#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
  register uint32_t operation asm("r0") = static_cast<uint32_t>(call);
  register const void* block asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(operation) : "r"(block) : "memory");
#else
  register uint32_t operation asm("r0") = static_cast<uint32_t>(call);
  register const void* block asm("r1") = argument;
  asm volatile("svc 0x123456" : "+r"(operation) : "r"(block) : "memory", "lr");
#endif
  return operation;
}

[[noreturn]] inline void leave(int code) {
  const uintptr_t block[2] = {kApplicationExit, static_cast<uintptr_t>(code)};
  for (;;) {
    static_cast<void>(semihosting(Call::kExitExtended, block));
  }
}

}  // namespace board

#endif
