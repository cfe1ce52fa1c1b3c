/* SPDX-License-Identifier: Apache-2.0 */
#include "sqrt.h"
#include "sqrt_impl.h"

namespace ecu::math {

double sqrt(double x) noexcept { return detail::sqrt(x); }

}  // namespace ecu::math
