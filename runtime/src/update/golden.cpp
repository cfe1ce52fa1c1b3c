/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/golden.h"

#include <string.h>

#include "../arena.h"
#include "../image/reader.h"
#include "../image/sha256.h"

namespace ecu {
namespace {

constexpr uint32_t kMagic = 0x47554345U;  // "ECUG"
constexpr uint32_t kVersion = 1U;
constexpr size_t kHeaderSize = 24U;
constexpr size_t kValueSize = 4U;      // of a value of a row
constexpr size_t kToleranceSize = 8U;  // of a float32 output
constexpr uint32_t kInfinity = 0x7f800000U;
constexpr uint32_t kMagnitude = 0x7fffffffU;

/* Memory for one row, and what it holds. */
struct Row {
  void** pointers;  // to each input, then to each output; the values follow each other
  size_t inputs;    // bytes
  size_t outputs;   // bytes
  size_t floats;    // float32 outputs
};

/* Golden vectors, with a right digest and the sizes of the model. */
struct Vectors {
  uint32_t rows;
  Bytes tolerances;
  Bytes values;
};

bool make_row(const ecu_model_info& info, const ecu_golden_memory& memory, Row& row) noexcept {
  const size_t count = static_cast<size_t>(info.input_count) + info.output_count;
  size_t used = (info.arena_size + (ECU_ARENA_ALIGNMENT - 1U)) / ECU_ARENA_ALIGNMENT * ECU_ARENA_ALIGNMENT;
  if (used > memory.size || count > (memory.size - used) / sizeof(void*)) {
    return false;
  }
  uint8_t* const bytes = static_cast<uint8_t*>(memory.bytes);
  row.pointers = static_cast<void**>(static_cast<void*>(bytes + used));
  used += count * sizeof(void*);
  for (size_t i = 0U; i < count; ++i) {
    const bool is_input = i < info.input_count;
    const ecu_tensor_info& tensor = is_input ? info.inputs[i] : info.outputs[i - info.input_count];
    const size_t size = kValueSize * tensor.elements;
    if (size > memory.size - used) {
      return false;
    }
    (void)new (Place{row.pointers + i}) void*(bytes + used);
    used += size;
    (is_input ? row.inputs : row.outputs) += size;
    row.floats += !is_input && tensor.dtype == ECU_FLOAT32 ? 1U : 0U;
  }
  return true;
}

float as_float(uint32_t bits) noexcept {
  float value = 0.0F;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* |value|, without the mathematical library. */
float magnitude(float value) noexcept { return value < 0.0F ? -value : value; }

bool valid_tolerances(Bytes tolerances) noexcept {
  Cursor cursor(tolerances);
  bool valid = true;
  while (!cursor.at_end()) {
    valid = cursor.u32() < kInfinity && valid;  // finite and without sign
  }
  return valid;
}

/* Vectors that fit the model: of all fields only the number of rows is free. */
bool read_vectors(Bytes bytes, const Row& row, Vectors& vectors) noexcept {
  if (bytes.size() < kHeaderSize) {
    return false;
  }
  Cursor cursor(bytes);
  vectors.rows = bytes[6] | (static_cast<uint32_t>(bytes[7]) << 8U);
  const size_t tolerances = kToleranceSize * row.floats;
  const uint64_t values = static_cast<uint64_t>(vectors.rows) * (row.inputs + row.outputs);
  const uint64_t size = kHeaderSize + tolerances + values + ECU_DIGEST_SIZE;
  const uint32_t fields[] = {kMagic,
                             kVersion | (vectors.rows << 16U),
                             static_cast<uint32_t>(size),
                             static_cast<uint32_t>(row.inputs),
                             static_cast<uint32_t>(row.outputs),
                             static_cast<uint32_t>(row.floats)};
  for (const uint32_t field : fields) {
    if (cursor.u32() != field) {
      return false;
    }
  }
  if (vectors.rows == 0U || size > bytes.size()) {
    return false;
  }
  vectors.tolerances = cursor.take(tolerances);
  vectors.values = cursor.take(static_cast<size_t>(values));
  const Bytes content = bytes.part(0U, cursor.position());
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

bool compare(const ecu_model_info& info, const uint8_t* actual, Cursor& values, Bytes tolerances) noexcept {
  Cursor limits(tolerances);
  bool same = true;
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    const bool is_float = info.outputs[i].dtype == ECU_FLOAT32;
    const float absolute = is_float ? as_float(limits.u32()) : 0.0F;
    const float relative = is_float ? as_float(limits.u32()) : 0.0F;
    for (uint32_t left = info.outputs[i].elements; left > 0U; --left) {
      uint32_t value = 0U;
      memcpy(&value, actual, sizeof value);
      same = passes(values.u32(), value, absolute, relative) && same;
      actual += sizeof value;
    }
  }
  return same;
}

ecu_status run_rows(ecu_model& model, const Vectors& vectors, const Row& row) noexcept {
  void** const outputs = row.pointers + model.info.input_count;
  uint8_t* const inputs = static_cast<uint8_t*>(row.pointers[0]);
  Cursor values(vectors.values);
  for (uint32_t left = vectors.rows; left > 0U; --left) {
    for (size_t at = 0U; at < row.inputs; at += kValueSize) {
      const uint32_t value = values.u32();
      memcpy(inputs + at, &value, sizeof value);
    }
    const ecu_status status = ecu_model_run(&model, row.pointers, outputs);
    if (status != ECU_OK) {
      return status;
    }
    if (!compare(model.info, inputs + row.inputs, values, vectors.tolerances)) {
      return ECU_UPDATE_SELF_TEST_FAILED;
    }
  }
  return ECU_OK;
}

ecu_status test_open(ecu_model& model, Bytes payload, const ecu_golden_memory& memory) noexcept {
  Row row = {};
  if (!make_row(model.info, memory, row)) {
    return ECU_ARENA_TOO_SMALL;
  }
  Cursor cursor(payload);
  (void)cursor.take(model.info.image_size);
  uint8_t gap = 0U;
  while (cursor.position() % ECU_IMAGE_ALIGNMENT != 0U && !cursor.failed()) {
    gap |= cursor.u8();
  }
  const size_t start = cursor.position();
  Vectors vectors = {};
  const bool valid = gap == 0U && read_vectors(payload.part(start, payload.size() - start), row, vectors);
  return valid ? run_rows(model, vectors, row) : ECU_PACKAGE_BAD_VECTORS;
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
