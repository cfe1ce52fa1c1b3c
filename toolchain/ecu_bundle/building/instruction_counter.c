/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Plugin of QEMU that counts the instructions between two addresses: `-plugin FILE,from=0x..,to=0x..`. Each
 *  time `to` is reached after `from` it writes a line `span <instructions>` to stderr. Both addresses are the
 *  first instruction of a function. For one processor.
 *
 *  Debian ships no plugin header, so the few functions used are declared here. They are the same in both
 * versions of the interface: 1 in QEMU 6 to 8, 2 from QEMU 9 on. PLUGIN_INTERFACE says which one is meant. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t Plugin;
typedef struct Block Block;
typedef struct Instruction Instruction;
typedef void BlockMade(Plugin plugin, Block* block);
typedef void BlockRuns(unsigned int cpu, void* data);
enum { kNoRegisters = 0 };

size_t qemu_plugin_tb_n_insns(const Block* block);
uint64_t qemu_plugin_tb_vaddr(const Block* block);
void qemu_plugin_register_vcpu_tb_trans_cb(Plugin plugin, BlockMade* callback);
void qemu_plugin_register_vcpu_tb_exec_cb(Block* block, BlockRuns* callback, int registers, void* data);

__attribute__((visibility("default"))) int qemu_plugin_version = PLUGIN_INTERFACE;
__attribute__((visibility("default"))) int qemu_plugin_install(Plugin plugin, const void* machine, int count,
                                                               char** arguments);

static uint64_t first_address;
static uint64_t last_address;
static uint64_t instructions;
static uint64_t started;
static int counting;

static void block_runs(unsigned int cpu, void* data) {
  (void)cpu;
  instructions += (uintptr_t)data;
}

static void first_runs(unsigned int cpu, void* data) {
  started = instructions;
  counting = 1;
  block_runs(cpu, data);
}

static void last_runs(unsigned int cpu, void* data) {
  if (counting) {
    fprintf(stderr, "span %" PRIu64 "\n", instructions - started);
    counting = 0;
  }
  block_runs(cpu, data);
}

static void block_made(Plugin plugin, Block* block) {
  const uint64_t address = qemu_plugin_tb_vaddr(block);
  BlockRuns* const callback =
      address == first_address ? first_runs : (address == last_address ? last_runs : block_runs);
  (void)plugin;
  qemu_plugin_register_vcpu_tb_exec_cb(block, callback, kNoRegisters,
                                       (void*)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

int qemu_plugin_install(Plugin plugin, const void* machine, int count, char** arguments) {
  (void)machine;
  for (int i = 0; i < count; ++i) {
    if (strncmp(arguments[i], "from=", 5U) == 0) {
      first_address = strtoull(arguments[i] + 5, NULL, 0);
    } else if (strncmp(arguments[i], "to=", 3U) == 0) {
      last_address = strtoull(arguments[i] + 3, NULL, 0);
    }
  }
  qemu_plugin_register_vcpu_tb_trans_cb(plugin, block_made);
  return 0;
}
