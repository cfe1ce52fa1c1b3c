/* SPDX-License-Identifier: Apache-2.0 */
#include "pow.h"

#include "pow_impl.h"

namespace ecu::math {

float pow(float x, float y) noexcept { return detail::pow(x, y); }

}  // namespace ecu::math
