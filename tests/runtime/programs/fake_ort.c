/* SPDX-License-Identifier: Apache-2.0 */
/* A library that is not the ONNX Runtime that a bundle needs: too old, or none at all. */
#include <stddef.h>
#include <stdint.h>

#ifndef ECU_TEST_NO_ENTRY
typedef struct {
  const void* (*get_api)(uint32_t version);
  const char* (*version)(void);
} api_base;

const api_base* OrtGetApiBase(void);

static const void* get_api(uint32_t version) {
  (void)version;
  return NULL; /* what ONNX Runtime returns for an API newer than itself */
}

static const char* version(void) { return "1.2.0"; }

const api_base* OrtGetApiBase(void) {
  static const api_base base = {get_api, version};
  return &base;
}
#else
int nothing_of_onnx_runtime(void);
int nothing_of_onnx_runtime(void) { return 0; }
#endif
