/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/model.h"

#include <string.h>

#include "arena.h"
#include "cold.h"
#include "engine.h"
#include "float_bits.h"
#include "image/reader.h"

// Weak here and only here: a weak declaration beside the definition would make the table weak.
extern "C" {
extern const ecu_engine ecu_engine_ort __attribute__((weak));
extern const ecu_engine ecu_engine_native __attribute__((weak));
}

namespace ecu {
namespace {

// Upper bounds on every target that docs/model_image.md, "Arena size", publishes.
static_assert(sizeof(ModelState) <= 512U);
static_assert(sizeof(ecu_tensor_info) <= 24U);
static_assert(sizeof(InputRule) <= 24U);

// Of float and int32_t, the elements of all buffers.
constexpr size_t kElementSize = 4U;

uintptr_t address_of(const void* pointer) noexcept { return reinterpret_cast<uintptr_t>(pointer); }

const ecu_engine* find_engine(ecu_engine_id id) noexcept {
  return id == ECU_ENGINE_ORT ? &ecu_engine_ort : &ecu_engine_native;
}

const ecu_engine* engine_of(const ecu_model& model) noexcept {
  return static_cast<const ecu_engine*>(model.engine);
}

ModelState* state_of(const ecu_model& model) noexcept { return static_cast<ModelState*>(model.state); }

/* Tensor table and input rules in the arena; false when the arena of the image is too small. */
ECU_APART bool build_tables(ModelState& state, Arena& arena) noexcept {
  const Image& image = state.image;
  const size_t count = static_cast<size_t>(image.input_count) + image.output_count;
  Span<ecu_tensor_info> infos;
  Span<InputRule> rules;
  if (!arena.make(count, infos) || !arena.make(image.input_count, rules)) {
    return false;
  }
  Cursor cursor(image.tensors);
  for (size_t i = 0U; i < count; ++i) {
    const TensorRecord record = read_tensor(cursor);
    infos[i] = ecu_tensor_info{record.name, record.unit, record.dtype, record.elements};
    if (i < rules.size()) {
      rules[i] = InputRule{record.codes, record.accepts_nan};
    }
  }
  state.inputs = Span<const ecu_tensor_info>(infos.data(), image.input_count);
  state.outputs = Span<const ecu_tensor_info>(infos.data() + image.input_count, image.output_count);
  state.rules = Span<const InputRule>(rules.data(), rules.size());
  return true;
}

void describe(const ModelState& state, ecu_model_info& info) noexcept {
  const Image& image = state.image;
  info.name = image.name;
  info.version = image.version;
  info.engine = image.engine;
  info.input_count = image.input_count;
  info.output_count = image.output_count;
  info.inputs = state.inputs.data();
  info.outputs = state.outputs.data();
  info.interface_hash = image.interface_hash;
  info.model_digest = image.model_digest;
  info.image_digest = image.image_digest;
  info.image_size = image.size;
  info.arena_size = image.arena_size;
}

/* The element at an aligned address. The builtin, since -ffreestanding makes a call of memcpy. */
template <typename T>
T load(const uint8_t* at) noexcept {
  static_assert(sizeof(T) == kElementSize);
  T value = 0;
  __builtin_memcpy(&value, __builtin_assume_aligned(at, kElementSize), sizeof value);
  return value;
}

/* Whether one of `left` elements is a NaN: six instructions of a Cortex-M for each. */
bool holds_nan(const uint8_t* at, uint32_t left) noexcept {
  for (; left > 0U; --left) {
    const uint32_t bits = load<uint32_t>(at);
    at += kElementSize;
    if (is_nan_bits(bits)) {
      return true;
    }
  }
  return false;
}

/* `buffer` is aligned for its elements. */
ecu_status check_input(const ecu_tensor_info& info, const InputRule& rule, const void* buffer) noexcept {
  const uint8_t* at = static_cast<const uint8_t*>(buffer);
  if (info.dtype == ECU_FLOAT32) {
    return !rule.accepts_nan && holds_nan(at, info.elements) ? ECU_NAN_REFUSED : ECU_OK;
  }
  for (uint32_t left = info.elements; left > 0U; --left) {
    if (!rule.codes.contains(load<int32_t>(at))) {
      return ECU_BAD_CATEGORY;
    }
    at += kElementSize;
  }
  return ECU_OK;
}

ecu_status check_buffers(const ModelState& state, const void* const* inputs, void* const* outputs) noexcept {
  uintptr_t addresses = 0U;  // OR-ed: their low bits say of all at once whether they are aligned
  for (size_t i = 0U; i < state.inputs.size(); ++i) {
    if (inputs[i] == nullptr) {
      return ECU_NULL_ARGUMENT;
    }
    addresses |= address_of(inputs[i]);
  }
  for (size_t i = 0U; i < state.outputs.size(); ++i) {
    if (outputs[i] == nullptr) {
      return ECU_NULL_ARGUMENT;
    }
    addresses |= address_of(outputs[i]);
  }
  if (addresses % kElementSize != 0U) {
    return ECU_BUFFER_MISALIGNED;
  }
  for (size_t i = 0U; i < state.inputs.size(); ++i) {
    const ecu_status status = check_input(state.inputs[i], state.rules[i], inputs[i]);
    if (status != ECU_OK) {
      return status;
    }
  }
  return ECU_OK;
}

/* Checks the image and makes the state and its tables in the arena; `space` is what is left of that. Apart:
 * the image must not lie on the stack below the engine. */
ECU_APART ecu_status prepare(ecu_model& model, Bytes bytes, Arena& space, size_t arena_size) noexcept {
  Image image = {};
  const ecu_status status = read_image(bytes, image);
  if (status != ECU_OK) {
    return status;
  }
  if (find_engine(image.engine) == nullptr) {
    return ECU_ENGINE_MISSING;
  }
  if (arena_size < image.arena_size) {
    return ECU_ARENA_TOO_SMALL;
  }
  space.limit(image.arena_size);
  Span<ModelState> place;
  if (!space.make(1U, place)) {
    return ECU_IMAGE_MALFORMED;
  }
  place[0].image = image;
  if (!build_tables(place[0], space)) {
    return ECU_IMAGE_MALFORMED;
  }
  model.state = &place[0];
  return ECU_OK;
}

}  // namespace
}  // namespace ecu

ecu_status ecu_model_open(ecu_model* model, const void* image, size_t image_size, void* arena,
                          size_t arena_size) {
  if (model == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  *model = ecu_model{};
  if (image == nullptr || arena == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  if (ecu::address_of(image) % ECU_IMAGE_ALIGNMENT != 0U) {
    return ECU_IMAGE_MISALIGNED;
  }
  if (ecu::address_of(arena) % ECU_ARENA_ALIGNMENT != 0U) {
    return ECU_ARENA_MISALIGNED;
  }
  ecu::Arena space(arena, arena_size);
  const ecu::Bytes bytes(static_cast<const uint8_t*>(image), image_size);
  ecu_status status = ecu::prepare(*model, bytes, space, arena_size);
  if (status != ECU_OK) {
    return status;
  }
  ecu::ModelState& state = *ecu::state_of(*model);
  const ecu_engine* const engine = ecu::find_engine(state.image.engine);
  status = engine->open(state, space);
  if (status == ECU_OK) {
    model->engine = engine;
    ecu::describe(state, model->info);
  }
  return status;
}

ecu_status ecu_model_run(ecu_model* model, const void* const* inputs, void* const* outputs) {
  if (model == nullptr || inputs == nullptr || outputs == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  if (model->engine == nullptr) {
    return ECU_NOT_OPEN;
  }
  ecu::ModelState& state = *ecu::state_of(*model);
  const ecu_status status = ecu::check_buffers(state, inputs, outputs);
  return status == ECU_OK ? ecu::engine_of(*model)->run(state, inputs, outputs) : status;
}

const ecu_model_info* ecu_model_info_of(const ecu_model* model) {
  return model != nullptr && model->engine != nullptr ? &model->info : nullptr;
}

const char* ecu_model_error(const ecu_model* model) {
  return model != nullptr && model->state != nullptr ? ecu::state_of(*model)->error : "";
}

void ecu_model_close(ecu_model* model) {
  if (model == nullptr) {
    return;
  }
  if (model->engine != nullptr) {
    ecu::engine_of(*model)->close(*ecu::state_of(*model));
  }
  *model = ecu_model{};
}
