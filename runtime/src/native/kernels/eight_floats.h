/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Eight neighbouring floats by one instruction on ARM processors with floating-point registers. Compilers
 *  load them one by one, which is a third of the instructions of a product on a Cortex-M.
 */
#ifndef ECU_SRC_NATIVE_KERNELS_EIGHT_FLOATS_H
#define ECU_SRC_NATIVE_KERNELS_EIGHT_FLOATS_H

#include <stddef.h>
#include <stdint.h>

namespace ecu::native {

/** What is loaded together. */
struct EightFloats {
  static constexpr size_t kCount = 8U;
  float values[kCount];
};

#if defined(__arm__) && defined(__ARM_FP) && (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

constexpr bool kLoadsEight = (__ARM_FP & 4) != 0;

/** The floats from `at` on, a multiple of 4. VLDMIA wants neighbouring registers. */
[[nodiscard]] __attribute__((always_inline)) inline EightFloats load_eight(const uint8_t* at) noexcept {
  register float a asm("s16");
  register float b asm("s17");
  register float c asm("s18");
  register float d asm("s19");
  register float e asm("s20");
  register float f asm("s21");
  register float g asm("s22");
  register float h asm("s23");
  asm("vldmia %8, {s16-s23}"
      : "=t"(a), "=t"(b), "=t"(c), "=t"(d), "=t"(e), "=t"(f), "=t"(g), "=t"(h)
      : "r"(at), "m"(*reinterpret_cast<const uint8_t (*)[sizeof(EightFloats)]>(at)));
  return EightFloats{{a, b, c, d, e, f, g, h}};
}

/** The same from two places; one piece of assembly, so that no set is stored while the other is loaded. */
__attribute__((always_inline)) inline void load_two_eights(const uint8_t* at, const uint8_t* other_at,
                                                           EightFloats& set, EightFloats& other) noexcept {
  register float a asm("s16");
  register float b asm("s17");
  register float c asm("s18");
  register float d asm("s19");
  register float e asm("s20");
  register float f asm("s21");
  register float g asm("s22");
  register float h asm("s23");
  register float i asm("s24");
  register float j asm("s25");
  register float k asm("s26");
  register float l asm("s27");
  register float m asm("s28");
  register float n asm("s29");
  register float o asm("s30");
  register float p asm("s31");
  asm("vldmia %16, {s16-s23}\n\tvldmia %17, {s24-s31}"
      : "=&t"(a), "=&t"(b), "=&t"(c), "=&t"(d), "=&t"(e), "=&t"(f), "=&t"(g), "=&t"(h), "=t"(i), "=t"(j),
        "=t"(k), "=t"(l), "=t"(m), "=t"(n), "=t"(o), "=t"(p)
      : "r"(at), "r"(other_at), "m"(*reinterpret_cast<const uint8_t (*)[sizeof(EightFloats)]>(at)),
        "m"(*reinterpret_cast<const uint8_t (*)[sizeof(EightFloats)]>(other_at)));
  set = EightFloats{{a, b, c, d, e, f, g, h}};
  other = EightFloats{{i, j, k, l, m, n, o, p}};
}

#else

constexpr bool kLoadsEight = false;

[[nodiscard]] inline EightFloats load_eight(const uint8_t* at) noexcept {
  EightFloats set;
  __builtin_memcpy(&set, at, sizeof set);
  return set;
}

inline void load_two_eights(const uint8_t* at, const uint8_t* other_at, EightFloats& set,
                            EightFloats& other) noexcept {
  set = load_eight(at);
  other = load_eight(other_at);
}

#endif

}  // namespace ecu::native
#endif
