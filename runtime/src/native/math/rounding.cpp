/* SPDX-License-Identifier: Apache-2.0 */
#include "rounding.h"

#include "rounding_impl.h"

namespace ecu::math {

float floor(float x) noexcept { return detail::floor(x); }

float ceil(float x) noexcept { return detail::ceil(x); }

float round(float x) noexcept { return detail::round(x); }

}  // namespace ecu::math
