/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  float32 as whole numbers, so that no setting of the compiler or the FPU has a say.
 */
#ifndef ECU_SRC_FLOAT_BITS_H
#define ECU_SRC_FLOAT_BITS_H

#include <stdint.h>

namespace ecu {

/** Whether these are the bits of a NaN; the shift drops the sign. */
[[nodiscard]] constexpr bool is_nan_bits(uint32_t bits) noexcept {
  constexpr uint32_t kInfinityWithoutSign = 0xff000000U;
  return bits << 1U > kInfinityWithoutSign;
}

}  // namespace ecu
#endif
