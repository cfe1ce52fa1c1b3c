// SPDX-License-Identifier: Apache-2.0
/// @file
/// Runs the golden vectors. Exit code: 0, or 1 + the first failing row, clipped to 125 (126: not opened).
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "golden_vectors.h"

namespace {

using golden::kBundle;
using golden::Tensor;

constexpr int kHighestCode = 125;
constexpr int kNotOpened = 126;

const void* input_pointers[golden::kMaxTensors];
void* output_pointers[golden::kMaxTensors];

float as_float(std::uint32_t bits) {
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

bool passes(const Tensor& tensor, std::uint32_t expected, std::uint32_t actual) {
  if (expected == actual) {
    return true;
  }
  const bool exact = !(tensor.abs_tolerance > 0.0F || tensor.rel_tolerance > 0.0F);
  if (tensor.dtype != ECU_FLOAT32 || exact) {
    return false;
  }
  const float e = as_float(expected);
  const float v = as_float(actual);
  if (std::isnan(e) || std::isnan(v)) {
    return std::isnan(e) && std::isnan(v);
  }
  if (std::fabs(e) >= std::numeric_limits<float>::infinity()) {
    return false;  // infinity has no neighbours: its bits are above
  }
  return std::fabs(v - e) <= tensor.abs_tolerance + tensor.rel_tolerance * std::fabs(e);
}

void print_failure(std::uint32_t row, std::uint32_t output, std::uint32_t element, std::uint32_t expected,
                   std::uint32_t actual) {
  std::printf("FAIL row %" PRIu32 " output %" PRIu32 " element %" PRIu32, row, output, element);
  if (kBundle.outputs[output].dtype == ECU_FLOAT32) {
    const auto e = static_cast<double>(as_float(expected));
    const auto v = static_cast<double>(as_float(actual));
    std::printf(": expected %.9g (0x%08" PRIx32 "), got %.9g (0x%08" PRIx32 ")\n", e, expected, v, actual);
  } else {
    std::printf(": expected %" PRId32 ", got %" PRId32 "\n", static_cast<std::int32_t>(expected),
                static_cast<std::int32_t>(actual));
  }
}

bool compare_row(std::uint32_t row) {
  bool same = true;
  const std::uint32_t* actual = kBundle.output_row;
  for (std::uint32_t i = 0U; i < kBundle.output_count; ++i) {
    const Tensor& tensor = kBundle.outputs[i];
    const std::uint32_t* expected = tensor.values + std::size_t{row} * tensor.elements;
    for (std::uint32_t k = 0U; k < tensor.elements; ++k) {
      if (!passes(tensor, expected[k], actual[k])) {
        print_failure(row, i, k, expected[k], actual[k]);
        same = false;
      }
    }
    actual += tensor.elements;
  }
  return same;
}

}  // namespace

extern "C" {
// Where the count of a row's instructions ends; does nothing.
void golden_row_done();
__attribute__((noinline)) void golden_row_done() { asm volatile("" ::: "memory"); }
}

namespace {

bool run_row(ecu_model& model, std::uint32_t row) {
  std::uint32_t* next = kBundle.input_row;
  for (std::uint32_t i = 0U; i < kBundle.input_count; ++i) {
    const Tensor& tensor = kBundle.inputs[i];
    std::memcpy(next, tensor.values + std::size_t{row} * tensor.elements, sizeof *next * tensor.elements);
    next += tensor.elements;
  }
  const ecu_status status = ecu_model_run(&model, input_pointers, output_pointers);
  golden_row_done();
  if (status != ECU_OK) {
    std::printf("FAIL row %" PRIu32 ": status %d, %s: %s\n", row, static_cast<int>(status),
                ecu_status_text(status), ecu_model_error(&model));
    return false;
  }
  return compare_row(row);
}

}  // namespace

int main() {
  if (kBundle.input_count > golden::kMaxTensors || kBundle.output_count > golden::kMaxTensors) {
    std::printf("FAIL: more than %" PRIu32 " inputs or outputs\n", golden::kMaxTensors);
    return kNotOpened;
  }
  ecu_model model = {};
  const ecu_status status = golden::open(model);
  if (status != ECU_OK) {
    std::printf("FAIL open: status %d, %s: %s\n", static_cast<int>(status), ecu_status_text(status),
                ecu_model_error(&model));
    return kNotOpened;
  }
  golden::point_into(kBundle.input_row, kBundle.inputs, kBundle.input_count, input_pointers);
  golden::point_into(kBundle.output_row, kBundle.outputs, kBundle.output_count, output_pointers);
  std::uint32_t failures = 0U;
  std::uint32_t first = 0U;
  for (std::uint32_t row = 0U; row < kBundle.rows; ++row) {
    if (!run_row(model, row)) {
      first = failures == 0U ? row : first;
      ++failures;
    }
  }
  ecu_model_close(&model);
  if (failures == 0U) {
    std::printf("PASS %" PRIu32 " rows\n", kBundle.rows);
    return 0;
  }
  std::printf("FAIL %" PRIu32 " of %" PRIu32 " rows, the first is row %" PRIu32 "\n", failures, kBundle.rows,
              first);
  return first < static_cast<std::uint32_t>(kHighestCode) ? static_cast<int>(first) + 1 : kHighestCode;
}
