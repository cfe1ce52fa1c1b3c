/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that nobody wrote: the checker takes it as any content. */
bool nondet_bool(void);

bool any_bool(void) { return nondet_bool(); }

void readable(uint8_t* bytes, uint64_t size) { __CPROVER_assert(__CPROVER_r_ok(bytes, size), "may be read"); }

int main(void) {
  uint8_t bytes[SIZE];
  const bool taken = PROVE(bytes, SIZE);
#ifdef REACHED
  __CPROVER_assert(!taken, "none is taken");
#endif
  return 0;
}
