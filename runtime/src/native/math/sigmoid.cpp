/* SPDX-License-Identifier: Apache-2.0 */
#include "sigmoid.h"

#include "sigmoid_impl.h"

namespace ecu::math {

float tanh(float x) noexcept { return detail::tanh(x); }

float logistic(float x) noexcept { return detail::logistic(x); }

Complements<float> logistic_both(float x) noexcept { return detail::logistic_both(x); }

}  // namespace ecu::math
