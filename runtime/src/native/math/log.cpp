/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include "log_impl.h"

namespace ecu::math {

float log(float x) noexcept { return detail::log(x); }

}  // namespace ecu::math
