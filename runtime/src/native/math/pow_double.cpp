/* SPDX-License-Identifier: Apache-2.0 */
#include "pow.h"
#include "pow_impl.h"

namespace ecu::math {

double pow(double x, double y) noexcept { return detail::pow(x, y); }

}  // namespace ecu::math
