/* SPDX-License-Identifier: Apache-2.0 */
#include "exp.h"
#include "exp_impl.h"

namespace ecu::math {

double exp(double x) noexcept { return detail::exp(x); }

}  // namespace ecu::math
