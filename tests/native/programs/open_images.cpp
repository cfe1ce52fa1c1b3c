/* SPDX-License-Identifier: Apache-2.0 */
/* Opens every image of a file of cases and prints the status of each: open_images FILE MUTANT. */
#include "host_memory.h"

/* The check that is left out; see test_check_mutants.py. */
extern "C" {
extern int ecu_mutant;
int ecu_mutant = -1;
}

int main(int argc, char** argv) {
  using namespace ecu::test;
  if (argc != 3) {
    return 1;
  }
  ecu_mutant = static_cast<int>(strtol(argv[2], nullptr, 10));
  size_t size = 0U;
  uint8_t* const file = read_file(argv[1], size);
  const uint8_t* at = file + 4U;
  for (uint32_t left = load_u32(file); left > 0U; --left) {
    const uint32_t image_size = load_u32(at);
    const Block image(image_size);
    memcpy(image.bytes(), at + 12U, image_size);
    const uint32_t arena_size = load_u32(image.bytes() + 12U);
    const Block arena(arena_size);
    ecu_model model;
    printf("%d\n", ecu_model_open(&model, image.bytes(), image_size, arena.bytes(), arena_size));
    ecu_model_close(&model);
    at += 12U + image_size + load_u32(at + 4U);
  }
  free(file);
  return 0;
}
