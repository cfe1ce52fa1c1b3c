// SPDX-License-Identifier: Apache-2.0
/// @file
/// Reads rows from stdin and writes their outputs to stdout: each tensor's elements in interface
/// order, 4 bytes each, little-endian. Exit code: 0, 1 a row failed, 2 truncated input or output.
/// With ECU_ROWS_IN_FILES, for machines without an operating system, rows.in and rows.out of the
/// emulator's folder take the place of stdin and stdout.
#include <cinttypes>
#include <cstdio>

#include "golden_vectors.h"

namespace {

using golden::kBundle;

constexpr int kRowFailed = 1;
constexpr int kBadStream = 2;

std::FILE* rows_in = nullptr;
std::FILE* rows_out = nullptr;
const void* input_pointers[golden::kMaxTensors];
void* output_pointers[golden::kMaxTensors];

enum class Read { kRow, kEnd, kTruncated };

/// Reads little-endian words whatever the byte order of this machine is.
Read read_row(std::uint32_t* words, std::size_t count) {
  for (std::size_t i = 0U; i < count; ++i) {
    unsigned char bytes[4] = {};
    const std::size_t got = std::fread(bytes, 1U, sizeof bytes, rows_in);
    if (got != sizeof bytes) {
      return got == 0U && i == 0U ? Read::kEnd : Read::kTruncated;
    }
    words[i] = static_cast<std::uint32_t>(bytes[0]) | (static_cast<std::uint32_t>(bytes[1]) << 8U) |
               (static_cast<std::uint32_t>(bytes[2]) << 16U) | (static_cast<std::uint32_t>(bytes[3]) << 24U);
  }
  return Read::kRow;
}

bool write_row(const std::uint32_t* words, std::size_t count) {
  for (std::size_t i = 0U; i < count; ++i) {
    unsigned char bytes[4] = {};
    for (unsigned k = 0U; k < sizeof bytes; ++k) {
      bytes[k] = static_cast<unsigned char>((words[i] >> (8U * k)) & 0xFFU);
    }
    if (std::fwrite(bytes, 1U, sizeof bytes, rows_out) != sizeof bytes) {
      return false;
    }
  }
  return true;
}

bool open_streams() {
#ifdef ECU_ROWS_IN_FILES
  rows_in = std::fopen("rows.in", "rb");
  rows_out = std::fopen("rows.out", "wb");
#else
  rows_in = stdin;
  rows_out = stdout;
#endif
  return rows_in != nullptr && rows_out != nullptr;
}

int fail(ecu_status status, const ecu_model& model) {
  std::fprintf(stderr, "status %d, %s: %s\n", static_cast<int>(status), ecu_status_text(status),
               ecu_model_error(&model));
  return kRowFailed;
}

int run(ecu_model& model) {
  const std::size_t inputs = golden::row_elements(kBundle.inputs, kBundle.input_count);
  const std::size_t outputs = golden::row_elements(kBundle.outputs, kBundle.output_count);
  for (std::uint32_t row = 0U;; ++row) {
    const Read read = read_row(kBundle.input_row, inputs);
    if (read == Read::kEnd) {
      break;
    }
    if (read == Read::kTruncated) {
      std::fprintf(stderr, "row %" PRIu32 ": the input ends inside a row of %zu values\n", row, inputs);
      return kBadStream;
    }
    const ecu_status status = ecu_model_run(&model, input_pointers, output_pointers);
    if (status != ECU_OK) {
      std::fprintf(stderr, "row %" PRIu32 ": ", row);
      return fail(status, model);
    }
    if (!write_row(kBundle.output_row, outputs)) {
      std::fprintf(stderr, "row %" PRIu32 ": the output could not be written\n", row);
      return kBadStream;
    }
  }
  return std::fflush(rows_out) == 0 ? 0 : kBadStream;
}

}  // namespace

int main() {
  if (kBundle.input_count > golden::kMaxTensors || kBundle.output_count > golden::kMaxTensors) {
    std::fprintf(stderr, "more than %" PRIu32 " inputs or outputs\n", golden::kMaxTensors);
    return kBadStream;
  }
  if (!open_streams()) {
    std::fprintf(stderr, "rows.in or rows.out cannot be opened\n");
    return kBadStream;
  }
  ecu_model model = {};
  const ecu_status status = golden::open(model);
  if (status != ECU_OK) {
    std::fprintf(stderr, "open: ");
    return fail(status, model);
  }
  golden::point_into(kBundle.input_row, kBundle.inputs, kBundle.input_count, input_pointers);
  golden::point_into(kBundle.output_row, kBundle.outputs, kBundle.output_count, output_pointers);
  const int code = run(model);
  ecu_model_close(&model);
  return code;
}
