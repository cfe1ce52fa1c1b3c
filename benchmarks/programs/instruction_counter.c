/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Plugin of QEMU's user mode that counts guest instructions. At each marker it writes to stderr:
 *  `marker <section> <instructions since the start>`. For programs of one thread.
 *
 *  Debian ships no plugin header, so the few functions used are declared here: version 1 of the
 *  interface, that of QEMU 7.2. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "marker.h"

typedef uint64_t Plugin;
typedef struct Block Block;
typedef void BlockMade(Plugin plugin, Block* block);
typedef void BlockRuns(unsigned int cpu, void* data);
typedef void SystemCall(Plugin plugin, unsigned int cpu, int64_t number, uint64_t a1, uint64_t a2,
                        uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8);
enum { kNoRegisters = 0 };

size_t qemu_plugin_tb_n_insns(const Block* block);
void qemu_plugin_register_vcpu_tb_trans_cb(Plugin plugin, BlockMade* callback);
void qemu_plugin_register_vcpu_tb_exec_cb(Block* block, BlockRuns* callback, int registers, void* data);
void qemu_plugin_register_vcpu_syscall_cb(Plugin plugin, SystemCall* callback);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(Plugin plugin, const void* machine, int count,
                                                               char** arguments);

static uint64_t instructions;

static void block_runs(unsigned int cpu, void* data) {
  (void)cpu;
  instructions += (uintptr_t)data;
}

static void block_made(Plugin plugin, Block* block) {
  (void)plugin;
  qemu_plugin_register_vcpu_tb_exec_cb(block, block_runs, kNoRegisters,
                                       (void*)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static void system_call(Plugin plugin, unsigned int cpu, int64_t number, uint64_t a1, uint64_t a2,
                        uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)plugin, (void)cpu, (void)number, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
  if (a1 == ECU_MARKER) {
    fprintf(stderr, "marker %" PRIu64 " %" PRIu64 "\n", a2, instructions);
  }
}

int qemu_plugin_install(Plugin plugin, const void* machine, int count, char** arguments) {
  (void)machine, (void)count, (void)arguments;
  qemu_plugin_register_vcpu_tb_trans_cb(plugin, block_made);
  qemu_plugin_register_vcpu_syscall_cb(plugin, system_call);
  return 0;
}
