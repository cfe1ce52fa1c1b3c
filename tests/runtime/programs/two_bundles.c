/* SPDX-License-Identifier: Apache-2.0 */
/* Two bundles in one program, linked from the library of the runtime: which engines are there? */
#include <stdio.h>
#include <string.h>

#include "ecu/model.h"

#ifdef ECU_TEST_ORT
extern const struct ecu_engine ecu_engine_ort;
extern const void* const first_engines[];
const void* const first_engines[] = {&ecu_engine_ort};
#endif
#ifdef ECU_TEST_NATIVE
extern const struct ecu_engine ecu_engine_native;
extern const void* const second_engines[];
const void* const second_engines[] = {&ecu_engine_native};
#endif

int main(int argc, char** argv) {
  static _Alignas(ECU_IMAGE_ALIGNMENT) unsigned char image[1 << 16];
  static _Alignas(ECU_ARENA_ALIGNMENT) unsigned char arena[1 << 12];
  for (int i = 1; i < argc; ++i) {
    ecu_model model;
    FILE* const file = fopen(argv[i], "rb");
    if (file == NULL) {
      return 1;
    }
    const size_t size = fread(image, 1, sizeof image, file);
    (void)fclose(file);
    printf("status %d\n", (int)ecu_model_open(&model, image, size, arena, sizeof arena));
    ecu_model_close(&model);
  }
  return 0;
}
