/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../arena.h"
#include "area.h"
#include "key_set.h"
#include "package.h"
#include "slots.h"
#include "stored.h"

namespace ecu {
namespace {

static_assert(sizeof(Sha256) <= sizeof(ecu_update::hash));
static_assert(alignof(Sha256) <= alignof(uint64_t));

Sha256& hash_of(ecu_update& update) noexcept {
  return *static_cast<Sha256*>(static_cast<void*>(update.hash));
}

bool brings_model(const ecu_update& update) noexcept { return update.target <= ECU_AREA_SLOT_1; }

/* The package is newer than all that was confirmed, or repeats the newest one; and not older than a model
 * that waits for its trial: where records are lost, that was the confirmed one. */
ecu_status check_sequence(const ecu_update& update, const PackageHeader& header) noexcept {
  const uint32_t newest = newest_sequence(update);
  const bool model = header.kind() == PackageKind::kModel;
  const uint32_t waits = model && has_staged(update.journal) ? staged_sequence(update.journal) : 0U;
  if (header.sequence() < newest || header.sequence() < waits) {
    return ECU_PACKAGE_ROLLBACK;
  }
  if (header.sequence() > newest) {
    return ECU_OK;
  }
  const uint8_t same = model ? update.runnable : update.keys;
  if (same == kNone) {
    return model ? ECU_OK : ECU_PACKAGE_OTHER_CONTENT;  // repairs a device whose confirmed model is lost
  }
  const Area& area = update.areas[model ? same : ECU_AREA_KEYS_0 + same];
  return has_digest(area, header.payload_size(), header.payload_digest()) ? ECU_OK
                                                                          : ECU_PACKAGE_OTHER_CONTENT;
}

/* Every check that comes before the first change of flash. */
ecu_status check(const ecu_update& update, const PackageHeader& header) noexcept {
  const ecu_device& device = update.config->device;
  ecu_status status = check_signed(update, header);
  if (status == ECU_OK) {
    status = check_addressee(header, device);
  }
  if (status == ECU_OK) {
    status = check_sequence(update, header);
  }
  if (status == ECU_OK) {
    status = check_needs(header, device);
  }
  if (status != ECU_OK) {
    return status;
  }
  if (header.payload_size() > room_of(update.areas[update.target])) {
    return ECU_PACKAGE_TOO_LARGE;
  }
  // Where records are lost during a trial, the journal would give the other slot away; where they were lost
  // before, what waits for its trial may be what was confirmed.
  const bool waits = update.lost != 0U && has_staged(update.journal);
  const bool is_busy = update.trial != 0U || waits || update.running == update.target;
  return is_busy && brings_model(update) ? ECU_UPDATE_TRIAL_RUNNING : ECU_OK;
}

/* The journal says that the target slot is empty; where it was the active one, the other one is that now.
 * What is confirmed stands in both sectors before, since no boot makes up for that while a model is on trial.
 */
ecu_status clear_slot(ecu_update& update) noexcept {
  const uint8_t slot = update.target;
  if (update.single != 0U) {
    (void)append(update, Change::kNothing, slot);
  }
  const bool empty = update.journal.slots[slot].state == ECU_SLOT_EMPTY;
  return empty ? ECU_OK : append(update, Change::kEmptied, slot);
}

/* Makes place for the payload; the end of the area keeps the bytes of the package before it. */
ecu_status prepare(ecu_update& update, uint32_t header_size) noexcept {
  const ecu_status status = brings_model(update) ? clear_slot(update) : ECU_OK;
  if (status != ECU_OK) {
    return status;
  }
  const Area& area = update.areas[update.target];
  return erase(area, area.place.size) && write(area, room_of(area), update.buffer, header_size)
             ? ECU_OK
             : ECU_FLASH_FAILED;
}

ecu_status accept(ecu_update& update, const PackageHeader& header) noexcept {
  const uint8_t kept = update.runnable == kNone ? update.journal.active : update.runnable;
  const uint8_t keys = update.keys == 0U ? ECU_AREA_KEYS_1 : ECU_AREA_KEYS_0;
  update.target = header.kind() == PackageKind::kModel ? kept ^ 1U : keys;
  update.package = header.sequence();
  update.size = header.payload_size();
  memcpy(update.digest, header.payload_digest(), sizeof update.digest);
  const ecu_status status = check(update, header);
  return status == ECU_OK ? prepare(update, header.size()) : status;
}

ecu_status flush(ecu_update& update) noexcept {
  const uint32_t size = update.filled;
  const uint32_t start = update.received - size;
  update.filled = 0U;
  hash_of(update).update(Bytes(update.buffer, size));
  return write(update.areas[update.target], start, update.buffer, size) ? ECU_OK : ECU_FLASH_FAILED;
}

/* Copies what the buffer has room for; how much that was. */
size_t fill(ecu_update& update, const uint8_t* bytes, size_t size) noexcept {
  const size_t room = sizeof update.buffer - update.filled;
  const size_t taken = size < room ? size : room;
  memcpy(update.buffer + update.filled, bytes, taken);
  update.filled += static_cast<uint32_t>(taken);
  return taken;
}

/* Takes bytes of the header; what is left of them belongs to the payload. */
ecu_status take_header(ecu_update& update, Bytes& bytes) noexcept {
  const size_t taken = fill(update, bytes.data(), bytes.size());
  PackageHeader header;
  ecu_status status = read_header(Bytes(update.buffer, update.filled), header);
  if (status == ECU_PACKAGE_TRUNCATED) {
    bytes = bytes.part(taken, bytes.size() - taken);
    return bytes.size() == 0U ? ECU_OK : ECU_PACKAGE_TOO_LONG;
  }
  if (status == ECU_OK) {
    status = accept(update, header);
  }
  if (status == ECU_OK) {
    const size_t used = taken - (update.filled - header.size());
    bytes = bytes.part(used, bytes.size() - used);
    update.phase = kPayload;
    update.received = 0U;
    update.filled = 0U;
    (void)new (Place{update.hash}) Sha256();
  }
  return status;
}

ecu_status take_payload(ecu_update& update, Bytes bytes) noexcept {
  if (bytes.size() > update.size - update.received) {
    return ECU_PACKAGE_TOO_LONG;
  }
  size_t at = 0U;
  while (at < bytes.size()) {
    const size_t taken = fill(update, bytes.data() + at, bytes.size() - at);
    at += taken;
    update.received += static_cast<uint32_t>(taken);
    if (update.filled == sizeof update.buffer) {
      const ecu_status status = flush(update);
      if (status != ECU_OK) {
        return status;
      }
    }
  }
  return ECU_OK;
}

ecu_status finish(ecu_update& update) noexcept {
  if (update.phase == kHeader || update.received != update.size) {
    return ECU_PACKAGE_TRUNCATED;
  }
  const ecu_status status = flush(update);
  if (status != ECU_OK) {
    return status;
  }
  if (!hash_of(update).finish_equals(update.digest)) {
    return ECU_PACKAGE_BAD_PAYLOAD;
  }
  const Area& area = update.areas[update.target];
  if (!has_digest(area, update.size, update.digest)) {
    return ECU_FLASH_FAILED;
  }
  const bool model = brings_model(update);
  if (!model && !is_key_set(area, update.size)) {
    return ECU_PACKAGE_BAD_KEY_SET;
  }
  if (model) {
    return append(update, Change::kStaged, update.target, update.package);
  }
  update.keys = update.target % 2U;
  update.journal.keys_sequence = update.package;  // in force, even where that cannot be recorded
  return append(update, Change::kKeys, 0U, update.package);
}

}  // namespace
}  // namespace ecu

ecu_status ecu_update_begin(ecu_update* update) {
  ecu_status status = ecu::enter(update);
  if (status == ECU_OK) {
    status = ecu::read_state(*update);  // a record that failed may be in flash all the same
  }
  if (status != ECU_OK) {
    return status;
  }
  update->runnable = ecu::runnable_slot(*update);
  update->phase = ecu::kHeader;
  update->filled = 0U;
  return ECU_OK;
}

ecu_status ecu_update_write(ecu_update* update, const void* bytes, size_t size) {
  if (update == nullptr || (bytes == nullptr && size > 0U)) {
    return ECU_NULL_ARGUMENT;
  }
  if (update->phase == ecu::kIdle) {
    return ECU_UPDATE_NOT_STARTED;
  }
  ecu::Bytes left(static_cast<const uint8_t*>(bytes), size);
  ecu_status status = ECU_OK;
  if (update->phase == ecu::kHeader && size > 0U) {
    status = ecu::take_header(*update, left);
  }
  if (status == ECU_OK && update->phase == ecu::kPayload) {
    status = ecu::take_payload(*update, left);
  }
  if (status != ECU_OK) {
    update->phase = ecu::kIdle;
  }
  return status;
}

ecu_status ecu_update_finish(ecu_update* update) {
  if (update == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  if (update->phase == ecu::kIdle) {
    return ECU_UPDATE_NOT_STARTED;
  }
  const ecu_status status = ecu::finish(*update);
  update->phase = ecu::kIdle;
  return status;
}

void ecu_update_abort(ecu_update* update) {
  if (update != nullptr) {
    update->phase = ecu::kIdle;
  }
}
