/* SPDX-License-Identifier: Apache-2.0 */
/* What a single-precision firmware links for a perceptron: the device API, the native engine, its kernels,
 * and the memory functions that every C compiler expects. There is no C library. */
#include "ecu/model.h"

struct ecu_engine;
struct ecu_kernel;
extern const struct ecu_engine ecu_engine_native;
extern const struct ecu_kernel ecu_kernel_copy4;
extern const struct ecu_kernel ecu_kernel_sub_f32;
extern const struct ecu_kernel ecu_kernel_mul_f32;
extern const struct ecu_kernel ecu_kernel_max_f32;
extern const struct ecu_kernel ecu_kernel_tanh_f32;
extern const struct ecu_kernel ecu_kernel_logistic_f32;
extern const struct ecu_kernel ecu_kernel_matmul_f32;
extern const struct ecu_kernel ecu_kernel_softmax_f32;
extern const struct ecu_kernel ecu_kernel_arg_max_f32;
extern const void* const firmware_parts[];
const void* const firmware_parts[] = {
    &ecu_engine_native,      &ecu_kernel_copy4,      &ecu_kernel_sub_f32,      &ecu_kernel_mul_f32,
    &ecu_kernel_max_f32,     &ecu_kernel_tanh_f32,   &ecu_kernel_logistic_f32, &ecu_kernel_matmul_f32,
    &ecu_kernel_softmax_f32, &ecu_kernel_arg_max_f32};

void* memcpy(void* to, const void* from, size_t size);
void* memmove(void* to, const void* from, size_t size);
void* memset(void* to, int value, size_t size);
void* memchr(const void* data, int value, size_t size);
int memcmp(const void* a, const void* b, size_t size);
ecu_status start(ecu_model* model, const void* image, void* arena, const void* const* inputs,
                 void* const* outputs);

void* memcpy(void* to, const void* from, size_t size) {
  for (size_t i = 0U; i < size; ++i) {
    ((unsigned char*)to)[i] = ((const unsigned char*)from)[i];
  }
  return to;
}

void* memmove(void* to, const void* from, size_t size) { return memcpy(to, from, size); }

void* memset(void* to, int value, size_t size) {
  for (size_t i = 0U; i < size; ++i) {
    ((unsigned char*)to)[i] = (unsigned char)value;
  }
  return to;
}

void* memchr(const void* data, int value, size_t size) {
  for (size_t i = 0U; i < size; ++i) {
    if (((const unsigned char*)data)[i] == value) {
      return (void*)((const unsigned char*)data + i);
    }
  }
  return NULL;
}

int memcmp(const void* a, const void* b, size_t size) {
  for (size_t i = 0U; i < size; ++i) {
    const int difference = ((const unsigned char*)a)[i] - ((const unsigned char*)b)[i];
    if (difference != 0) {
      return difference;
    }
  }
  return 0;
}

ecu_status start(ecu_model* model, const void* image, void* arena, const void* const* inputs,
                 void* const* outputs) {
  const ecu_status status = ecu_model_open(model, image, (size_t)-1, arena, (size_t)-1);
  return status == ECU_OK ? ecu_model_run(model, inputs, outputs) : status;
}
