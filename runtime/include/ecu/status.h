/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Status codes of the ecu-bundle runtime. Numbers are stable: a code is never reused.
 *  Families: 0 success, 1-15 caller, 16-31 image, 32-47 engine, 48-63 ONNX Runtime,
 *  64-71 flash and slots, 72-95 update packages, 96 flash.
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
  ECU_BUFFER_MISALIGNED = 8,  /**< an input or output is not aligned for float and int32_t: 4 bytes */

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
  ECU_ORT_RUN_FAILED = 52,      /**< ONNX Runtime failed while running; see ecu_model_error */

  ECU_FLASH_FAILED = 64,            /**< the flash port failed, or flash does not hold what was programmed */
  ECU_UPDATE_BAD_LAYOUT = 65,       /**< the configuration of slots, journal or keys breaks a rule */
  ECU_UPDATE_NO_MODEL = 66,         /**< no slot holds a valid model that may run */
  ECU_UPDATE_NO_TRIAL = 67,         /**< there is no trial to confirm or to revert */
  ECU_UPDATE_TRIAL_RUNNING = 68,    /**< a trial runs: confirm or revert it before an install */
  ECU_UPDATE_NOT_STARTED = 69,      /**< no install is under way, or it was refused */
  ECU_UPDATE_SELF_TEST_FAILED = 70, /**< the new model does not compute its golden vectors */
  ECU_UPDATE_KEYS_DAMAGED = 71,     /**< the key set in flash does not match its digest */

  ECU_PACKAGE_TRUNCATED = 72,       /**< the package ends before its payload does */
  ECU_PACKAGE_MALFORMED = 73,       /**< a byte that this profile does not allow there */
  ECU_PACKAGE_TOO_LONG = 74,        /**< more bytes before or after the payload than the profile allows */
  ECU_PACKAGE_BAD_DIGEST = 75,      /**< manifest or facts do not match the signed digest */
  ECU_PACKAGE_UNKNOWN_KEY = 76,     /**< signed with a key that the device does not have */
  ECU_PACKAGE_BAD_SIGNATURE = 77,   /**< the signature is not right */
  ECU_PACKAGE_KEY_RETIRED = 78,     /**< the sequence is older than what its key may sign */
  ECU_PACKAGE_WRONG_VENDOR = 79,    /**< made for the devices of another vendor */
  ECU_PACKAGE_WRONG_CLASS = 80,     /**< made for another class of devices */
  ECU_PACKAGE_WRONG_HARDWARE = 81,  /**< the hardware of this device is not listed */
  ECU_PACKAGE_ROLLBACK = 82,        /**< older than what the device has confirmed */
  ECU_PACKAGE_OTHER_CONTENT = 83,   /**< the sequence of the confirmed package, but another content */
  ECU_PACKAGE_WRONG_FORMAT = 84,    /**< an image or program format that this runtime does not read */
  ECU_PACKAGE_WRONG_INTERFACE = 85, /**< the model has another interface than this device */
  ECU_PACKAGE_KERNEL_MISSING = 86,  /**< the model needs a kernel that is not linked in */
  ECU_PACKAGE_ARENA_TOO_SMALL = 87, /**< the model needs a larger arena than the device has */
  ECU_PACKAGE_STACK_TOO_SMALL = 88, /**< the model needs more stack than the device has */
  ECU_PACKAGE_TOO_LARGE = 89,       /**< the payload does not fit its place in flash */
  ECU_PACKAGE_BAD_PAYLOAD = 90,     /**< the payload does not match the signed digest */
  ECU_PACKAGE_BAD_KEY_SET = 91,     /**< a key set that breaks its format */
  ECU_PACKAGE_BAD_VECTORS = 92,     /**< golden vectors that break their format */
  ECU_PACKAGE_BAD_MAGIC = 93,       /**< not an update package */
  ECU_PACKAGE_BAD_VERSION = 94,     /**< a version of manifest or profile that is not read here */
  ECU_PACKAGE_BAD_ALGORITHM = 95,   /**< a signature algorithm that profile or key does not have */

  ECU_FLASH_DAMAGED = 96, /**< bytes that the flash can not give back any more; only the port says so */

  ECU_PACKAGE_WRONG_USE = 97 /**< signed with a key that is not for packages of this kind */
} ecu_status;

/** Name and short explanation of a status, in static memory; never null, whatever the value. */
const char* ecu_status_text(ecu_status status);

#ifdef __cplusplus
}
#endif
#endif
