/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What a kernel offers to the engine. Records and numbers: docs/native_engine.md.
 */
#ifndef ECU_SRC_NATIVE_KERNEL_H
#define ECU_SRC_NATIVE_KERNEL_H

#include "operation.h"
#include "scope.h"

/** One kernel. */
struct ecu_kernel {
  /** Whether the record is right: its length, its words, and that everything `run` will read or write lies
   *  inside its space and is aligned. Called once, when a program is opened; takes time linear in the sizes
   * of the record and of the constants that it names. */
  bool (*check)(const ecu::native::Operation& operation, const ecu::native::Scope& scope) noexcept;

  /** Computes the operation; called only for records that passed `check`. The steps are bounded by the words
   *  of the record, whatever the operands hold. An operand may overlap the result: values may then be wrong,
   *  and nothing else is touched. */
  void (*run)(const ecu::native::Operation& operation, const ecu::native::Frame& frame) noexcept;
};

/** Defines the kernel that kernel_table.cpp lists under this name; used at global scope, once in a file, so
 *  that a program contains only the kernels that it names. */
#define ECU_DEFINE_KERNEL(name, ...)                \
  extern "C" {                                      \
  extern const ecu_kernel ecu_kernel_##name;        \
  const ecu_kernel ecu_kernel_##name = __VA_ARGS__; \
  }                                                 \
  static_assert(true, "a semicolon follows the definition")

#endif
