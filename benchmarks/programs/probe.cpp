// SPDX-License-Identifier: Apache-2.0
/// @file
/// Opens the model of a bundle and runs each golden row once. Writes the number of rows to stdout, and
/// a line for each of the phases start, open and run: memory resident at its end and at its peak until
/// then, in KiB; allocations in it and the bytes that they asked for. Marks each call for the
/// instruction counter. Exit code: 0, or 1 when a call failed.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "allocations.h"
#include "golden_vectors.h"
#include "marker.h"

namespace {

using golden::kBundle;

const void* input_pointers[golden::kMaxTensors];
void* output_pointers[golden::kMaxTensors];

struct Phase {
  const char* name;
  Allocations at_end;  ///< when the phase ended
  Allocations after;   ///< when the next one began
  char status[4096];   ///< the kernel's text about this process
};

Allocations allocations() { return ecu_allocations == nullptr ? Allocations{} : ecu_allocations(); }

/// A system call that does nothing, so that the counter sees where a section begins or ends.
void mark(Section section) { (void)syscall(SYS_getpgid, ECU_MARKER, section); }

Phase end_of(const char* name) {
  Phase phase = {name, allocations(), {}, {}};
  const int file = open("/proc/self/status", O_RDONLY);
  if (file >= 0) {
    (void)!read(file, phase.status, sizeof phase.status - 1U);
    close(file);
  }
  phase.after = allocations();
  return phase;
}

long kibibytes(const Phase& phase, const char* key) {
  const char* const found = std::strstr(phase.status, key);
  return found == nullptr ? 0L : std::strtol(found + std::strlen(key), nullptr, 10);
}

void print(const Phase& phase, const Allocations& before) {
  std::printf("%s %ld %ld %" PRIu64 " %" PRIu64 "\n", phase.name, kibibytes(phase, "VmRSS:"),
              kibibytes(phase, "VmHWM:"), phase.at_end.calls - before.calls,
              phase.at_end.bytes - before.bytes);
}

bool failed(ecu_status status, const ecu_model& model) {
  if (status != ECU_OK) {
    std::fprintf(stderr, "%s: %s\n", ecu_status_text(status), ecu_model_error(&model));
  }
  return status != ECU_OK;
}

void take_row(std::uint32_t row) {
  std::uint32_t* next = kBundle.input_row;
  for (std::uint32_t i = 0U; i < kBundle.input_count; ++i) {
    const golden::Tensor& tensor = kBundle.inputs[i];
    std::memcpy(next, tensor.values + std::size_t{row} * tensor.elements, sizeof *next * tensor.elements);
    next += tensor.elements;
  }
}

ecu_status open_marked(ecu_model& model) {
  mark(kSectionOpen);
  const ecu_status status =
      ecu_model_open(&model, kBundle.image, kBundle.image_size, kBundle.arena, kBundle.arena_size);
  mark(kSectionOpen);
  return status;
}

ecu_status run_marked(ecu_model& model) {
  mark(kSectionRun);
  const ecu_status status = ecu_model_run(&model, input_pointers, output_pointers);
  mark(kSectionRun);
  return status;
}

}  // namespace

int main() {
  mark(kSectionNothing);
  mark(kSectionNothing);
  const Phase start = end_of("start");
  ecu_model model = {};
  if (failed(open_marked(model), model)) {
    return EXIT_FAILURE;
  }
  const Phase opened = end_of("open");
  golden::point_into(kBundle.input_row, kBundle.inputs, kBundle.input_count, input_pointers);
  golden::point_into(kBundle.output_row, kBundle.outputs, kBundle.output_count, output_pointers);
  for (std::uint32_t row = 0U; row < kBundle.rows; ++row) {
    take_row(row);
    if (failed(run_marked(model), model)) {
      return EXIT_FAILURE;
    }
  }
  const Phase ran = end_of("run");
  ecu_model_close(&model);
  std::printf("rows %" PRIu32 "\n", kBundle.rows);
  print(start, Allocations{});
  print(opened, start.after);
  print(ran, opened.after);
  return EXIT_SUCCESS;
}
