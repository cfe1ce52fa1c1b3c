/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Finds ONNX Runtime. Macros, for the compiler's command line:
 *  - ECU_ORT_LIBRARY="name": load this library only; by default libonnxruntime.so.1, then
 *    libonnxruntime.so, by the rules of the system's loader (RPATH, LD_LIBRARY_PATH, ...).
 *  - ECU_ORT_VERSION="1.32.0": accept exactly this version; by default any that has the API.
 *  - ECU_ORT_STATIC: ONNX Runtime is linked in; nothing is loaded.
 */
#ifndef ECU_SRC_ORT_LIBRARY_H
#define ECU_SRC_ORT_LIBRARY_H

#include "../engine.h"
#include "api.h"

namespace ecu::ort {

/** A loaded library; `handle` is null when it is linked in. */
struct Library {
  void* handle = nullptr;
  const Api* api = nullptr;
};

/** Switches ONNX Runtime's telemetry off, loads the library and checks its version.
 *
 *  Sets the environment variable ORT_DISABLE_TELEMETRY, because the library reads it once at its
 *  first use; like every change of the environment this must not race with another thread's getenv.
 *  On failure nothing stays loaded and the text of the model says what was tried.
 */
[[nodiscard]] ecu_status open_library(Library& library, ModelState& model) noexcept;

/** Unloads; allowed on a library that was never opened. */
void close_library(Library& library) noexcept;

}  // namespace ecu::ort
#endif
