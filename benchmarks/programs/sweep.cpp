// SPDX-License-Identifier: Apache-2.0
/// @file
/// Opens the images of a file one after the other and computes their rows: sweep.in to sweep.out, in the
/// current folder. All words are u32, little-endian.
///   in:  for each model four words, bytes of the image (a multiple of 4), rows, input values and output
///   values of
///        one row; then the image and the rows
///   out: for each model the status of ecu_model_open; for each row that of ecu_model_run, and the outputs
/// Exit code: 0, 2 a file that cannot be used.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "ecu/model.h"

namespace {

constexpr std::size_t kLargestImage = 512U * 1024U;
constexpr std::size_t kLargestArena = 256U * 1024U;
constexpr std::size_t kLargestRow = 16384U;
constexpr std::uint32_t kMostTensors = 256U;
constexpr std::uint32_t kDoesNotFit = 255U;  // no ecu_status has this number

alignas(ECU_IMAGE_ALIGNMENT) unsigned char image[kLargestImage];
alignas(ECU_ARENA_ALIGNMENT) unsigned char arena[kLargestArena];
std::uint32_t inputs[kLargestRow];
std::uint32_t outputs[kLargestRow];
const void* input_pointers[kMostTensors];
void* output_pointers[kMostTensors];
std::FILE* file_in = nullptr;
std::FILE* file_out = nullptr;

bool read_words(std::uint32_t* words, std::size_t count) {
  for (std::size_t i = 0U; i < count; ++i) {
    unsigned char bytes[4] = {};
    if (std::fread(bytes, 1U, sizeof bytes, file_in) != sizeof bytes) {
      return false;
    }
    words[i] = static_cast<std::uint32_t>(bytes[0]) | (static_cast<std::uint32_t>(bytes[1]) << 8U) |
               (static_cast<std::uint32_t>(bytes[2]) << 16U) | (static_cast<std::uint32_t>(bytes[3]) << 24U);
  }
  return true;
}

bool write_words(const std::uint32_t* words, std::size_t count) {
  for (std::size_t i = 0U; i < count; ++i) {
    unsigned char bytes[4] = {};
    for (unsigned k = 0U; k < sizeof bytes; ++k) {
      bytes[k] = static_cast<unsigned char>((words[i] >> (8U * k)) & 0xFFU);
    }
    if (std::fwrite(bytes, 1U, sizeof bytes, file_out) != sizeof bytes) {
      return false;
    }
  }
  return true;
}

bool write_status(std::uint32_t status) { return write_words(&status, 1U); }

struct Head {
  std::uint32_t image_size;
  std::uint32_t rows;
  std::uint32_t input_values;
  std::uint32_t output_values;
};

/// Gives each tensor its place in a row; false when the tensors are not as long as the row.
template <typename Pointer>
bool place(const ecu_tensor_info* tensors, std::uint32_t count, std::uint32_t* row, std::uint32_t values,
           Pointer* pointers) {
  std::uint32_t used = 0U;
  for (std::uint32_t i = 0U; i < count && i < kMostTensors; ++i) {
    pointers[i] = row + used;
    used += tensors[i].elements;
  }
  return count <= kMostTensors && used == values;
}

std::uint32_t open(ecu_model& model, const Head& head) {
  if (head.input_values > kLargestRow || head.output_values > kLargestRow) {
    return kDoesNotFit;
  }
  const ecu_status status = ecu_model_open(&model, image, head.image_size, arena, sizeof arena);
  if (status != ECU_OK) {
    return static_cast<std::uint32_t>(status);
  }
  const ecu_model_info& info = *ecu_model_info_of(&model);
  const bool placed = place(info.inputs, info.input_count, inputs, head.input_values, input_pointers) &&
                      place(info.outputs, info.output_count, outputs, head.output_values, output_pointers);
  return placed ? 0U : kDoesNotFit;
}

bool run_rows(ecu_model& model, const Head& head) {
  for (std::uint32_t row = 0U; row < head.rows; ++row) {
    if (!read_words(inputs, head.input_values)) {
      return false;
    }
    for (std::uint32_t i = 0U; i < head.output_values; ++i) {
      outputs[i] = 0xDEADBEEFU;  // what the row before has left would be right too often
    }
    const ecu_status status = ecu_model_run(&model, input_pointers, output_pointers);
    if (!write_status(static_cast<std::uint32_t>(status)) || !write_words(outputs, head.output_values)) {
      return false;
    }
  }
  return true;
}

bool skip_rows(const Head& head) {
  for (std::size_t i = 0U; i < std::size_t{head.rows} * head.input_values; ++i) {
    if (!read_words(inputs, 1U)) {
      return false;
    }
  }
  return true;
}

bool run_model(const Head& head) {
  if (head.image_size > sizeof image || std::fread(image, 1U, head.image_size, file_in) != head.image_size) {
    return false;
  }
  ecu_model model = {};
  const std::uint32_t status = open(model, head);
  const bool done = write_status(status) && (status == 0U ? run_rows(model, head) : skip_rows(head));
  ecu_model_close(&model);
  return done;
}

}  // namespace

int main() {
  file_in = std::fopen("sweep.in", "rb");
  file_out = std::fopen("sweep.out", "wb");
  std::uint32_t count = 0U;
  bool done = file_in != nullptr && file_out != nullptr && read_words(&count, 1U);
  for (std::uint32_t i = 0U; done && i < count; ++i) {
    std::uint32_t words[4] = {};
    done = read_words(words, 4U) && run_model({words[0], words[1], words[2], words[3]});
  }
  return done && std::fflush(file_out) == 0 ? 0 : 2;
}
