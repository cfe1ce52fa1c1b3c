/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What an engine offers to the device API, and how a bundle chooses its engines.
 *
 *  model.cpp knows the engines by weak references only. An engine is linked in when the source of a
 *  bundle refers to its table strongly; an image for an engine that nobody refers to is refused with
 *  ECU_ENGINE_MISSING. Nothing registers itself and nothing is global, so any number of bundles link
 *  into one program. The generated source of a bundle says, without including this header:
 *
 *      extern "C" {
 *      extern const struct ecu_engine ecu_engine_ort;
 *      extern const void* const auto_mpg_engines[];
 *      const void* const auto_mpg_engines[] = {&ecu_engine_ort};
 *      }
 *
 *  The array must have external linkage (else the compiler drops it) and must be in the object file
 *  that defines the model image (so that whoever links the image also links the engine).
 */
#ifndef ECU_SRC_ENGINE_H
#define ECU_SRC_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "ecu/model.h"
#include "image/reader.h"
#include "span.h"

namespace ecu {

/** Bytes of the text of the last engine failure, with the final NUL. */
constexpr size_t kErrorSize = 256U;

/** What an input accepts. */
struct InputRule {
  CodeList codes;
  bool accepts_nan;
};

/** State of an open model, at the start of its arena. */
struct ModelState {
  Image image;
  Span<const ecu_tensor_info> inputs;
  Span<const ecu_tensor_info> outputs;
  Span<const InputRule> rules;  // one per input
  void* engine_state;           // belongs to the engine
  char error[kErrorSize];
};

/** Sets the text of the last failure to `first` and `second`, cut to kErrorSize. */
inline void set_error(ModelState& model, const char* first, const char* second = "") noexcept {
  const char* const parts[] = {first, second};
  size_t at = 0U;
  for (const char* text : parts) {
    for (; *text != '\0' && at < kErrorSize - 1U; ++text, ++at) {
      model.error[at] = *text;
    }
  }
  model.error[at] = '\0';
}

}  // namespace ecu

/** Table of one engine. Inputs are checked before `run`; all pointers are then valid. */
struct ecu_engine {
  /** Prepares image.payload; takes memory from the arena. Releases all it holds when it fails. */
  ecu_status (*open)(ecu::ModelState& model, ecu::Arena& arena) noexcept;
  ecu_status (*run)(ecu::ModelState& model, const void* const* inputs, void* const* outputs) noexcept;
  void (*close)(ecu::ModelState& model) noexcept;
};

extern "C" {
extern const ecu_engine ecu_engine_ort;
extern const ecu_engine ecu_engine_native;
}

#endif
