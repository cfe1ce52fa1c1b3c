// SPDX-License-Identifier: Apache-2.0
/// @file
/// One user of a model image that several share: a handle and an arena of its own, and the golden rows of the
/// bundle as its work.
#ifndef ECU_RTOS_WORKER_H
#define ECU_RTOS_WORKER_H

#include <cstddef>
#include <cstdint>
#include <cstring>

#include RTOS_MODEL_HEADER
#include "golden_vectors.h"

namespace rtos {

class Worker {
 public:
  /// Opens the shared image; call once, before any row.
  ecu_status open() {
    if (golden::row_elements(kBundle.inputs, kBundle.input_count) > kMaxElements ||
        golden::row_elements(kBundle.outputs, kBundle.output_count) > kMaxElements) {
      return ECU_ARENA_TOO_SMALL;
    }
    golden::point_into(inputs_, kBundle.inputs, kBundle.input_count, input_pointers_);
    golden::point_into(outputs_, kBundle.outputs, kBundle.output_count, output_pointers_);
    const ecu_status status =
        ecu_model_open(&model_, kBundle.image, kBundle.image_size, arena_, sizeof arena_);
    return status == ECU_OK ? kBundle.check(&model_) : status;
  }

  /// Takes the inputs of a golden row.
  void load(std::uint32_t row) {
    std::uint32_t* next = inputs_;
    for (std::uint32_t i = 0U; i < kBundle.input_count; ++i) {
      const golden::Tensor& tensor = kBundle.inputs[i];
      std::memcpy(next, tensor.values + (std::size_t{row} * tensor.elements), sizeof *next * tensor.elements);
      next += tensor.elements;
    }
    std::memset(outputs_, 0, sizeof outputs_);
  }

  /// Computes the row that was loaded.
  ecu_status compute() { return ecu_model_run(&model_, input_pointers_, output_pointers_); }

  /// Whether the outputs have the bits of this golden row.
  bool matches(std::uint32_t row) const {
    const std::uint32_t* actual = outputs_;
    for (std::uint32_t i = 0U; i < kBundle.output_count; ++i) {
      const golden::Tensor& tensor = kBundle.outputs[i];
      const std::size_t size = sizeof *actual * tensor.elements;
      if (std::memcmp(actual, tensor.values + (std::size_t{row} * tensor.elements), size) != 0) {
        return false;
      }
      actual += tensor.elements;
    }
    return true;
  }

 private:
  static constexpr const golden::Bundle& kBundle = golden::kBundle;
  static constexpr std::size_t kMaxElements = 64U;

  alignas(ECU_ARENA_ALIGNMENT) unsigned char arena_[RTOS_ARENA_SIZE];
  ecu_model model_;
  std::uint32_t inputs_[kMaxElements];
  std::uint32_t outputs_[kMaxElements];
  const void* input_pointers_[kMaxElements];
  void* output_pointers_[kMaxElements];
};

}  // namespace rtos

#endif
