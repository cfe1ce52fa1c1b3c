// SPDX-License-Identifier: Apache-2.0
/// @file
/// Vectors, start and memory protection of the test application on a Cortex-M3.
#include <cstdint>

#include "semihosting.h"

extern "C" {
extern std::uint32_t stack_top[];
extern std::uint32_t data_load[];
extern std::uint32_t data_start[];
extern std::uint32_t data_end[];
extern std::uint32_t bss_start[];
extern std::uint32_t bss_end[];

[[noreturn]] void board_reset();
[[noreturn]] void board_fault();
[[noreturn]] void application_start();
void application_interrupt();
void vPortSVCHandler();
void xPortPendSVHandler();
void xPortSysTickHandler();
}

namespace {

constexpr int kFault = 127;

struct Vectors {
  const void* stack;
  void (*handlers[16])();
};

extern const Vectors vectors;
const Vectors vectors __attribute__((section(".vectors"), used)) = {
    stack_top,
    {board_reset, board_fault, board_fault, board_fault, board_fault, board_fault, nullptr, nullptr, nullptr,
     nullptr, vPortSVCHandler, board_fault, nullptr, xPortPendSVHandler, xPortSysTickHandler,
     application_interrupt},
};

volatile std::uint32_t& word_at(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

// Armv7-M, MPU_RASR: access permission and size; a region of 2^n bytes has the size field n - 1.
constexpr std::uint32_t kReadOnly = 6U << 24U;
constexpr std::uint32_t kReadWrite = 3U << 24U;
constexpr std::uint32_t kExecuteNever = 1U << 28U;
constexpr std::uint32_t kNormalMemory = 1U << 17U;

void protect(std::uint32_t number, std::uint32_t base, std::uint32_t bits, std::uint32_t access) {
  word_at(0xe000ed98U) = number;                                             // MPU_RNR
  word_at(0xe000ed9cU) = base;                                               // MPU_RBAR
  word_at(0xe000eda0U) = access | kNormalMemory | ((bits - 1U) << 1U) | 1U;  // MPU_RASR
}

/* Program and models read-only, only the program executable, nothing else there but RAM. */
void protect_memory() {
  protect(0U, 0x00000000U, 21U, kReadOnly);
  protect(1U, 0x00200000U, 21U, kReadOnly | kExecuteNever);
  protect(2U, 0x20000000U, 22U, kReadWrite | kExecuteNever);
  word_at(0xe000ed94U) = 1U;  // MPU_CTRL: on, without a background region
  asm volatile("dsb\nisb" ::: "memory");
}

}  // namespace

void board_reset() {
#ifdef __ARM_FP
  word_at(0xe000ed88U) = word_at(0xe000ed88U) | (0xfU << 20U);  // CPACR
  asm volatile("dsb\nisb" ::: "memory");
#endif
  const std::uint32_t* source = data_load;
  for (volatile std::uint32_t* target = data_start; target != data_end; ++target) {
    *target = *source;
    ++source;
  }
  for (volatile std::uint32_t* target = bss_start; target != bss_end; ++target) {
    *target = 0U;
  }
  protect_memory();
  word_at(0xe000e100U) = 1U;  // NVIC_ISER0: interrupt 0, of highest priority
  application_start();
}

void board_fault() {
  static_cast<void>(board::semihosting(board::Call::kWriteText, "FAIL processor fault\n"));
  board::leave(kFault);
}
