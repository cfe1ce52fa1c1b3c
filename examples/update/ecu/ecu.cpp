// SPDX-License-Identifier: Apache-2.0
/// @file
/// The program of a simulated ECU: runs the model that the slot manager decides for, and takes update
/// packages. A real one has its diagnostic stack where this one has lines of text (docs/flashing.md):
///
///     model          ok sequence=N digest=HEX name=HEX   what runs
///     record         ok HEX                              signed record of what runs
///     run HEX        ok HEX                              one row of inputs, little-endian, gives its outputs
///     begin, data HEX, finish, abort                     the install
///
/// Each answer is `ok ...` or `no STATUS`; the first line is that of the boot.
#include <string.h>

#include "device.h"
#include "ecu/golden.h"
#include "ecu/model.h"
#include "ecu/signature.h"
#include "ecu/update.h"
#include "port.h"
#include "text.h"

namespace {

constexpr uint8_t kTries = 3U;
constexpr size_t kTensors = 64U;
constexpr size_t kRowBytes = 2048U;

ecu_update_config config;
ecu_update update;
ecu_boot boot;
ecu_model model;
alignas(ECU_ARENA_ALIGNMENT) unsigned char arena[ECU_GOLDEN_MEMORY_SIZE(device::kArenaSize, kTensors,
                                                                        kRowBytes / sizeof(uint32_t))];
ecu_golden_memory golden_memory = {arena, sizeof arena};
alignas(4) unsigned char inputs[kRowBytes];
alignas(4) unsigned char outputs[kRowBytes];

/// Opens what boot decided for, and compares its interface with ours.
ecu_status open_model() {
  const ecu_status status = ecu_model_open(&model, boot.image, boot.image_size, arena, sizeof arena);
  return status == ECU_OK ? device::check(&model) : status;
}

/// From power-up to a running model. A model on trial is confirmed when it opens, else given up; a real ECU
/// may drive some kilometres first.
ecu_status start_model() {
  ecu_status status = ecu_update_open(&update, &config);
  if (status == ECU_OK) {
    status = ecu_update_boot(&update, &boot);
  }
  if (status == ECU_OK) {
    status = open_model();
  }
  if (status == ECU_OK && boot.trial != 0U) {
    status = ecu_update_confirm(&update);
  } else if (boot.trial != 0U) {
    ecu_model_close(&model);
    const ecu_status reason = status;
    status = ecu_update_revert(&update);
    if (status == ECU_OK) {
      status = ecu_update_boot(&update, &boot);
    }
    if (status == ECU_OK) {
      status = open_model();
    }
    boot.reverted = reason;
  }
  return status;
}

void configure() {
  config.flash = &port::flash;
  port::place(config);
  memcpy(config.device.vendor_id, device::kVendorId, sizeof device::kVendorId);
  memcpy(config.device.class_id, device::kClassId, sizeof device::kClassId);
  config.device.hardware_id = device::kHardwareId;
  config.device.engine = ECU_ENGINE_NATIVE;
  config.device.interface_hash = device::kInterfaceHash;
  config.device.kernels = device::kKernels;
  config.device.kernels_size = device::kKernelsSize;
  config.device.arena_size = device::kArenaSize;
  config.device.stack_size = device::kStackSize;
  config.factory_keys = factory_keys;
  config.factory_key_count = FACTORY_KEY_COUNT;
  config.verify = ecu_verify_ed25519;
  config.self_test = ecu_golden_test;
  config.self_test_context = &golden_memory;
  config.tries = kTries;
}

void answer(ecu_status status) {
  text::put(status == ECU_OK ? "ok" : "no ");
  if (status != ECU_OK) {
    text::put_number(static_cast<uint32_t>(status));
  }
}

void answer_boot(ecu_status status) {
  answer(status);
  text::put(" slot=");
  text::put_number(boot.slot);
  text::put(" trial=");
  text::put_number(boot.trial);
  text::put(" sequence=");
  text::put_number(boot.sequence);
  text::put(" reverted=");
  text::put_number(static_cast<uint32_t>(boot.reverted));
  text::end_line();
}

void answer_model() {
  const ecu_model_info* info = ecu_model_info_of(&model);
  answer(ECU_OK);
  text::put(" sequence=");
  text::put_number(info != nullptr ? boot.sequence : 0U);
  text::put(" digest=");
  if (info != nullptr) {
    text::put_hex(info->image_digest, ECU_DIGEST_SIZE);
  }
  text::put(" name=");
  if (info != nullptr) {
    text::put_hex(info->name, strlen(info->name));
    text::put("20");
    text::put_hex(info->version, strlen(info->version));
  }
  text::end_line();
}

void answer_record() {
  const void* record = ecu_update_package_header(&update, boot.slot);
  answer(ECU_OK);
  text::put(" ");
  if (record != nullptr) {
    text::put_hex(record, ECU_PACKAGE_HEADER_SIZE);
  }
  text::end_line();
}

/// Bytes of one row of these tensors; with pointers to each of them in the row.
template <typename Pointer, typename Byte>
size_t lay_out(const ecu_tensor_info* tensors, uint32_t count, Byte* row, Pointer* pointers) {
  size_t size = 0U;
  for (uint32_t i = 0U; i < count && i < kTensors; ++i) {
    pointers[i] = row + size;
    size += tensors[i].elements * sizeof(uint32_t);
  }
  return size;
}

void answer_run(const char* hex) {
  const void* in[kTensors];
  void* out[kTensors];
  const ecu_model_info* info = ecu_model_info_of(&model);
  size_t size = 0U;
  ecu_status status = ECU_NOT_OPEN;
  if (info != nullptr &&
      lay_out(info->inputs, info->input_count, inputs, in) == text::bytes_of(hex, inputs, sizeof inputs)) {
    size = lay_out(info->outputs, info->output_count, outputs, out);
    status = ecu_model_run(&model, in, out);
  }
  answer(status);
  if (status == ECU_OK) {
    text::put(" ");
    text::put_hex(outputs, size);
  }
  text::end_line();
}

void answer_line(ecu_status status) {
  answer(status);
  text::end_line();
}

void obey(char* line) {
  char* rest = strchr(line, ' ');
  const char* hex = rest != nullptr ? rest + 1 : "";
  if (rest != nullptr) {
    *rest = '\0';
  }
  if (strcmp(line, "model") == 0) {
    answer_model();
  } else if (strcmp(line, "record") == 0) {
    answer_record();
  } else if (strcmp(line, "run") == 0) {
    answer_run(hex);
  } else if (strcmp(line, "begin") == 0) {
    answer_line(ecu_update_begin(&update));
  } else if (strcmp(line, "data") == 0) {
    unsigned char* bytes = static_cast<unsigned char*>(static_cast<void*>(line));
    const size_t size = text::bytes_of(hex, bytes, text::kLineSize);
    answer_line(ecu_update_write(&update, bytes, size));
  } else if (strcmp(line, "finish") == 0) {
    answer_line(ecu_update_finish(&update));
  } else if (strcmp(line, "abort") == 0) {
    ecu_update_abort(&update);
    answer_line(ECU_OK);
  } else {
    text::put("no 1");
    text::end_line();
  }
}

}  // namespace

int main() {
  static char line[text::kLineSize];
  if (!port::open_flash() || !port::open_lines()) {
    return 1;
  }
  configure();
  answer_boot(start_model());
  while (port::read_line(line, sizeof line)) {
    obey(line);
  }
  return 0;
}
