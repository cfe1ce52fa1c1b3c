/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What a program has asked of the heap so far; counted where allocations.c is linked in. */
#ifndef ECU_BENCHMARKS_ALLOCATIONS_H
#define ECU_BENCHMARKS_ALLOCATIONS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Allocations {
  uint64_t calls; /**< calls that return new memory */
  uint64_t bytes; /**< bytes that they asked for */
} Allocations;

/** Null where allocations are not counted. */
__attribute__((weak)) Allocations ecu_allocations(void);

#ifdef __cplusplus
}
#endif
#endif
