/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <stdlib.h>
#include <string.h>

#ifdef ECU_ORT_STATIC
extern "C" const ecu::ort::ApiBase* OrtGetApiBase(void);
#else
#include <dlfcn.h>
#endif

namespace ecu::ort {
namespace {

using Entry = const ApiBase*();

#ifdef ECU_ORT_STATIC

Entry* find_entry(Library&, ModelState&) noexcept { return &OrtGetApiBase; }

#else

#ifdef ECU_ORT_LIBRARY
constexpr const char* kNames[] = {ECU_ORT_LIBRARY};
#else
constexpr const char* kNames[] = {"libonnxruntime.so.1", "libonnxruntime.so"};
#endif

/* The loader's text for the last failure. */
const char* loader_error() noexcept {
  const char* const text = dlerror();
  return text == nullptr ? "unknown" : text;
}

Entry* find_entry(Library& library, ModelState& model) noexcept {
  for (const char* const name : kNames) {
    library.handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library.handle != nullptr) {
      break;
    }
    set_error(model, "cannot load ONNX Runtime: ", loader_error());
  }
  if (library.handle == nullptr) {
    return nullptr;
  }
  void* const symbol = dlsym(library.handle, "OrtGetApiBase");
  if (symbol == nullptr) {
    set_error(model, "not an ONNX Runtime library: ", loader_error());
  }
  return reinterpret_cast<Entry*>(symbol);
}

#endif

bool version_accepted(const char* version, ModelState& model) noexcept {
#ifdef ECU_ORT_VERSION
  if (strcmp(version, ECU_ORT_VERSION) != 0) {
    set_error(model, "certified with ONNX Runtime " ECU_ORT_VERSION ", loaded is ", version);
    return false;
  }
#else
  (void)version;
  (void)model;
#endif
  return true;
}

}  // namespace

ecu_status open_library(Library& library, ModelState& model) noexcept {
  library = Library{};
  if (setenv("ORT_DISABLE_TELEMETRY", "1", 1) != 0) {
    set_error(model, "cannot set ORT_DISABLE_TELEMETRY");
    return ECU_ORT_SESSION_FAILED;
  }
  Entry* const entry = find_entry(library, model);
  if (entry == nullptr) {
    close_library(library);
    return ECU_ORT_LIBRARY_MISSING;
  }
  const ApiBase* const base = entry();
  const char* const version = base->version();
  library.api = base->get_api(kApiVersion);
  if (library.api == nullptr) {
    set_error(model, "ONNX Runtime lacks the needed API, its version is ", version);
  }
  if (library.api == nullptr || !version_accepted(version, model)) {
    close_library(library);
    return ECU_ORT_BAD_VERSION;
  }
  return ECU_OK;
}

void close_library(Library& library) noexcept {
#ifndef ECU_ORT_STATIC
  if (library.handle != nullptr) {
    (void)dlclose(library.handle);
  }
#endif
  library = Library{};
}

}  // namespace ecu::ort
