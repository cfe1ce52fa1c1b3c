/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a model image of tests/runtime/models.py (mixed_model), runs one row and closes, COUNT times.
 * Prints what a test wants to see of the process; returns the status of open or run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecu/model.h"

#ifndef ECU_TEST_NO_ENGINE
extern const struct ecu_engine ecu_engine_ort;
extern const void* const test_engines[];
const void* const test_engines[] = {&ecu_engine_ort};
#endif

enum { kImageBytes = 1 << 16, kArenaBytes = 1 << 12 };

static _Alignas(ECU_IMAGE_ALIGNMENT) unsigned char image[kImageBytes];
static _Alignas(ECU_ARENA_ALIGNMENT) unsigned char arena[kArenaBytes];

/* Prints one line of /proc/self/status. */
static void print_process(const char* key) {
  char line[256];
  FILE* const file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, key, strlen(key)) == 0) {
      (void)fputs(line, stdout);
    }
  }
  if (file != NULL) {
    (void)fclose(file);
  }
}

static ecu_status run_once(ecu_model* model, size_t image_size, float score[2], int32_t* label) {
  const float x[3] = {1.5F, -2.0F, 0.25F};
  const int32_t origin = 2;
  const void* const inputs[2] = {x, &origin};
  void* const outputs[2] = {label, score};
  const ecu_status opened = ecu_model_open(model, image, image_size, arena, sizeof arena);
  if (opened != ECU_OK) {
    return opened;
  }
  return ecu_model_run(model, inputs, outputs);
}

int main(int argc, char** argv) {
  FILE* const file = argc == 3 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) {
    return 255;
  }
  const size_t image_size = fread(image, 1, sizeof image, file);
  (void)fclose(file);

  ecu_status status = ECU_OK;
  ecu_model model;
  const int count = atoi(argv[2]);
  for (int i = 0; i < count && status == ECU_OK; ++i) {
    float score[2] = {0.0F, 0.0F};
    int32_t label = -1;
    status = run_once(&model, image_size, score, &label);
    if (i == 0 || i == count / 10) {
      printf("status %d %s\nerror %s\n", (int)status, ecu_status_text(status), ecu_model_error(&model));
      printf("label %d score %.9g %.9g\n", (int)label, (double)score[0], (double)score[1]);
      print_process("Threads:");
      print_process("VmRSS:");
    }
    ecu_model_close(&model);
  }
  print_process("Threads:");
  print_process("VmRSS:");
  return (int)status;
}
