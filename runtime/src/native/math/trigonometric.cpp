/* SPDX-License-Identifier: Apache-2.0 */
#include "trigonometric.h"

#include "trigonometric_impl.h"

namespace ecu::math {

float sin(float x) noexcept { return detail::sin(x); }

float cos(float x) noexcept { return detail::cos(x); }

}  // namespace ecu::math
