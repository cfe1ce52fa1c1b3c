/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"
#include "unary.h"

ECU_DEFINE_KERNEL(sign_f32, ecu::native::unary_kernel<float, float, &ecu::native::sign<float>>());
