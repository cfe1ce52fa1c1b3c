/* SPDX-License-Identifier: Apache-2.0 */
#include "trigonometric.h"
#include "trigonometric_impl.h"

namespace ecu::math {

double sin(double x) noexcept { return detail::sin(x); }

double cos(double x) noexcept { return detail::cos(x); }

}  // namespace ecu::math
