/* SPDX-License-Identifier: Apache-2.0 */
#include "reduction.h"

ECU_DEFINE_KERNEL(reduce_prod_f64, ecu::native::fold_kernel<double, &ecu::native::multiply<double>>());
