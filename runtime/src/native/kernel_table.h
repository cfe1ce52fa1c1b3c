/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The kernels of this version, by number. A kernel is linked in when the source of a bundle refers to it
 *  strongly, as engine.h describes for engines:
 *
 *      extern "C" {
 *      extern const struct ecu_kernel ecu_kernel_matmul_f32;
 *      extern const void* const auto_mpg_kernels[];
 *      const void* const auto_mpg_kernels[] = {&ecu_kernel_matmul_f32};
 *      }
 */
#ifndef ECU_SRC_NATIVE_KERNEL_TABLE_H
#define ECU_SRC_NATIVE_KERNEL_TABLE_H

#include <stdint.h>

#include "kernel.h"

namespace ecu::native {

/** Numbers of kernels are below this. */
constexpr uint32_t kKernelLimit = 132U;

struct KernelTable {
  const ecu_kernel* kernels[kKernelLimit];  // null where there is none, or it is not linked in
};

extern const KernelTable kKernelTable;

}  // namespace ecu::native
#endif
