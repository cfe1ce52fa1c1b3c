/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/golden.h"

#include <string.h>

#include "../arena.h"
#include "../image/reader.h"
#include "../image/sha256.h"

namespace ecu {
namespace {

constexpr uint8_t kMagic[4] = {0x45U, 0x43U, 0x55U, 0x47U};  // "ECUG"
constexpr uint16_t kVersion = 1U;
constexpr size_t kHeaderSize = 24U;
constexpr size_t kValueSize = 4U;      // of a value of a row
constexpr size_t kToleranceSize = 8U;  // of a float32 output
constexpr uint32_t kInfinity = 0x7f800000U;
constexpr uint32_t kMagnitude = 0x7fffffffU;

/* Golden vectors, with a right digest and the sizes of the model. */
struct Vectors {
  uint32_t rows;
  Bytes tolerances;
  Bytes values;
};

/* Memory for one row: a pointer for each input, then for each output, and the values that they point to. */
struct Row {
  Span<void*> pointers;
  Span<uint32_t> values;
};

/* Values of one row of these tensors. */
size_t elements(const ecu_tensor_info* infos, uint32_t count) noexcept {
  size_t sum = 0U;
  for (uint32_t i = 0U; i < count; ++i) {
    sum += infos[i].elements;
  }
  return sum;
}

uint32_t* point(void** pointers, const ecu_tensor_info* infos, uint32_t count, uint32_t* next) noexcept {
  for (uint32_t i = 0U; i < count; ++i) {
    pointers[i] = next;
    next += infos[i].elements;
  }
  return next;
}

bool make_row(Arena& arena, const ecu_model_info& info, Row& row) noexcept {
  const size_t values = elements(info.inputs, info.input_count) + elements(info.outputs, info.output_count);
  if (!arena.make(static_cast<size_t>(info.input_count) + info.output_count, row.pointers) ||
      !arena.make(values, row.values)) {
    return false;
  }
  void** const pointers = row.pointers.data();
  uint32_t* const outputs = point(pointers, info.inputs, info.input_count, row.values.data());
  (void)point(pointers + info.input_count, info.outputs, info.output_count, outputs);
  return true;
}

float as_float(uint32_t bits) noexcept {
  float value = 0.0F;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* |value|, without the mathematical library. */
float magnitude(float value) noexcept { return value < 0.0F ? -value : value; }

uint32_t floats(const ecu_model_info& info) noexcept {
  uint32_t count = 0U;
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    count += info.outputs[i].dtype == ECU_FLOAT32 ? 1U : 0U;
  }
  return count;
}

bool valid_tolerances(Bytes tolerances) noexcept {
  Cursor cursor(tolerances);
  bool valid = true;
  while (!cursor.at_end()) {
    valid = cursor.u32() < kInfinity && valid;  // finite and without sign
  }
  return valid;
}

/* Vectors that fit the model. */
bool read_vectors(Bytes bytes, const ecu_model_info& info, Vectors& vectors) noexcept {
  Cursor cursor(bytes);
  const Bytes magic = cursor.take(sizeof kMagic);
  const uint16_t version = cursor.u16();
  vectors.rows = cursor.u16();
  const uint32_t size = cursor.u32();
  const uint32_t input_size = cursor.u32();
  const uint32_t output_size = cursor.u32();
  const uint32_t float_count = cursor.u32();  // and a reserved half, 0
  if (cursor.failed() || memcmp(magic.data(), kMagic, sizeof kMagic) != 0 || version != kVersion ||
      vectors.rows == 0U || input_size != kValueSize * elements(info.inputs, info.input_count) ||
      output_size != kValueSize * elements(info.outputs, info.output_count) || float_count != floats(info)) {
    return false;
  }
  const size_t tolerances = kToleranceSize * float_count;
  const uint64_t values = static_cast<uint64_t>(vectors.rows) * (input_size + output_size);
  if (size > bytes.size() || size != kHeaderSize + tolerances + values + ECU_DIGEST_SIZE) {
    return false;
  }
  vectors.tolerances = cursor.take(tolerances);
  vectors.values = cursor.take(static_cast<size_t>(values));
  const Bytes content = bytes.part(0U, size - ECU_DIGEST_SIZE);
  return valid_tolerances(vectors.tolerances) && sha256_matches(content, content.end());
}

bool passes(uint32_t expected, uint32_t actual, float absolute, float relative) noexcept {
  if (expected == actual) {
    return true;
  }
  if (!(absolute > 0.0F || relative > 0.0F)) {
    return false;
  }
  const bool expected_nan = (expected & kMagnitude) > kInfinity;
  if (expected_nan || (expected & kMagnitude) == kInfinity) {
    return expected_nan && (actual & kMagnitude) > kInfinity;
  }
  const float e = as_float(expected);
  return magnitude(as_float(actual) - e) <= absolute + (relative * magnitude(e));
}

bool compare(const ecu_model_info& info, const uint32_t* actual, Cursor& values, Bytes tolerances) noexcept {
  Cursor limits(tolerances);
  bool same = true;
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    const bool is_float = info.outputs[i].dtype == ECU_FLOAT32;
    const float absolute = is_float ? as_float(limits.u32()) : 0.0F;
    const float relative = is_float ? as_float(limits.u32()) : 0.0F;
    for (uint32_t left = info.outputs[i].elements; left > 0U; --left) {
      same = passes(values.u32(), *actual, absolute, relative) && same;
      ++actual;
    }
  }
  return same;
}

ecu_status run_rows(ecu_model& model, const Vectors& vectors, const Row& row) noexcept {
  const ecu_model_info& info = model.info;
  void* const* const outputs = row.pointers.data() + info.input_count;
  const size_t inputs = elements(info.inputs, info.input_count);
  Cursor values(vectors.values);
  for (uint32_t left = vectors.rows; left > 0U; --left) {
    for (size_t i = 0U; i < inputs; ++i) {
      row.values[i] = values.u32();
    }
    const ecu_status status = ecu_model_run(&model, row.pointers.data(), outputs);
    if (status != ECU_OK) {
      return status;
    }
    if (!compare(info, row.values.data() + inputs, values, vectors.tolerances)) {
      return ECU_UPDATE_SELF_TEST_FAILED;
    }
  }
  return ECU_OK;
}

ecu_status test_open(ecu_model& model, Bytes payload, const ecu_golden_memory& memory) noexcept {
  const ecu_model_info& info = model.info;
  Cursor cursor(payload);
  (void)cursor.take(info.image_size);
  uint8_t gap = 0U;
  while (cursor.position() % ECU_IMAGE_ALIGNMENT != 0U && !cursor.failed()) {
    gap |= cursor.u8();
  }
  const size_t start = cursor.position();
  Vectors vectors = {};
  if (gap != 0U || !read_vectors(payload.part(start, payload.size() - start), info, vectors)) {
    return ECU_PACKAGE_BAD_VECTORS;
  }
  const size_t used =
      (info.arena_size + (ECU_ARENA_ALIGNMENT - 1U)) / ECU_ARENA_ALIGNMENT * ECU_ARENA_ALIGNMENT;
  if (used > memory.size) {
    return ECU_ARENA_TOO_SMALL;
  }
  Row row = {};
  Arena arena(static_cast<uint8_t*>(memory.bytes) + used, memory.size - used);
  return make_row(arena, info, row) ? run_rows(model, vectors, row) : ECU_ARENA_TOO_SMALL;
}

}  // namespace
}  // namespace ecu

ecu_status ecu_golden_test(void* memory, const void* payload, size_t size) {
  if (memory == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  const ecu_golden_memory& space = *static_cast<const ecu_golden_memory*>(memory);
  ecu_model model;
  ecu_status status = ecu_model_open(&model, payload, size, space.bytes, space.size);
  if (status == ECU_OK) {
    status = ecu::test_open(model, ecu::Bytes(static_cast<const uint8_t*>(payload), size), space);
  }
  ecu_model_close(&model);
  return status;
}
