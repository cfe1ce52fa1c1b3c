/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../arena.h"
#include "area.h"
#include "key_set.h"
#include "package.h"
#include "slots.h"

namespace ecu {
namespace {

enum Phase : uint8_t { kIdle = 0, kHeader = 1, kPayload = 2 };

static_assert(sizeof(Sha256) <= sizeof(ecu_update::hash));
static_assert(alignof(Sha256) <= alignof(uint64_t));

Sha256& hash_of(ecu_update& update) noexcept {
  return *static_cast<Sha256*>(static_cast<void*>(update.hash));
}

bool brings_model(const ecu_update& update) noexcept {
  return update.kind == static_cast<uint8_t>(PackageKind::kModel);
}

Area target_area(const ecu_update& update) noexcept {
  const ecu_update_config& config = *update.config;
  return Area(*config.flash,
              brings_model(update) ? config.slots[update.target].address : config.keys[update.target]);
}

/* Bytes that the payload may have. */
uint32_t target_room(const ecu_update& update, const Area& area) noexcept {
  return brings_model(update) ? payload_room(update.config->slots[update.target]) : area.sector_size();
}

/* Offset from which the sectors of the target were erased for the header, or its end. */
uint32_t tail_start(const ecu_update& update, const Area& area) noexcept {
  const uint32_t room = target_room(update, area);
  return room - (room % area.sector_size());
}

/* The slot that must stay, whatever happens to the other. */
uint8_t kept_slot(const ecu_update& update, uint8_t runnable) noexcept {
  return runnable == kNone ? update.journal.active : runnable;
}

ecu_status check_key(const ecu_update& update, const PackageHeader& header) noexcept {
  ecu_key key = {};
  size_t count = 0U;
  const ecu_status status = find_key(update, header.key_id(), key, count);
  return status != ECU_OK ? status
                          : check_signature(header, Span<const ecu_key>(&key, count), update.config->verify,
                                            update.config->verify_context);
}

/* The package is newer than all that was confirmed, or repeats the newest one. */
ecu_status check_sequence(const ecu_update& update, const PackageHeader& header, uint8_t runnable) noexcept {
  const ecu_update_config& config = *update.config;
  const uint32_t keys = update.journal.keys_sequence;
  const uint32_t lowest = lowest_sequence(update);
  const uint32_t newest = keys > lowest ? keys : lowest;
  if (header.sequence() != newest) {
    return header.sequence() > newest ? ECU_OK : ECU_PACKAGE_ROLLBACK;
  }
  const bool model = header.kind() == PackageKind::kModel;
  if (model && runnable == kNone && newest == lowest) {
    return ECU_OK;  // repairs a device whose confirmed model is lost
  }
  const uint8_t same = model ? runnable : update.journal.keys;
  if (same == kNone || newest != (model ? update.journal.slots[same].sequence : keys)) {
    return ECU_PACKAGE_OTHER_CONTENT;
  }
  const Area area(*config.flash, model ? config.slots[same].address : config.keys[same]);
  const bool fits = header.payload_size() <= (model ? payload_room(config.slots[same]) : area.sector_size());
  return fits && area.has_digest(header.payload_size(), header.payload_digest()) ? ECU_OK
                                                                                 : ECU_PACKAGE_OTHER_CONTENT;
}

/* Every check that comes before the first change of flash; chooses the target. */
ecu_status check(ecu_update& update, const PackageHeader& header, uint8_t runnable) noexcept {
  ecu_status status = check_key(update, header);
  if (status == ECU_OK) {
    status = check_addressee(header, update.config->device);
  }
  if (status == ECU_OK) {
    status = check_sequence(update, header, runnable);
  }
  if (status == ECU_OK) {
    status = check_needs(header, update.config->device);
  }
  if (status != ECU_OK) {
    return status;
  }
  update.kind = static_cast<uint8_t>(header.kind());
  update.target =
      brings_model(update) ? kept_slot(update, runnable) ^ 1U : (update.journal.keys == 0U ? 1U : 0U);
  if (header.payload_size() > target_room(update, target_area(update))) {
    return ECU_PACKAGE_TOO_LARGE;
  }
  return brings_model(update) && update.running == update.target ? ECU_UPDATE_TRIAL_RUNNING : ECU_OK;
}

/* The journal says that the target slot is empty, and that the other one is the active one. */
ecu_status clear_slot(ecu_update& update, uint8_t kept) noexcept {
  ecu_journal& journal = update.journal;
  const ecu_update_config& config = *update.config;
  if (kept != journal.active) {
    const ecu_status status = append(config, journal, Op::kConfirmed, kept, journal.slots[kept].sequence);
    if (status != ECU_OK) {
      return status;
    }
  }
  const ecu_slot_state state = journal.slots[update.target].state;
  if (state == ECU_SLOT_EMPTY) {
    return ECU_OK;
  }
  return append(config, journal, state == ECU_SLOT_STAGED ? Op::kReverted : Op::kBegin, update.target);
}

/* Keeps the bytes of the package before its payload at the end of the slot. */
ecu_status keep_header(const ecu_update& update, uint32_t header_size) noexcept {
  const Area area = target_area(update);
  const uint32_t end = update.config->slots[update.target].size;
  for (uint32_t at = tail_start(update, area); at < end; at += area.sector_size()) {
    if (!area.erase(at)) {
      return ECU_FLASH_FAILED;
    }
  }
  return area.write(target_room(update, area), Bytes(update.buffer, header_size)) ? ECU_OK : ECU_FLASH_FAILED;
}

ecu_status accept(ecu_update& update, const PackageHeader& header) noexcept {
  const uint8_t runnable = runnable_slot(update);
  ecu_status status = check(update, header, runnable);
  if (status == ECU_OK && brings_model(update)) {
    status = clear_slot(update, kept_slot(update, runnable));
    if (status == ECU_OK) {
      status = keep_header(update, header.size());
    }
  }
  update.package = header.sequence();
  update.size = header.payload_size();
  memcpy(update.digest, header.payload_digest(), sizeof update.digest);
  return status;
}

/* Erases the sectors that start within the buffered bytes, and programs these. */
ecu_status flush(ecu_update& update) noexcept {
  const Area area = target_area(update);
  const uint32_t sector = area.sector_size();
  const uint32_t start = update.received - update.filled;
  uint32_t end = tail_start(update, area);
  end = update.received < end ? update.received : end;
  for (uint32_t at = (start + (sector - 1U)) / sector * sector; at < end; at += sector) {
    if (!area.erase(at)) {
      return ECU_FLASH_FAILED;
    }
  }
  const Bytes bytes(update.buffer, update.filled);
  update.filled = 0U;
  hash_of(update).update(bytes);
  return area.write(start, bytes) ? ECU_OK : ECU_FLASH_FAILED;
}

/* Takes bytes of the header; what is left of them belongs to the payload. */
ecu_status take_header(ecu_update& update, Bytes& bytes) noexcept {
  const size_t room = sizeof update.buffer - update.filled;
  const size_t taken = bytes.size() < room ? bytes.size() : room;
  memcpy(update.buffer + update.filled, bytes.data(), taken);
  update.filled += static_cast<uint32_t>(taken);
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
    const size_t room = sizeof update.buffer - update.filled;
    const size_t left = bytes.size() - at;
    const size_t taken = left < room ? left : room;
    memcpy(update.buffer + update.filled, bytes.data() + at, taken);
    at += taken;
    update.filled += static_cast<uint32_t>(taken);
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
  const Digest digest = hash_of(update).finish();
  if (memcmp(digest.bytes, update.digest, sizeof update.digest) != 0) {
    return ECU_PACKAGE_BAD_PAYLOAD;
  }
  const Area area = target_area(update);
  if (!area.has_digest(update.size, update.digest)) {
    return ECU_FLASH_FAILED;
  }
  if (!brings_model(update) && !holds_key_set(area)) {
    return ECU_PACKAGE_BAD_KEY_SET;
  }
  return append(*update.config, update.journal, brings_model(update) ? Op::kStaged : Op::kKeys, update.target,
                update.package);
}

}  // namespace
}  // namespace ecu

ecu_status ecu_update_begin(ecu_update* update) {
  if (update == nullptr) {
    return ECU_NULL_ARGUMENT;
  }
  if (update->config == nullptr) {
    return ECU_NOT_OPEN;
  }
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
