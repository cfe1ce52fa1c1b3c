/* SPDX-License-Identifier: Apache-2.0 */
#include "erf.h"
#include "erf_impl.h"

namespace ecu::math {

double erf(double x) noexcept { return detail::erf(x); }

}  // namespace ecu::math
