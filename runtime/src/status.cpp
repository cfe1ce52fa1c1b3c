/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/status.h"

// Texts of the update families, where update/ is linked in; others do not pay for them.
extern "C" const char* ecu_update_status_text(ecu_status status) __attribute__((weak));

namespace {

const char* update_text(ecu_status status) {
  const bool is_known = status >= ECU_FLASH_FAILED && status <= ECU_PACKAGE_WRONG_USE;
  return is_known && ecu_update_status_text != nullptr ? ecu_update_status_text(status) : "unknown status";
}

}  // namespace

const char* ecu_status_text(ecu_status status) {
  switch (status) {
    case ECU_OK:
      return "ECU_OK: success";
    case ECU_NULL_ARGUMENT:
      return "ECU_NULL_ARGUMENT: a pointer that must not be null is null";
    case ECU_ARENA_TOO_SMALL:
      return "ECU_ARENA_TOO_SMALL: the arena has fewer bytes than the model needs";
    case ECU_ARENA_MISALIGNED:
      return "ECU_ARENA_MISALIGNED: the arena is not aligned to ECU_ARENA_ALIGNMENT";
    case ECU_NOT_OPEN:
      return "ECU_NOT_OPEN: the handle was not opened, or was closed";
    case ECU_BAD_CATEGORY:
      return "ECU_BAD_CATEGORY: an input has a value that the interface does not list";
    case ECU_INTERFACE_MISMATCH:
      return "ECU_INTERFACE_MISMATCH: the image has another interface than the generated header";
    case ECU_NAN_REFUSED:
      return "ECU_NAN_REFUSED: an input is NaN and the model has no rule for it";
    case ECU_BUFFER_MISALIGNED:
      return "ECU_BUFFER_MISALIGNED: an input or output is not aligned for float and int32_t";
    case ECU_IMAGE_TRUNCATED:
      return "ECU_IMAGE_TRUNCATED: fewer bytes than the image header says";
    case ECU_IMAGE_BAD_MAGIC:
      return "ECU_IMAGE_BAD_MAGIC: not a model image";
    case ECU_IMAGE_BAD_VERSION:
      return "ECU_IMAGE_BAD_VERSION: an image format that this runtime does not read";
    case ECU_IMAGE_BAD_DIGEST:
      return "ECU_IMAGE_BAD_DIGEST: the content does not match its SHA-256 digest";
    case ECU_IMAGE_MALFORMED:
      return "ECU_IMAGE_MALFORMED: an offset, count or text breaks the format";
    case ECU_IMAGE_MISALIGNED:
      return "ECU_IMAGE_MISALIGNED: the image is not aligned to ECU_IMAGE_ALIGNMENT";
    case ECU_ENGINE_MISSING:
      return "ECU_ENGINE_MISSING: the image needs an engine that is not linked in";
    case ECU_KERNEL_MISSING:
      return "ECU_KERNEL_MISSING: the image needs a kernel that is not linked in";
    case ECU_ORT_LIBRARY_MISSING:
      return "ECU_ORT_LIBRARY_MISSING: the ONNX Runtime library was not found or has no entry point";
    case ECU_ORT_BAD_VERSION:
      return "ECU_ORT_BAD_VERSION: ONNX Runtime is too old, or not the version of the certificate";
    case ECU_ORT_SESSION_FAILED:
      return "ECU_ORT_SESSION_FAILED: ONNX Runtime refused the model; see ecu_model_error";
    case ECU_ORT_BAD_INTERFACE:
      return "ECU_ORT_BAD_INTERFACE: the ONNX graph does not match the interface of the image";
    case ECU_ORT_RUN_FAILED:
      return "ECU_ORT_RUN_FAILED: ONNX Runtime failed while running; see ecu_model_error";
    default:
      return update_text(status);
  }
}
