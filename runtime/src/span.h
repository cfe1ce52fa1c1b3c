/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_SPAN_H
#define ECU_SRC_SPAN_H

#include <stddef.h>

namespace ecu {

/** A pointer and the number of elements behind it; owns nothing. */
template <typename T>
class Span {
 public:
  constexpr Span() noexcept = default;
  constexpr Span(T* data, size_t size) noexcept : data_(data), size_(size) {}

  [[nodiscard]] constexpr T* data() const noexcept { return data_; }
  [[nodiscard]] constexpr size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr T* begin() const noexcept { return data_; }
  [[nodiscard]] constexpr T* end() const noexcept { return data_ + size_; }

  /** Element `index`, which must be below size(). */
  [[nodiscard]] constexpr T& operator[](size_t index) const noexcept { return data_[index]; }

  /** The `count` elements from `offset`; both must lie inside. */
  [[nodiscard]] constexpr Span part(size_t offset, size_t count) const noexcept {
    return Span(data_ + offset, count);
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0U;
};

}  // namespace ecu
#endif
