/* SPDX-License-Identifier: Apache-2.0 */
#include "sigmoid.h"
#include "sigmoid_impl.h"

namespace ecu::math {

double tanh(double x) noexcept { return detail::tanh(x); }

double logistic(double x) noexcept { return detail::logistic(x); }

}  // namespace ecu::math
