/* SPDX-License-Identifier: Apache-2.0 */
/* Two bundles of native models in one program: each names the engine and its own kernels. Opens the images of
 * its arguments at the same time, prints the status of each, runs those that opened in turns, and prints
 * outputs. */
#include <stdio.h>
#include <string.h>

#include "ecu/model.h"

struct ecu_engine;
struct ecu_kernel;
extern const struct ecu_engine ecu_engine_native;
extern const struct ecu_kernel ecu_kernel_neg_f32;
extern const struct ecu_kernel ecu_kernel_exp_f32;
extern const void* const first_bundle[];
extern const void* const second_bundle[];
const void* const first_bundle[] = {&ecu_engine_native, &ecu_kernel_neg_f32};
const void* const second_bundle[] = {&ecu_engine_native, &ecu_kernel_exp_f32};

enum { kModels = 4, kImageBytes = 4096, kArenaBytes = 2048 };

static _Alignas(ECU_IMAGE_ALIGNMENT) unsigned char images[kModels][kImageBytes];
static _Alignas(ECU_ARENA_ALIGNMENT) unsigned char arenas[kModels][kArenaBytes];

int main(int argc, char** argv) {
  ecu_model models[kModels];
  for (int i = 0; i < argc - 1 && i < kModels; ++i) {
    FILE* const file = fopen(argv[i + 1], "rb");
    if (file == NULL) {
      return 1;
    }
    const size_t size = fread(images[i], 1, kImageBytes, file);
    (void)fclose(file);
    printf("status %d\n", (int)ecu_model_open(&models[i], images[i], size, arenas[i], kArenaBytes));
  }
  for (int row = 0; row < 2; ++row) {
    for (int i = 0; i < argc - 1 && i < kModels; ++i) {
      const float x = (float)row;
      float y = 0.0F;
      const void* const inputs[1] = {&x};
      void* const outputs[1] = {&y};
      if (ecu_model_run(&models[i], inputs, outputs) == ECU_OK) {
        printf("output %d %a\n", i, (double)y);
      }
    }
  }
  return 0;
}
