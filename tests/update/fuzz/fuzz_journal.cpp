/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any contents of journal, slots and key sectors, then calls of ecu/update.h with power
 * cuts between them. */
#include "bench.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ecu::test::Scene scene = ecu::test::read_scene(data, size);
  ecu::test::Bench bench(scene);
  bench.power_on();
  for (const ecu::test::Step& step : scene.calls) {
    bench.take(step);
  }
  bench.come_to_an_end();
  return 0;
}
