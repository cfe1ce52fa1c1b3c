// SPDX-License-Identifier: Apache-2.0
/// @file
/// Stands before glibc's heap and counts. A program's own definitions win over those of libc in every
/// library that it loads, so ONNX Runtime is counted too. For programs of one thread.
#include "allocations.h"

#include <cerrno>
#include <cstddef>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

Allocations counted;

void count(std::size_t size) {
  ++counted.calls;
  counted.bytes += size;
}

}  // namespace

extern "C" {

Allocations ecu_allocations() { return counted; }

void* malloc(std::size_t size) {
  count(size);
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) {
  count(size);
  return __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  void* const memory = memalign(alignment, size);
  if (memory == nullptr) {
    return ENOMEM;
  }
  *result = memory;
  return 0;
}
}
