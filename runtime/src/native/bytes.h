/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Loads and stores of aligned elements. Programs are little-endian whatever the target; the workspace
 *  and the caller's buffers have the byte order of the target.
 */
#ifndef ECU_SRC_NATIVE_BYTES_H
#define ECU_SRC_NATIVE_BYTES_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

// What gives other bits than IEEE 754 is refused here, in the header that all of the engine includes.
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    defined(__NO_SIGNED_ZEROS__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ != 0)
#error "the native engine needs IEEE arithmetic: build without -ffast-math and its parts"
#endif

namespace ecu::native {

// 0: every operation rounds to its own type; 16: the same for float and double.
static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, "no excess precision");
static_assert(FLT_RADIX == 2 && FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53, "IEEE binary32 and binary64");

constexpr bool kBigEndian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

// The builtin, since -ffreestanding makes a call of memcpy.

/** The object of type To with the bytes of `from`. */
template <typename To, typename From>
[[nodiscard]] inline To bit_cast(From from) noexcept {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

/** Loads an element in the byte order of the target; `at` is a multiple of its size. */
template <typename T>
[[nodiscard]] inline T load(const uint8_t* at) noexcept {
  T value;
  __builtin_memcpy(&value, __builtin_assume_aligned(at, sizeof(T)), sizeof value);
  return value;
}

/** Stores an element in the byte order of the target; `at` is a multiple of its size. */
template <typename T>
inline void store(uint8_t* at, T value) noexcept {
  __builtin_memcpy(__builtin_assume_aligned(at, sizeof(T)), &value, sizeof value);
}

[[nodiscard]] inline uint32_t swapped(uint32_t bits) noexcept { return __builtin_bswap32(bits); }
[[nodiscard]] inline uint64_t swapped(uint64_t bits) noexcept { return __builtin_bswap64(bits); }

/** The unsigned integer of 4 or 8 bytes. */
template <size_t kSize>
struct Bits;
template <>
struct Bits<4U> {
  using Type = uint32_t;
};
template <>
struct Bits<8U> {
  using Type = uint64_t;
};

/** Loads a little-endian element of 4 or 8 bytes; `at` is a multiple of its size. */
template <typename T>
[[nodiscard]] inline T load_little(const uint8_t* at) noexcept {
  if constexpr (kBigEndian) {
    return bit_cast<T>(swapped(load<typename Bits<sizeof(T)>::Type>(at)));
  } else {
    return load<T>(at);
  }
}

/** Elements that a kernel reads: constants of the program, or what the target itself has written. */
class Operand {
 public:
  /** @param little the elements are little-endian on every target */
  constexpr Operand(const uint8_t* at, bool little) noexcept : at_(at), little_(little) {}

  /** Element `index` of elements of type T. */
  template <typename T>
  [[nodiscard]] T get(size_t index) const noexcept {
    const uint8_t* const at = at_ + (index * sizeof(T));
    if constexpr (kBigEndian) {
      return little_ ? load_little<T>(at) : load<T>(at);
    } else {
      return load<T>(at);
    }
  }

  /** Where the elements are. */
  [[nodiscard]] constexpr const uint8_t* bytes() const noexcept { return at_; }

  /** The elements from byte `offset`. */
  [[nodiscard]] constexpr Operand from(size_t offset) const noexcept {
    return Operand(at_ + offset, little_);
  }

 private:
  const uint8_t* at_;
  bool little_;
};

/** Elements that a kernel writes. */
class Result {
 public:
  constexpr explicit Result(uint8_t* at) noexcept : at_(at) {}

  template <typename T>
  void set(size_t index, T value) const noexcept {
    store<T>(at_ + (index * sizeof(T)), value);
  }

  /** An element that this kernel has written in this run. */
  template <typename T>
  [[nodiscard]] T get(size_t index) const noexcept {
    return load<T>(at_ + (index * sizeof(T)));
  }

  /** The elements from byte `offset`. */
  [[nodiscard]] constexpr Result from(size_t offset) const noexcept { return Result(at_ + offset); }

 private:
  uint8_t* at_;
};

}  // namespace ecu::native
#endif
