/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The self-test of a new model with the golden vectors that its package brought (docs/update_package.md),
 * for `self_test` of ecu_update_config.
 */
#ifndef ECU_GOLDEN_H
#define ECU_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

#include "ecu/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that the test of a model needs: its arena, and behind it for each input and output a pointer, for
 * each of their values 4 bytes. Both counts are over inputs and outputs of one row.
 */
#define ECU_GOLDEN_MEMORY_SIZE(arena_size, tensors, elements)                           \
  (((((size_t)(arena_size)) + 15U) / 16U * 16U) + ((size_t)(tensors) * sizeof(void*)) + \
   (4U * (size_t)(elements)))

/** Memory for the test; the application can use it for its model when no test runs. */
typedef struct ecu_golden_memory {
  void* bytes; /**< aligned to ECU_ARENA_ALIGNMENT */
  size_t size; /**< ECU_GOLDEN_MEMORY_SIZE of the model */
} ecu_golden_memory;

/** Opens the model of a payload, runs each golden row and compares; the model is closed afterwards.
 *
 *  @param memory  an ecu_golden_memory
 *  @param payload model image, zeros up to a multiple of 16, golden vectors; aligned to ECU_IMAGE_ALIGNMENT
 *  @param size    bytes readable at payload; may exceed the size of the payload
 *
 *  @return ECU_OK when every output passes; ECU_UPDATE_SELF_TEST_FAILED when one does not;
 *          ECU_PACKAGE_BAD_VECTORS; ECU_ARENA_TOO_SMALL; or what ecu_model_open or ecu_model_run say
 */
ECU_NODISCARD ecu_status ecu_golden_test(void* memory, const void* payload, size_t size);

#ifdef __cplusplus
}
#endif
#endif
