// SPDX-License-Identifier: Apache-2.0
/// @file
/// The model under test, its golden vectors and its memory, for the programs in this folder.
#ifndef GOLDEN_VECTORS_H
#define GOLDEN_VECTORS_H

#include <cstddef>
#include <cstdint>

#include "ecu/model.h"

namespace golden {

/// One input or output over all golden rows.
struct Tensor {
  ecu_dtype dtype;
  std::uint32_t elements;       ///< values of one row
  const std::uint32_t* values;  ///< rows * elements bit patterns of float32 or int32
  float abs_tolerance;          ///< a value v passes when |v - e| <= abs + rel * |e|, ...
  float rel_tolerance;          ///< ... and only with the same bits when both are 0
};

/// Everything about this bundle that its test programs need.
struct Bundle {
  const unsigned char* image;
  std::size_t image_size;                 ///< bytes readable at image
  ecu_status (*check)(const ecu_model*);  ///< whether an open model has the interface of this bundle
  unsigned char* arena;
  std::size_t arena_size;
  std::uint32_t rows;
  const Tensor* inputs;
  std::uint32_t input_count;
  std::uint32_t* input_row;  ///< memory for one row of all inputs, tensor after tensor
  const Tensor* outputs;
  std::uint32_t output_count;
  std::uint32_t* output_row;  ///< memory for one row of all outputs, tensor after tensor
};

extern const Bundle kBundle;

/// Most inputs or outputs that the test programs handle.
constexpr std::uint32_t kMaxTensors = 4096U;

/// Values of one row over all tensors.
inline std::size_t row_elements(const Tensor* tensors, std::uint32_t count) {
  std::size_t sum = 0U;
  for (std::uint32_t i = 0U; i < count; ++i) {
    sum += tensors[i].elements;
  }
  return sum;
}

/// Opens the model under test and compares its interface with that of the bundle.
inline ecu_status open(ecu_model& model) {
  const ecu_status status =
      ecu_model_open(&model, kBundle.image, kBundle.image_size, kBundle.arena, kBundle.arena_size);
  return status == ECU_OK ? kBundle.check(&model) : status;
}

/// Writes one pointer per tensor into one row of values.
template <typename Pointer>
void point_into(std::uint32_t* row, const Tensor* tensors, std::uint32_t count, Pointer* pointers) {
  for (std::uint32_t i = 0U; i < count; ++i) {
    pointers[i] = row;
    row += tensors[i].elements;
  }
}

}  // namespace golden

#endif
