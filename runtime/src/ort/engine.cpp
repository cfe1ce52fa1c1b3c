/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The engine that runs the ONNX file of an image on ONNX Runtime: one thread, no graph
 *  optimisation, one row in fixed buffers of the arena. ONNX Runtime itself allocates from the heap,
 *  while opening and while running.
 */
#include "../engine.h"

#include <stdint.h>
#include <string.h>

#include "api.h"
#include "library.h"

namespace ecu::ort {
namespace {

/** One input or output: the ONNX Runtime value over a buffer of the arena. */
struct Tensor {
  Value* value;
  void* buffer;  // elements float, or elements int64_t for an int32 tensor
};

struct State {
  Library library;
  Env* env;
  MemoryInfo* memory;
  SessionOptions* options;
  Session* session;
  IoBinding* binding;
  Span<Tensor> tensors;  // inputs, then outputs
};

// Upper bounds on every target that docs/model_image.md, "Arena size", publishes.
static_assert(sizeof(State) <= 128U);
static_assert(sizeof(Tensor) <= 16U);

/** Calls the library and keeps the text of a failure, which it copies before the status goes. */
class Caller {
 public:
  Caller(const Api& api, ModelState& model) noexcept : api_(api), model_(model) {}

  template <typename Entry, typename... Arguments>
  [[nodiscard]] bool ok(Arguments... arguments) const noexcept {
    Status* const status = call<Entry>(api_, arguments...);
    if (status == nullptr) {
      return true;
    }
    set_error(model_, call<GetErrorMessage>(api_, static_cast<const Status*>(status)));
    call<ReleaseStatus>(api_, status);
    return false;
  }

  template <typename Entry, typename Object>
  void release(Object*& object) const noexcept {
    if (object != nullptr) {
      call<Entry>(api_, object);
      object = nullptr;
    }
  }

 private:
  const Api& api_;
  ModelState& model_;
};

State& state_of(const ModelState& model) noexcept { return *static_cast<State*>(model.engine_state); }

const ecu_tensor_info& info_of(const ModelState& model, size_t index) noexcept {
  const size_t inputs = model.inputs.size();
  return index < inputs ? model.inputs[index] : model.outputs[index - inputs];
}

void close(ModelState& model) noexcept {
  State& state = state_of(model);
  if (state.library.api != nullptr) {
    const Caller library(*state.library.api, model);
    library.release<ReleaseIoBinding>(state.binding);
    for (Tensor& tensor : state.tensors) {
      library.release<ReleaseValue>(tensor.value);
    }
    library.release<ReleaseSession>(state.session);
    library.release<ReleaseSessionOptions>(state.options);
    library.release<ReleaseMemoryInfo>(state.memory);
    library.release<ReleaseEnv>(state.env);
  }
  close_library(state.library);
}

bool create_session(const Caller& library, const Image& image, State& state) noexcept {
  const bool configured =
      library.ok<CreateEnv>(LoggingLevel::kFatal, "ecu", &state.env) &&
      library.ok<CreateSessionOptions>(&state.options) &&
      library.ok<SetSessionExecutionMode>(state.options, ExecutionMode::kSequential) &&
      library.ok<SetSessionGraphOptimizationLevel>(state.options, OptimizationLevel::kDisableAll) &&
      library.ok<SetIntraOpNumThreads>(state.options, 1) &&
      library.ok<SetInterOpNumThreads>(state.options, 1) && library.ok<DisableMemPattern>(state.options) &&
      library.ok<DisableCpuMemArena>(state.options) &&
      library.ok<AddSessionConfigEntry>(state.options, "session.intra_op.allow_spinning", "0") &&
      library.ok<AddSessionConfigEntry>(state.options, "session.inter_op.allow_spinning", "0");
  const SessionOptions* const options = state.options;
  return configured && library.ok<CreateSessionFromArray>(state.env, image.payload.data(),
                                                          image.payload.size(), options, &state.session);
}

/** Type and shape of a graph input or output. */
struct Shape {
  ValueType kind;
  ElementType dtype;
  size_t rank;
  int64_t dimensions[2];  // (1, elements), or (1) for rank 1
};

bool read_shape(const Caller& library, const TypeInfo* type, Shape& shape) noexcept {
  if (!library.ok<GetOnnxTypeFromTypeInfo>(type, &shape.kind)) {
    return false;
  }
  const TensorInfo* tensor = nullptr;  // belongs to `type`
  if (shape.kind != ValueType::kTensor) {
    return true;
  }
  return library.ok<CastTypeInfoToTensorInfo>(type, &tensor) &&
         library.ok<GetTensorElementType>(tensor, &shape.dtype) &&
         library.ok<GetDimensionsCount>(tensor, &shape.rank) &&
         (shape.rank > 2U || library.ok<GetDimensions>(tensor, shape.dimensions, shape.rank));
}

/* A shape (rows, elements), or (rows) when there is one element; -1 is a dimension left open. */
const char* shape_error(const Shape& shape, const ecu_tensor_info& info) noexcept {
  if (shape.kind != ValueType::kTensor) {
    return "not a tensor in the graph: ";
  }
  if (shape.dtype != (info.dtype == ECU_FLOAT32 ? ElementType::kFloat32 : ElementType::kInt64)) {
    return "another element type in the graph: ";
  }
  const bool rank_fits = shape.rank == 2U || (shape.rank == 1U && info.elements == 1U);
  const int64_t row_count = shape.rank > 0U ? shape.dimensions[0] : 0;
  const int64_t elements = shape.rank == 2U ? shape.dimensions[1] : 1;
  if (!rank_fits || (row_count != 1 && row_count != -1) || (elements != info.elements && elements != -1)) {
    return "another shape in the graph: ";
  }
  return nullptr;
}

bool name_matches(const Caller& library, const Session* session, bool is_input, size_t index,
                  const char* name, bool& matches) noexcept {
  Allocator* allocator = nullptr;  // belongs to the library
  char* found = nullptr;
  if (!library.ok<GetAllocatorWithDefaultOptions>(&allocator) ||
      !(is_input ? library.ok<SessionGetInputName>(session, index, allocator, &found)
                 : library.ok<SessionGetOutputName>(session, index, allocator, &found))) {
    return false;
  }
  matches = strcmp(found, name) == 0;
  return library.ok<AllocatorFree>(allocator, static_cast<void*>(found));
}

/* Compares graph tensor `index` (inputs first) with the interface and returns its rank. */
bool check_tensor(const Caller& library, ModelState& model, size_t index, size_t& rank) noexcept {
  const Session* const session = state_of(model).session;
  const ecu_tensor_info& info = info_of(model, index);
  const bool is_input = index < model.inputs.size();
  const size_t position = is_input ? index : index - model.inputs.size();
  bool same_name = false;
  TypeInfo* type = nullptr;
  Shape shape = {};
  if (!name_matches(library, session, is_input, position, info.name, same_name) ||
      !(is_input ? library.ok<SessionGetInputTypeInfo>(session, position, &type)
                 : library.ok<SessionGetOutputTypeInfo>(session, position, &type))) {
    return false;
  }
  const bool known = read_shape(library, type, shape);
  library.release<ReleaseTypeInfo>(type);
  if (!known) {
    return false;
  }
  const char* const error = same_name ? shape_error(shape, info) : "another name in the graph: ";
  if (error != nullptr) {
    set_error(model, error, info.name);
    return false;
  }
  rank = shape.rank;
  return true;
}

bool check_counts(const Caller& library, ModelState& model) noexcept {
  const Session* const session = state_of(model).session;
  size_t inputs = 0U;
  size_t outputs = 0U;
  if (!library.ok<SessionGetInputCount>(session, &inputs) ||
      !library.ok<SessionGetOutputCount>(session, &outputs)) {
    return false;
  }
  if (inputs != model.inputs.size() || outputs != model.outputs.size()) {
    set_error(model, "another number of inputs or outputs in the graph");
    return false;
  }
  return true;
}

bool bind_tensor(const Caller& library, State& state, const ecu_tensor_info& info, bool is_input, size_t rank,
                 Tensor& tensor) noexcept {
  const int64_t shape[2] = {1, info.elements};
  const bool is_float = info.dtype == ECU_FLOAT32;
  const size_t bytes = info.elements * (is_float ? sizeof(float) : sizeof(int64_t));
  const MemoryInfo* const memory = state.memory;
  const int64_t* const dimensions = shape;
  if (!library.ok<CreateTensorWithDataAsOrtValue>(memory, tensor.buffer, bytes, dimensions, rank,
                                                  is_float ? ElementType::kFloat32 : ElementType::kInt64,
                                                  &tensor.value)) {
    return false;
  }
  const Value* const value = tensor.value;
  return is_input ? library.ok<BindInput>(state.binding, info.name, value)
                  : library.ok<BindOutput>(state.binding, info.name, value);
}

/* Takes the buffers from the arena; false when it is exhausted. */
bool take_buffers(ModelState& model, Arena& arena) noexcept {
  State& state = state_of(model);
  if (!arena.make(model.inputs.size() + model.outputs.size(), state.tensors)) {
    return false;
  }
  for (size_t i = 0U; i < state.tensors.size(); ++i) {
    const ecu_tensor_info& info = info_of(model, i);
    Span<float> floats;
    Span<int64_t> integers;
    if (!(info.dtype == ECU_FLOAT32 ? arena.make(info.elements, floats)
                                    : arena.make(info.elements, integers))) {
      return false;
    }
    state.tensors[i].buffer = info.dtype == ECU_FLOAT32 ? static_cast<void*>(floats.data()) : integers.data();
  }
  return true;
}

bool run_session(const Caller& library, const State& state) noexcept {
  const RunOptions* const defaults = nullptr;
  const IoBinding* const binding = state.binding;
  return library.ok<RunWithBinding>(state.session, defaults, binding);
}

/* The first run sets up the library's own caches; the input is zero, or the first category. */
bool warm_up(const Caller& library, const ModelState& model) noexcept {
  const State& state = state_of(model);
  for (size_t i = 0U; i < model.inputs.size(); ++i) {
    if (model.inputs[i].dtype == ECU_INT32) {
      const Span<int64_t> buffer(static_cast<int64_t*>(state.tensors[i].buffer), model.inputs[i].elements);
      for (int64_t& element : buffer) {
        element = model.rules[i].codes.at(0U);
      }
    }
  }
  return run_session(library, state);
}

ecu_status prepare(const Caller& library, ModelState& model) noexcept {
  State& state = state_of(model);
  if (!create_session(library, model.image, state) ||
      !library.ok<CreateCpuMemoryInfo>(AllocatorType::kDevice, MemoryType::kDefault, &state.memory) ||
      !library.ok<CreateIoBinding>(state.session, &state.binding)) {
    return ECU_ORT_SESSION_FAILED;
  }
  if (!check_counts(library, model)) {
    return ECU_ORT_BAD_INTERFACE;
  }
  for (size_t i = 0U; i < state.tensors.size(); ++i) {
    size_t rank = 0U;
    if (!check_tensor(library, model, i, rank)) {
      return ECU_ORT_BAD_INTERFACE;
    }
    if (!bind_tensor(library, state, info_of(model, i), i < model.inputs.size(), rank, state.tensors[i])) {
      return ECU_ORT_SESSION_FAILED;
    }
  }
  return warm_up(library, model) ? ECU_OK : ECU_ORT_RUN_FAILED;
}

ecu_status open(ModelState& model, Arena& arena) noexcept {
  Span<State> place;
  if (!arena.make(1U, place)) {
    return ECU_IMAGE_MALFORMED;
  }
  model.engine_state = place.data();
  if (!take_buffers(model, arena)) {
    return ECU_IMAGE_MALFORMED;
  }
  const ecu_status found = open_library(state_of(model).library, model);
  if (found != ECU_OK) {
    return found;
  }
  const ecu_status status = prepare(Caller(*state_of(model).library.api, model), model);
  if (status != ECU_OK) {
    close(model);
  }
  return status;
}

void load_input(const ecu_tensor_info& info, const void* from, void* buffer) noexcept {
  if (info.dtype == ECU_FLOAT32) {
    memcpy(buffer, from, info.elements * sizeof(float));
    return;
  }
  int64_t* const wide = static_cast<int64_t*>(buffer);
  for (size_t i = 0U; i < info.elements; ++i) {
    int32_t value = 0;
    memcpy(&value, static_cast<const uint8_t*>(from) + (i * sizeof value), sizeof value);
    wide[i] = value;
  }
}

/* False when an integer does not fit the int32 of the device API. */
bool store_output(const ecu_tensor_info& info, const void* buffer, void* to) noexcept {
  if (info.dtype == ECU_FLOAT32) {
    memcpy(to, buffer, info.elements * sizeof(float));
    return true;
  }
  const int64_t* const wide = static_cast<const int64_t*>(buffer);
  for (size_t i = 0U; i < info.elements; ++i) {
    if (wide[i] < INT32_MIN || wide[i] > INT32_MAX) {
      return false;
    }
    const int32_t value = static_cast<int32_t>(wide[i]);
    memcpy(static_cast<uint8_t*>(to) + (i * sizeof value), &value, sizeof value);
  }
  return true;
}

ecu_status run(ModelState& model, const void* const* inputs, void* const* outputs) noexcept {
  const State& state = state_of(model);
  for (size_t i = 0U; i < model.inputs.size(); ++i) {
    load_input(model.inputs[i], inputs[i], state.tensors[i].buffer);
  }
  if (!run_session(Caller(*state.library.api, model), state)) {
    return ECU_ORT_RUN_FAILED;
  }
  for (size_t i = 0U; i < model.outputs.size(); ++i) {
    if (!store_output(model.outputs[i], state.tensors[model.inputs.size() + i].buffer, outputs[i])) {
      set_error(model, "an integer beyond int32 in output ", model.outputs[i].name);
      return ECU_ORT_RUN_FAILED;
    }
  }
  return ECU_OK;
}

}  // namespace
}  // namespace ecu::ort

const ecu_engine ecu_engine_ort = {&ecu::ort::open, &ecu::ort::run, &ecu::ort::close};
