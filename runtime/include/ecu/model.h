/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The device API: open a model image once, run it row by row.
 *
 *  - The caller owns all memory: handle, image, arena, buffers. Sizes are published by the
 *    generated header of each bundle (for instance AUTO_MPG_ARENA_SIZE).
 *  - Open validates everything in bounded time; run does not fail on the model's account.
 *  - One handle per thread. An image can be shared by any number of handles.
 *  - Nothing is global: several bundles link into one program.
 */
#ifndef ECU_MODEL_H
#define ECU_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "ecu/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Required alignment of the arena and of the image, in bytes. */
#define ECU_ARENA_ALIGNMENT 16U
#define ECU_IMAGE_ALIGNMENT 16U

/** Bytes of a SHA-256 digest. */
#define ECU_DIGEST_SIZE 32U

/** Element type of a tensor. */
typedef enum ecu_dtype { ECU_FLOAT32 = 1, ECU_INT32 = 2 } ecu_dtype;

/** Engine that an image is made for. */
typedef enum ecu_engine_id { ECU_ENGINE_ORT = 1, ECU_ENGINE_NATIVE = 2 } ecu_engine_id;

/** One input or output of one row. Text is UTF-8 in the image and lives as long as it. */
typedef struct ecu_tensor_info {
  const char* name;
  const char* unit; /**< empty when none is declared */
  ecu_dtype dtype;
  uint32_t elements; /**< values of one row, at least 1 */
} ecu_tensor_info;

/** Facts of an open model. All pointers live as long as the image and the arena. */
typedef struct ecu_model_info {
  const char* name;    /**< model name */
  const char* version; /**< model version as the supplier gave it; may be empty */
  ecu_engine_id engine;
  uint32_t input_count;
  uint32_t output_count;
  const ecu_tensor_info* inputs;  /**< input_count entries, buffer order of ecu_model_run */
  const ecu_tensor_info* outputs; /**< output_count entries, the same; follow the inputs in memory */
  const uint8_t* interface_hash;  /**< ECU_DIGEST_SIZE bytes: SHA-256 of the interface section */
  const uint8_t* model_digest;    /**< ECU_DIGEST_SIZE bytes: SHA-256 of the ONNX file */
  const uint8_t* image_digest;    /**< ECU_DIGEST_SIZE bytes: digest stored in the image */
  size_t image_size;              /**< bytes */
  size_t arena_size;              /**< bytes that this model needs of its arena */
} ecu_model_info;

/** Handle of an open model. Members are private to the runtime. */
typedef struct ecu_model {
  const void* engine;
  void* state;
  ecu_model_info info;
} ecu_model;

/** Opens a model image: checks header, digest and interface, then prepares the engine.
 *
 *  @param model      handle to initialise; on failure it is left closed and safe to run or close
 *  @param image      aligned to ECU_IMAGE_ALIGNMENT; must stay readable and unchanged until close
 *  @param image_size bytes readable at image; may exceed the size of the image
 *  @param arena      aligned to ECU_ARENA_ALIGNMENT; belongs to the handle until close
 *  @param arena_size bytes of the arena
 */
ECU_NODISCARD ecu_status ecu_model_open(ecu_model* model, const void* image, size_t image_size, void* arena,
                                        size_t arena_size);

/** Computes one row.
 *
 *  @param inputs  one pointer per input in interface order, each to `elements` float or int32_t
 *  @param outputs one pointer per output in interface order, each to `elements` float or int32_t
 *
 *  Buffers are aligned for their elements, to 4 bytes, else ECU_BUFFER_MISALIGNED: copy values out of packed
 *  messages first. An output may not overlap an input, another output, or the arena, handle and image of any
 *  model; that is not checked. Inputs may overlap each other. On failure the outputs are not to be used.
 */
ECU_NODISCARD ecu_status ecu_model_run(ecu_model* model, const void* const* inputs, void* const* outputs);

/** Facts of an open model; null when the handle is null or not open. */
const ecu_model_info* ecu_model_info_of(const ecu_model* model);

/** Text of the last engine failure of this handle, in the arena; empty when there was none. */
const char* ecu_model_error(const ecu_model* model);

/** Releases what the engine holds (nothing for the native engine). Null or closed is allowed. */
void ecu_model_close(ecu_model* model);

#ifdef __cplusplus
}
#endif
#endif
