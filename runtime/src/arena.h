/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_ARENA_H
#define ECU_SRC_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "ecu/model.h"
#include "span.h"

namespace ecu {

/** Names a place in the arena for the placement `new` below; `<new>` is not available everywhere. */
struct Place {
  void* at;
};

}  // namespace ecu

__attribute__((returns_nonnull)) inline void* operator new(size_t, ecu::Place place) noexcept {
  return place.at;
}

namespace ecu {

/** Hands out the caller's memory front to back; nothing is ever given back.
 *
 *  Every piece starts at a multiple of ECU_ARENA_ALIGNMENT, so that the sum of the rounded piece
 *  sizes is the same on every target (docs/model_image.md, "Arena size").
 */
class Arena {
 public:
  /** @param memory aligned to ECU_ARENA_ALIGNMENT */
  Arena(void* memory, size_t size) noexcept : memory_(static_cast<uint8_t*>(memory)), size_(size) {}

  /** Lets at most the first `size` bytes be handed out. */
  void limit(size_t size) noexcept { size_ = size < size_ ? size : size_; }

  /** Makes `count` value-initialised objects; false when the arena is exhausted. */
  template <typename T>
  [[nodiscard]] bool make(size_t count, Span<T>& out) noexcept {
    static_assert(alignof(T) <= ECU_ARENA_ALIGNMENT);
    if (count > (size_ - used_) / sizeof(T)) {
      return false;
    }
    uint8_t* const place = memory_ + used_;
    const size_t bytes = count * sizeof(T);
    const size_t padding = (ECU_ARENA_ALIGNMENT - (bytes % ECU_ARENA_ALIGNMENT)) % ECU_ARENA_ALIGNMENT;
    const size_t left = size_ - used_ - bytes;
    used_ += bytes + (padding < left ? padding : left);
    for (size_t i = 0U; i < count; ++i) {
      (void)new (Place{place + (i * sizeof(T))}) T();
    }
    out = Span<T>(static_cast<T*>(static_cast<void*>(place)), count);
    return true;
  }

 private:
  uint8_t* memory_;
  size_t size_;
  size_t used_ = 0U;
};

}  // namespace ecu
#endif
