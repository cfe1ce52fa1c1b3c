/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECU_SRC_COLD_H
#define ECU_SRC_COLD_H

/** A function that runs when a model is opened and not for each row: it is compiled to be small. GCC and
 * clang know the attribute; without it nothing but the size changes. */
#define ECU_COLD __attribute__((cold))

/** A function with a frame of its own: inlined, its variables would stay on the stack below what its caller
 *  calls next. */
#define ECU_APART __attribute__((cold, noinline))

#endif
