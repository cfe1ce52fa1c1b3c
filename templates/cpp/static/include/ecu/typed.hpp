// SPDX-License-Identifier: Apache-2.0
/// @file
/// Small helpers of the generated C++ headers.
#ifndef ECU_TYPED_HPP
#define ECU_TYPED_HPP

#include <array>
#include <cstddef>
#include <limits>

namespace ecu {

/// Declared range of an input, inclusive; infinite where nothing is declared.
struct Range {
  float minimum;
  float maximum;
};

/// The end of a range that is open on this side; negated for the lower end.
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A float32 field that nobody set.
inline constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();

/// An array whose elements all have the same value.
template <std::size_t Size, typename T>
constexpr std::array<T, Size> filled(T value) noexcept {
  std::array<T, Size> values = {};
  for (T& element : values) {
    element = value;
  }
  return values;
}

}  // namespace ecu

#endif
