/* SPDX-License-Identifier: Apache-2.0 */
/* An application that lives on packages: `update_app FLASH [PACKAGE [CHUNK]]` boots, confirms a trial, and
 * installs the package if one is given. FLASH is a file that starts with the model of the factory. */
#include <ecu/file_flash.h>
#include <ecu/golden.h>
#include <ecu/signature.h>
#include <ecu/update.h>
#include <keys.h>
#include <model.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr uint32_t kSector = 4096U;
constexpr uint32_t kSlot = 16U * kSector;
constexpr uint32_t kRest = 2U * kSlot;
constexpr ecu_device kDevice = {{VENDOR_ID},           {CLASS_ID},           0x1001U,
                                ECU_ENGINE_NATIVE,     model_interface_hash, model_kernel_set,
                                MODEL_KERNEL_SET_SIZE, MODEL_ARENA_SIZE,     0U};

ecu_file_flash file;
alignas(ECU_ARENA_ALIGNMENT) unsigned char memory[65536];
ecu_golden_memory test_memory = {memory, sizeof memory};

int report(const char* what, ecu_status status) {
  std::printf("%s: %s\n", what, ecu_status_text(status));
  return status == ECU_OK ? 0 : 1;
}

std::vector<unsigned char> read_file(const char* path) {
  std::vector<unsigned char> bytes;
  std::FILE* const stream = std::fopen(path, "rb");
  for (int byte = std::fgetc(stream); byte != EOF; byte = std::fgetc(stream)) {
    bytes.push_back(static_cast<unsigned char>(byte));
  }
  std::fclose(stream);
  return bytes;
}

ecu_status install(ecu_update& update, const std::vector<unsigned char>& package, size_t chunk) {
  ecu_status status = ecu_update_begin(&update);
  for (size_t at = 0U; status == ECU_OK && at < package.size(); at += chunk) {
    const size_t left = package.size() - at;
    status = ecu_update_write(&update, package.data() + at, left < chunk ? left : chunk);
  }
  return status == ECU_OK ? ecu_update_finish(&update) : status;
}

}  // namespace

int main(int argc, char** argv) {
  if (report("file", ecu_file_flash_open(&file, argv[1], kRest + 4U * kSector, {kSector, 8U, 0xffU})) != 0) {
    return 1;
  }
  const ecu_flash port = ecu_file_flash_port(&file);
  const ecu_update_config config = {&port,
                                    {{0U, kSlot},
                                     {kSlot, kSlot},
                                     {kRest, kSector},
                                     {kRest + kSector, kSector},
                                     {kRest + 2U * kSector, kSector},
                                     {kRest + 3U * kSector, kSector}},
                                    {ecu_file_flash_memory(&file, 0U), ecu_file_flash_memory(&file, kSlot)},
                                    kDevice,
                                    factory_keys,
                                    FACTORY_KEY_COUNT,
                                    ecu_verify_any,
                                    nullptr,
                                    ecu_golden_test,
                                    &test_memory,
                                    3U};
  static ecu_update update;
  ecu_boot boot;
  if (report("open", ecu_update_open(&update, &config)) != 0 ||
      report("boot", ecu_update_boot(&update, &boot)) != 0) {
    return 1;
  }
  ecu_model model;
  if (report("model", ecu_model_open(&model, boot.image, boot.image_size, memory, sizeof memory)) != 0) {
    return 1;
  }
  std::printf("slot %u trial %u sequence %u reverted %d\n", boot.slot, boot.trial, boot.sequence,
              static_cast<int>(boot.reverted));
  const uint8_t* const digest = ecu_model_info_of(&model)->image_digest;
  std::printf("image %02x%02x%02x%02x\n", digest[0], digest[1], digest[2], digest[3]);
  const unsigned char* const header =
      static_cast<const unsigned char*>(ecu_update_package_header(&update, boot.slot));
  std::printf("header %02x%02x%02x%02x\n", header[0], header[1], header[2], header[3]);
  if (boot.trial != 0U && report("confirm", ecu_update_confirm(&update)) != 0) {
    return 1;
  }
  const int result = argc > 2
                         ? report("install", install(update, read_file(argv[2]),
                                                     argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 512U))
                         : 0;
  ecu_file_flash_close(&file);
  return result;
}
