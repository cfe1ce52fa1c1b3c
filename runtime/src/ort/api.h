/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  The part of ONNX Runtime's C API that the engine uses, declared by slot.
 *
 *  The API is a table of functions that only ever grows, so a slot number means the same function in
 *  every library that has it; the ones below are all in API version 5 (ONNX Runtime 1.5, 2020). A
 *  test compares number, arity and argument sizes with the official header.
 */
#ifndef ECU_SRC_ORT_API_H
#define ECU_SRC_ORT_API_H

#include <stddef.h>
#include <stdint.h>

namespace ecu::ort {

constexpr uint32_t kApiVersion = 5U;
constexpr unsigned kSlotCount = 138U;

struct Allocator;
struct Env;
struct IoBinding;
struct MemoryInfo;
struct RunOptions;
struct Session;
struct SessionOptions;
struct Status;
struct TensorInfo;
struct TypeInfo;
struct Value;

enum class LoggingLevel : int32_t { kFatal = 4 };
enum class OptimizationLevel : int32_t { kDisableAll = 0 };
enum class ExecutionMode : int32_t { kSequential = 0 };
enum class AllocatorType : int32_t { kDevice = 0 };
enum class MemoryType : int32_t { kDefault = 0 };
enum class ValueType : int32_t { kTensor = 1 };
enum class ElementType : int32_t { kFloat32 = 1, kInt64 = 7 };

/** The table of the library; every slot is a function of its own type. */
struct Api {
  void (*slots[kSlotCount])();
};

/** What `OrtGetApiBase` returns. */
struct ApiBase {
  const Api* (*get_api)(uint32_t version);
  const char* (*version)();
};

/** One function of the table. */
template <unsigned Number, typename Signature>
struct Slot {
  static_assert(Number < kSlotCount);
  using Function = Signature*;
  static constexpr unsigned kNumber = Number;
};

/** Calls one function of the table, as in `call<CreateEnv>(api, level, name, &env)`. */
template <typename Entry, typename... Arguments>
auto call(const Api& api, Arguments... arguments) noexcept {
  return reinterpret_cast<typename Entry::Function>(api.slots[Entry::kNumber])(arguments...);
}

using GetErrorMessage = Slot<2, const char*(const Status*)>;
using CreateEnv = Slot<3, Status*(LoggingLevel, const char*, Env**)>;
using CreateSessionFromArray =
    Slot<8, Status*(const Env*, const void*, size_t, const SessionOptions*, Session**)>;
using CreateSessionOptions = Slot<10, Status*(SessionOptions**)>;
using SetSessionExecutionMode = Slot<13, Status*(SessionOptions*, ExecutionMode)>;
using DisableMemPattern = Slot<17, Status*(SessionOptions*)>;
using DisableCpuMemArena = Slot<19, Status*(SessionOptions*)>;
using SetSessionGraphOptimizationLevel = Slot<23, Status*(SessionOptions*, OptimizationLevel)>;
using SetIntraOpNumThreads = Slot<24, Status*(SessionOptions*, int32_t)>;
using SetInterOpNumThreads = Slot<25, Status*(SessionOptions*, int32_t)>;
using SessionGetInputCount = Slot<30, Status*(const Session*, size_t*)>;
using SessionGetOutputCount = Slot<31, Status*(const Session*, size_t*)>;
using SessionGetInputTypeInfo = Slot<33, Status*(const Session*, size_t, TypeInfo**)>;
using SessionGetOutputTypeInfo = Slot<34, Status*(const Session*, size_t, TypeInfo**)>;
using SessionGetInputName = Slot<36, Status*(const Session*, size_t, Allocator*, char**)>;
using SessionGetOutputName = Slot<37, Status*(const Session*, size_t, Allocator*, char**)>;
using CreateTensorWithDataAsOrtValue =
    Slot<49, Status*(const MemoryInfo*, void*, size_t, const int64_t*, size_t, ElementType, Value**)>;
using CastTypeInfoToTensorInfo = Slot<55, Status*(const TypeInfo*, const TensorInfo**)>;
using GetOnnxTypeFromTypeInfo = Slot<56, Status*(const TypeInfo*, ValueType*)>;
using GetTensorElementType = Slot<60, Status*(const TensorInfo*, ElementType*)>;
using GetDimensionsCount = Slot<61, Status*(const TensorInfo*, size_t*)>;
using GetDimensions = Slot<62, Status*(const TensorInfo*, int64_t*, size_t)>;
using CreateCpuMemoryInfo = Slot<69, Status*(AllocatorType, MemoryType, MemoryInfo**)>;
using AllocatorFree = Slot<76, Status*(Allocator*, void*)>;
using GetAllocatorWithDefaultOptions = Slot<78, Status*(Allocator**)>;
using ReleaseEnv = Slot<92, void(Env*)>;
using ReleaseStatus = Slot<93, void(Status*)>;
using ReleaseMemoryInfo = Slot<94, void(MemoryInfo*)>;
using ReleaseSession = Slot<95, void(Session*)>;
using ReleaseValue = Slot<96, void(Value*)>;
using ReleaseTypeInfo = Slot<98, void(TypeInfo*)>;
using ReleaseSessionOptions = Slot<100, void(SessionOptions*)>;
using AddSessionConfigEntry = Slot<130, Status*(SessionOptions*, const char*, const char*)>;
using RunWithBinding = Slot<133, Status*(Session*, const RunOptions*, const IoBinding*)>;
using CreateIoBinding = Slot<134, Status*(Session*, IoBinding**)>;
using ReleaseIoBinding = Slot<135, void(IoBinding*)>;
using BindInput = Slot<136, Status*(IoBinding*, const char*, const Value*)>;
using BindOutput = Slot<137, Status*(IoBinding*, const char*, const Value*)>;

}  // namespace ecu::ort
#endif
