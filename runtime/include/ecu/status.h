/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Status codes of the ecu-bundle runtime. Numbers are stable: a code is never reused.
 *  Families: 0 success, 1-15 caller, 16-31 image, 32-47 engine, 48-63 ONNX Runtime.
 */
#ifndef ECU_STATUS_H
#define ECU_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__cplusplus) && __cplusplus >= 201703L
#define ECU_NODISCARD [[nodiscard]]
#else
#define ECU_NODISCARD
#endif

typedef enum ecu_status {
  ECU_OK = 0,

  ECU_NULL_ARGUMENT = 1,      /**< a pointer that must not be null is null */
  ECU_ARENA_TOO_SMALL = 2,    /**< the arena has fewer bytes than the model needs */
  ECU_ARENA_MISALIGNED = 3,   /**< the arena is not aligned to ECU_ARENA_ALIGNMENT */
  ECU_NOT_OPEN = 4,           /**< the handle was not opened, or was closed */
  ECU_BAD_CATEGORY = 5,       /**< an int32 input has a value that the interface does not list */
  ECU_INTERFACE_MISMATCH = 6, /**< the image has another interface than the generated header */
  ECU_NAN_REFUSED = 7,        /**< a float32 input is NaN and the model has no rule for it */

  ECU_IMAGE_TRUNCATED = 16,   /**< fewer bytes than the image header says */
  ECU_IMAGE_BAD_MAGIC = 17,   /**< not a model image */
  ECU_IMAGE_BAD_VERSION = 18, /**< an image format that this runtime does not read */
  ECU_IMAGE_BAD_DIGEST = 19,  /**< the content does not match its SHA-256 digest */
  ECU_IMAGE_MALFORMED = 20,   /**< an offset, count or text breaks the format */
  ECU_IMAGE_MISALIGNED = 21,  /**< the image does not start at the alignment of the format */

  ECU_ENGINE_MISSING = 32, /**< the image needs an engine that is not linked in */
  ECU_KERNEL_MISSING = 33, /**< the image needs a kernel that is not linked in */

  ECU_ORT_LIBRARY_MISSING = 48, /**< the ONNX Runtime library was not found or has no entry point */
  ECU_ORT_BAD_VERSION = 49,     /**< the library is too old, or not the version of the certificate */
  ECU_ORT_SESSION_FAILED = 50,  /**< ONNX Runtime refused the model; see ecu_model_error */
  ECU_ORT_BAD_INTERFACE = 51,   /**< the ONNX graph does not match the interface of the image */
  ECU_ORT_RUN_FAILED = 52       /**< ONNX Runtime failed while running; see ecu_model_error */
} ecu_status;

/** Name and short explanation of a status, in static memory; never null, whatever the value. */
const char* ecu_status_text(ecu_status status);

#ifdef __cplusplus
}
#endif
#endif
