/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What a comparison with other generators defines for peer_probe.c. */
#ifndef ECU_BENCHMARKS_PEER_MODEL_H
#define ECU_BENCHMARKS_PEER_MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const float bench_inputs[];
extern const uint32_t bench_rows;
extern const uint32_t bench_elements; /**< of a row */
extern const uint32_t bench_results;  /**< numbers that a row gives */

/** Prepares the model, where it needs that; 0 when all is well. */
int peer_open(void);
void peer_predict(const float* row, float* out);

void bench_row(const float* row, float* out);
void bench_done(void);

#ifdef __cplusplus
}
#endif
#endif
