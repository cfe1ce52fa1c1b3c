/* SPDX-License-Identifier: Apache-2.0 */
#include "ecu/golden.h"

#include <string.h>

#include "../arena.h"
#include "../image/sha256.h"
#include "../little_endian.h"

namespace ecu {
namespace {

using Bytes = Span<const uint8_t>;

constexpr uint32_t kMagic = 0x47554345U;  // "ECUG"
constexpr uint32_t kVersion = 1U;
constexpr size_t kRowsAt = 6U;
constexpr size_t kHeaderSize = 24U;
constexpr size_t kValueSize = 4U;      // of a value of a row, and of a tolerance
constexpr size_t kToleranceSize = 8U;  // of a float32 output: two values
constexpr uint32_t kInfinity = 0x7f800000U;
constexpr uint32_t kMagnitude = 0x7fffffffU;

/* Memory for one row, and what it holds. */
struct Row {
  void** pointers;  // to each input, then to each output; the values follow each other
  uint8_t* values;
  size_t inputs;   // bytes
  size_t outputs;  // bytes
  size_t floats;   // float32 outputs
};

/* Reads numbers one after the other, without a limit: sizes are checked before. */
uint32_t next_u32(const uint8_t*& next) noexcept {
  next += kValueSize;
  return load_u32(next - kValueSize);
}

/* Bytes from `size` up to the next multiple of the alignment. */
size_t padding(size_t size, size_t alignment) noexcept { return (0U - size) % alignment; }

bool make_row(const ecu_model_info& info, const ecu_golden_memory& memory, Row& row) noexcept {
  const size_t count = static_cast<size_t>(info.input_count) + info.output_count;
  const size_t start = info.arena_size + padding(info.arena_size, ECU_ARENA_ALIGNMENT);
  if (start > memory.size || count > (memory.size - start) / sizeof(void*)) {
    return false;
  }
  uint8_t* next = static_cast<uint8_t*>(memory.bytes) + start;
  row.pointers = static_cast<void**>(static_cast<void*>(next));
  size_t left = memory.size - start - (count * sizeof(void*));
  next += count * sizeof(void*);
  row.values = next;
  for (size_t i = 0U; i < count; ++i) {
    const bool is_input = i < info.input_count;
    const ecu_tensor_info& tensor = info.inputs[i];
    const size_t size = kValueSize * tensor.elements;
    if (size > left) {
      return false;
    }
    (void)new (Place{row.pointers + i}) void*(next);
    next += size;
    left -= size;
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

/* The bits of |value|; those of a NaN are above kInfinity. */
constexpr uint32_t magnitude(uint32_t bits) noexcept { return bits & kMagnitude; }

/* The vectors behind the image and zeros, when they fit the model, else null: of all fields only the number
 * of rows is free. They end with their digest. */
const uint8_t* find_vectors(const ecu_model_info& info, Bytes payload, const Row& row) noexcept {
  const uint8_t* next = payload.data() + info.image_size;
  const size_t gap = padding(info.image_size, ECU_IMAGE_ALIGNMENT);
  const size_t room = payload.size() - info.image_size;
  if (room < gap + kHeaderSize) {
    return nullptr;
  }
  const uint8_t* const vectors = next + gap;
  for (; next != vectors; ++next) {
    if (*next != 0U) {
      return nullptr;
    }
  }
  const uint32_t rows = load_u16(vectors + kRowsAt);
  const uint64_t values = static_cast<uint64_t>(rows) * (row.inputs + row.outputs);
  const uint64_t content = kHeaderSize + (kToleranceSize * row.floats) + values;
  const uint32_t fields[] = {kMagic,
                             kVersion | (rows << 16U),
                             static_cast<uint32_t>(content + ECU_DIGEST_SIZE),
                             static_cast<uint32_t>(row.inputs),
                             static_cast<uint32_t>(row.outputs),
                             static_cast<uint32_t>(row.floats)};
  for (const uint32_t field : fields) {
    if (next_u32(next) != field) {
      return nullptr;
    }
  }
  if (rows == 0U || content + ECU_DIGEST_SIZE > room - gap) {
    return nullptr;
  }
  for (size_t left = 2U * row.floats; left > 0U; --left) {
    if (next_u32(next) >= kInfinity) {  // finite and without sign
      return nullptr;
    }
  }
  const Bytes hashed(vectors, static_cast<size_t>(content));
  return sha256_matches(hashed, hashed.end()) ? vectors : nullptr;
}

/* The rule of docs/update_package.md; tolerances are finite and not negative. */
bool passes(uint32_t expected, uint32_t actual, uint32_t absolute, uint32_t relative) noexcept {
  if (expected == actual) {
    return true;
  }
  if ((absolute | relative) == 0U) {
    return false;
  }
  if (magnitude(expected) >= kInfinity) {
    return magnitude(expected) > kInfinity && magnitude(actual) > kInfinity;
  }
  const float difference = __builtin_fabsf(as_float(actual) - as_float(expected));
  const float size = __builtin_fabsf(as_float(expected));
  const float limit = as_float(absolute) + (as_float(relative) * size);
  return difference <= limit;
}

bool compare(const ecu_model_info& info, const uint8_t* actual, const uint8_t*& expected,
             const uint8_t* tolerances) noexcept {
  for (uint32_t i = 0U; i < info.output_count; ++i) {
    const bool is_float = info.outputs[i].dtype == ECU_FLOAT32;
    const uint32_t absolute = is_float ? next_u32(tolerances) : 0U;
    const uint32_t relative = is_float ? next_u32(tolerances) : 0U;
    for (uint32_t left = info.outputs[i].elements; left > 0U; --left) {
      uint32_t value = 0U;
      memcpy(&value, actual, sizeof value);
      if (!passes(next_u32(expected), value, absolute, relative)) {
        return false;
      }
      actual += sizeof value;
    }
  }
  return true;
}

/* Runs and compares each row of valid vectors. */
ecu_status run_rows(ecu_model& model, const uint8_t* vectors, const Row& row) noexcept {
  const uint8_t* const tolerances = vectors + kHeaderSize;
  const uint8_t* next = tolerances + (kToleranceSize * row.floats);
  for (uint32_t left = load_u16(vectors + kRowsAt); left > 0U; --left) {
    for (size_t at = 0U; at < row.inputs; at += kValueSize) {
      const uint32_t value = next_u32(next);
      memcpy(row.values + at, &value, sizeof value);
    }
    const ecu_status status = ecu_model_run(&model, row.pointers, row.pointers + model.info.input_count);
    if (status != ECU_OK) {
      return status;
    }
    if (!compare(model.info, row.values + row.inputs, next, tolerances)) {
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
  const uint8_t* const vectors = find_vectors(model.info, payload, row);
  return vectors == nullptr ? ECU_PACKAGE_BAD_VECTORS : run_rows(model, vectors, row);
}

}  // namespace
}  // namespace ecu

ecu_status ecu_golden_test(void* memory, const void* payload, size_t size) {
  if (memory == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  const ecu_golden_memory& space = *static_cast<const ecu_golden_memory*>(memory);
  ecu_model model;
  const ecu::Span<const uint8_t> bytes(static_cast<const uint8_t*>(payload), size);
  ecu_status status = ecu_model_open(&model, payload, size, space.bytes, space.size);
  if (status == ECU_OK) {
    status = ecu::test_open(model, bytes, space);
  }
  ecu_model_close(&model);
  return status;
}
