/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"
#include "log_impl.h"

namespace ecu::math {

double log(double x) noexcept { return detail::log(x); }

}  // namespace ecu::math
