/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  How a program under QEMU tells the instruction counter that a section begins or ends: a system
 *  call whose first argument is ECU_MARKER and whose second is the section. */
#ifndef ECU_BENCHMARKS_MARKER_H
#define ECU_BENCHMARKS_MARKER_H

#define ECU_MARKER 0x0EC0B3A7

typedef enum Section {
  kSectionNothing = 0, /**< empty: what the markers themselves cost */
  kSectionOpen = 1,
  kSectionRun = 2
} Section;

#endif
