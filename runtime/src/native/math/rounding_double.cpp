/* SPDX-License-Identifier: Apache-2.0 */
#include "rounding.h"
#include "rounding_impl.h"

namespace ecu::math {

double floor(double x) noexcept { return detail::floor(x); }

double ceil(double x) noexcept { return detail::ceil(x); }

double round(double x) noexcept { return detail::round(x); }

}  // namespace ecu::math
