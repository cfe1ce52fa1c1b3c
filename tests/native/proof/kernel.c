/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that nobody wrote: the checker takes it as any content. */
int main(void) {
  uint32_t record[WORDS];
  uint32_t constants[CONSTANTS];
  uint32_t workspace[WORKSPACE];
  uint32_t row[ROW];
  uint32_t results[RESULTS];
  const bool taken = prove((uint8_t*)record, WORDS, (uint8_t*)constants, CONSTANTS, (uint8_t*)workspace,
                           WORKSPACE, (uint8_t*)row, ROW, (uint8_t*)results, RESULTS);
#ifdef REACHED
  __CPROVER_assert(!taken, "none is taken");
#endif
  return 0;
}
