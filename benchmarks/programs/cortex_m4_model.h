/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What cortex_m4_probe.cpp measures; benchmarks/native_models.py writes the definitions. */
#ifndef ECU_BENCHMARKS_CORTEX_M4_MODEL_H
#define ECU_BENCHMARKS_CORTEX_M4_MODEL_H

#include <stdint.h>

#include "ecu/model.h"

extern "C" {
extern const uint8_t bench_payload[]; /* aligned to 16 */
extern const uint32_t bench_payload_size;
extern const ecu_tensor_info bench_tensors[]; /* the input, then the outputs */
extern const uint32_t bench_outputs;
extern const float bench_inputs[];
extern const uint32_t bench_rows;
}

#endif
