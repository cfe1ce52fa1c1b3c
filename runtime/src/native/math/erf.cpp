/* SPDX-License-Identifier: Apache-2.0 */
#include "erf.h"

#include "erf_impl.h"

namespace ecu::math {

float erf(float x) noexcept { return detail::erf(x); }

}  // namespace ecu::math
