/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Flash in a file, for POSIX systems: to try updates out on a PC, and for devices whose storage is files.
 *  Addresses are offsets in the file. Every operation is on the disk when it returns.
 */
#ifndef ECU_FILE_FLASH_H
#define ECU_FILE_FLASH_H

#include <stddef.h>
#include <stdint.h>

#include "ecu/update.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An open file. Members are private to the runtime. */
typedef struct ecu_file_flash {
  int descriptor;
  uint32_t size;
  ecu_flash_geometry geometry;
  void* memory;
} ecu_file_flash;

/** Opens a file as flash. A new or shorter file grows to `size` with erased bytes.
 *
 *  @param file     to initialise; stays where it is until it is closed
 *  @param path     of the file
 *  @param size     bytes, a multiple of the sector size
 *  @param geometry of all of it
 *
 *  @return ECU_OK, ECU_NULL_ARGUMENT, ECU_UPDATE_BAD_LAYOUT, or ECU_FLASH_FAILED: errno says why
 */
ECU_NODISCARD ecu_status ecu_file_flash_open(ecu_file_flash* file, const char* path, uint32_t size,
                                             ecu_flash_geometry geometry);

/** The port of an open file, without a counter. A unit that is not erased is refused. */
ecu_flash ecu_file_flash_port(ecu_file_flash* file);

/** Where the processor reads an address of the file. */
const void* ecu_file_flash_memory(const ecu_file_flash* file, uint32_t address);

/** Closes the file. Null or closed is allowed. */
void ecu_file_flash_close(ecu_file_flash* file);

#ifdef __cplusplus
}
#endif
#endif
