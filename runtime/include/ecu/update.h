/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Installs update packages and decides which model runs. Two slots in flash hold models, an append-only
 *  journal says which is which; docs/slots.md is normative for both, docs/update_package.md for packages.
 *
 *  - The caller owns all memory: the state, and the configuration, which stays readable and unchanged.
 *  - Power may fail at any instant: the confirmed model stays in its slot, and the next boot finds it.
 *  - Nothing is written to flash before the signature and every fact of a package is accepted.
 *  - One state for each pair of slots. Calls on one state never overlap; there is no lock inside.
 */
#ifndef ECU_UPDATE_H
#define ECU_UPDATE_H

#include <stddef.h>
#include <stdint.h>

#include "ecu/model.h"
#include "ecu/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a package before its payload, at most; also what the end of each slot keeps of them. */
#define ECU_PACKAGE_HEADER_SIZE 1024U

/** Largest program unit of a flash, in bytes. */
#define ECU_FLASH_LARGEST_UNIT 256U

/** How flash is built around an address. */
typedef struct ecu_flash_geometry {
  uint32_t sector_size;  /**< bytes that one erase clears, a multiple of program_unit */
  uint32_t program_unit; /**< bytes of the smallest program: a power of two, 1 to ECU_FLASH_LARGEST_UNIT */
  uint8_t erased_value;  /**< what every erased byte reads as, 0xff or 0x00 */
} ecu_flash_geometry;

/** What the integrator supplies. Addresses are numbers that only these functions understand. Each returns
 *  ECU_OK or ECU_FLASH_FAILED, after the operation is complete. A read of bytes that the hardware reports as
 *  damaged (ECC) gives ECU_FLASH_DAMAGED, and does not raise an exception; ECU_FLASH_FAILED means that the
 *  flash could not be read now. None is called for an address outside the configuration.
 */
typedef struct ecu_flash {
  void* context; /**< passed to every function */

  /** Geometry at the start of an area, asked for once, in open. All sectors of a slot are alike. */
  ecu_status (*geometry)(void* context, uint32_t address, ecu_flash_geometry* geometry);

  ecu_status (*read)(void* context, uint32_t address, void* bytes, uint32_t size);

  /** Address and size are multiples of the program unit; every unit was erased and is programmed once. The
   *  bytes may lie in more than one sector. */
  ecu_status (*program)(void* context, uint32_t address, const void* bytes, uint32_t size);

  /** Erases the sector that starts at the address. */
  ecu_status (*erase)(void* context, uint32_t address);

  /** Raises a one-time-programmable counter to `minimum` where it is lower, and gives its value. May be
   *  null: then who erases or writes flash past this code can bring an old model back. Where it fails,
   *  nothing is opened and no model runs. */
  ecu_status (*counter)(void* context, uint32_t minimum, uint32_t* value);
} ecu_flash;

/** The parts of flash that the update code uses: two slots for models, two sectors for the journal, two for
 *  key sets. */
typedef enum ecu_area_id {
  ECU_AREA_SLOT_0 = 0,
  ECU_AREA_SLOT_1 = 1,
  ECU_AREA_JOURNAL_0 = 2,
  ECU_AREA_JOURNAL_1 = 3,
  ECU_AREA_KEYS_0 = 4,
  ECU_AREA_KEYS_1 = 5
} ecu_area_id;
#define ECU_AREA_COUNT 6U

/** Where a part of flash lies. No two overlap. */
typedef struct ecu_area {
  uint32_t address; /**< start of a sector */
  uint32_t size;    /**< bytes: whole sectors, of a journal exactly one (docs/slots.md) */
} ecu_area;

/** Kind of a public key. */
typedef enum ecu_key_kind { ECU_KEY_ED25519 = 1, ECU_KEY_P256 = 2 } ecu_key_kind;

/** What a key may sign: packages with a model, with keys, or both. A key without a use signs nothing. */
#define ECU_KEY_FOR_MODELS 0x100U
#define ECU_KEY_FOR_KEYS 0x200U

/** A key that may sign packages; members as a key set has them (docs/update_package.md). */
typedef struct ecu_key {
  uint32_t kind;          /**< an ecu_key_kind and its uses: ECU_KEY_ED25519 | ECU_KEY_FOR_MODELS */
  uint32_t minimum;       /**< signs packages with this sequence or a later one */
  uint8_t id[8];          /**< first bytes of the SHA-256 of the public key */
  uint8_t public_key[64]; /**< Ed25519: 32 bytes, then zeros; P-256: x, then y, big-endian */
} ecu_key;

/** Most keys that a device knows at a time. */
#define ECU_KEY_LIMIT 4U

/** ECU_OK when the 64-byte signature of the message is right, else ECU_PACKAGE_BAD_SIGNATURE. */
typedef ecu_status (*ecu_verify)(void* context, ecu_key_kind kind, const uint8_t* public_key,
                                 const uint8_t* message, size_t message_size, const uint8_t* signature);

/** ECU_OK when the payload of a slot, which starts with a model image, computes what it should. `size` is
 *  what the slot has for it; image and golden vectors tell their own sizes. */
typedef ecu_status (*ecu_self_test)(void* context, const void* payload, size_t size);

/** What packages are made for, and what this device has. */
typedef struct ecu_device {
  uint8_t vendor_id[16];
  uint8_t class_id[16];
  uint32_t hardware_id;          /**< of this device; a package may list those that it is for */
  ecu_engine_id engine;          /**< kind of images that it runs */
  const uint8_t* interface_hash; /**< ECU_DIGEST_SIZE bytes, from the generated header */
  const uint8_t* kernels;        /**< bit set of linked-in kernels by number, bit 0 of byte 0 first */
  uint32_t kernels_size;         /**< bytes */
  uint32_t arena_size;           /**< bytes that the application gives to a model */
  uint32_t stack_size;           /**< bytes that it can spare below ecu_model_open and ecu_model_run */
} ecu_device;

/** Everything that does not change while the device runs. */
typedef struct ecu_update_config {
  const ecu_flash* flash;
  ecu_area areas[ECU_AREA_COUNT]; /**< by ecu_area_id */
  const void* memory[2];          /**< where the processor reads the slots, aligned to ECU_IMAGE_ALIGNMENT */
  ecu_device device;
  const ecu_key* factory_keys; /**< in force until a key package is installed */
  uint32_t factory_key_count;  /**< 1 to ECU_KEY_LIMIT */
  ecu_verify verify;
  void* verify_context;
  ecu_self_test self_test; /**< run before a trial; may be null */
  void* self_test_context;
  uint8_t tries; /**< boots that a trial may take until it is confirmed, at least 1 */
} ecu_update_config;

/** What the journal says about a slot. */
typedef enum ecu_slot_state {
  ECU_SLOT_EMPTY = 0,    /**< nothing that may run */
  ECU_SLOT_STAGED = 1,   /**< installed, waits for its trial or is on trial */
  ECU_SLOT_CONFIRMED = 2 /**< was confirmed; runs while its sequence is the highest confirmed one */
} ecu_slot_state;

/** One slot as the journal knows it. */
typedef struct ecu_slot_info {
  ecu_slot_state state;
  uint32_t sequence; /**< of the package that filled it; 0: from the factory, without a header */
} ecu_slot_info;

/** What a record of the journal says about a slot. Members are private to the runtime. */
typedef struct ecu_journal_slot {
  uint8_t state; /**< an ecu_slot_state */
  uint8_t reserved[3];
  uint32_t sequence; /**< of the package that filled it */
} ecu_journal_slot;

/** A record of the journal, as in flash: the whole state. Members are private to the runtime. */
typedef struct ecu_journal {
  uint32_t sequence; /**< of the record */
  uint8_t active;    /**< the slot that was confirmed last */
  uint8_t tries;     /**< trial boots of the staged slot so far */
  uint8_t reserved[2];
  ecu_journal_slot slots[2];
  uint32_t keys_sequence; /**< of the package that brought the key set */
  uint32_t crc;
} ecu_journal;

/** A part of flash, as open found it. Members are private to the runtime. */
typedef struct ecu_update_area {
  const ecu_flash* port;
  ecu_area place;
  ecu_flash_geometry geometry;
} ecu_update_area;

/** State of the update code. Members are private to the runtime; what is used most comes first, where short
 *  instructions reach it. */
typedef struct ecu_update {
  const ecu_update_config* config;
  uint8_t keys;       /**< sector of the key set in force; 2: factory keys */
  uint8_t keys_right; /**< no newer key set was ever in force */
  uint8_t runnable;   /**< the confirmed slot that may run, found when an install starts; 2: none */
  uint8_t running;    /**< the slot that boot decided for; 2: none */
  uint8_t trial;      /**< 1: that one is on trial, whatever the journal says by now */
  uint8_t phase;      /**< of the install */
  uint8_t target;     /**< area that is written */
  uint8_t sector;     /**< the journal sector that the next record goes to */
  uint8_t lost;       /**< 1: there was no record, and the state is what the slots tell */
  uint8_t single;     /**< the other journal sector does not say what the newest record says */
  ecu_journal journal;
  uint32_t known;    /**< sequence of the newest record that was read or written; 0: none */
  uint32_t end;      /**< offset of the first free place in the journal sector */
  uint32_t counter;  /**< the one-time-programmable one, 0 where there is none */
  uint32_t package;  /**< sequence of the package */
  uint32_t size;     /**< of the payload, bytes */
  uint32_t received; /**< bytes of the payload so far */
  uint32_t filled;   /**< bytes in the buffer */
  ecu_update_area areas[ECU_AREA_COUNT];
  uint8_t digest[ECU_DIGEST_SIZE]; /**< of the payload, as signed */
  uint64_t hash[13];               /**< SHA-256 under way */
  uint8_t buffer[ECU_PACKAGE_HEADER_SIZE];
} ecu_update;

/** What to run. */
typedef struct ecu_boot {
  const void* image;   /**< for ecu_model_open; null when there is no model */
  size_t image_size;   /**< bytes readable there, for ecu_model_open */
  uint8_t slot;        /**< 0 or 1; 2 when there is no model */
  uint8_t trial;       /**< 1: on trial, to be confirmed or reverted by the application */
  uint32_t sequence;   /**< of the package that brought the model; 0: from the factory, without a header */
  ecu_status reverted; /**< why this boot gave a trial up; ECU_OK when it did not */
} ecu_boot;

/** Checks the configuration, reads counter and journal; writes nothing. Without a record in the
 *  journal it finds out from the packages in flash what may run (docs/slots.md).
 *
 *  @return ECU_OK, ECU_NULL_ARGUMENT, ECU_UPDATE_BAD_LAYOUT, also where the port has no geometry, or
 *          ECU_FLASH_FAILED: counter or journal could not be read; open again
 */
ECU_NODISCARD ecu_status ecu_update_open(ecu_update* update, const ecu_update_config* config);

/** Decides which model runs, after open; ends an install. Writes flash when a trial is pending: the try is
 *  recorded before the self-test runs, so that a model that hangs is given up; and where the newest record of
 *  the journal stands in one sector alone. A trial that runs already goes on.
 *
 *  @return ECU_OK, ECU_UPDATE_NO_MODEL (install a package), ECU_NOT_OPEN, or ECU_FLASH_FAILED: the counter
 *          could not be raised, no model runs
 */
ECU_NODISCARD ecu_status ecu_update_boot(ecu_update* update, ecu_boot* boot);

/** Makes the model on trial the confirmed one; ends an install. ECU_OK only after the record was read back:
 *  from then on the device never goes back by itself. Erases a journal sector for its copy. Checks the
 * package in the slot again, and gives the status of what is wrong with it: a key that has left since, or
 * bytes that changed. On ECU_FLASH_FAILED or _IMAGE_BAD_DIGEST call again, or let the next boot decide.
 */
ECU_NODISCARD ecu_status ecu_update_confirm(ecu_update* update);

/** Gives up the staged model, on trial or waiting; ends an install. Erases its first sector, so that it does
 *  not come back: a model of it that is open must be closed before. The next boot runs the confirmed one.
 */
ECU_NODISCARD ecu_status ecu_update_revert(ecu_update* update);

/** Starts an install, or starts it anew; what was written before is given up. Reads the journal again and
 *  the confirmed model; writes nothing.
 *
 *  @return ECU_OK, ECU_NULL_ARGUMENT, ECU_NOT_OPEN, or ECU_FLASH_FAILED: the journal could not be read
 */
ECU_NODISCARD ecu_status ecu_update_begin(ecu_update* update);

/** Takes the next bytes of the package, any number. The first refusal ends the install; before the
 *  signature and all facts are accepted, flash is not touched. Blocks while flash is erased or programmed.
 */
ECU_NODISCARD ecu_status ecu_update_write(ecu_update* update, const void* bytes, size_t size);

/** Ends the install: compares what flash reads back with the signed digest, then records the model as
 *  staged, or the key set as in force. ECU_OK only after the record was read back.
 */
ECU_NODISCARD ecu_status ecu_update_finish(ecu_update* update);

/** Ends the install without a result. What was written is not used. */
void ecu_update_abort(ecu_update* update);

/** The slot (0 or 1) as the journal knows it; empty for others and before open. */
ecu_slot_info ecu_update_slot(const ecu_update* update, uint32_t slot);

/** The bytes of the package before its payload, in place at the end of a slot that is not empty: the signed
 *  record of what is installed, with model name, version, digests and RXSWIN (docs/update_package.md).
 *  ECU_PACKAGE_HEADER_SIZE bytes, erased at the end; null for an empty slot. Erased in a slot that a line
 *  filled without a header.
 */
const void* ecu_update_package_header(const ecu_update* update, uint32_t slot);

#ifdef __cplusplus
}
#endif
#endif
