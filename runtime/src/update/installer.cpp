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

bool brings_model(const ecu_update& update) noexcept { return update.target <= ECU_AREA_SLOT_1; }

/* The package is newer than all that was confirmed, or repeats the newest one. */
ecu_status check_sequence(const ecu_update& update, const PackageHeader& header, uint8_t runnable) noexcept {
  const uint32_t keys = update.journal.keys_sequence;
  const uint32_t lowest = lowest_sequence(update);
  const uint32_t newest = keys > lowest ? keys : lowest;
  if (header.sequence() != newest) {
    return header.sequence() > newest ? ECU_OK : ECU_PACKAGE_ROLLBACK;
  }
  const bool model = header.kind() == PackageKind::kModel;
  const uint8_t same = model ? runnable : update.journal.keys;
  if (same == kNone) {
    return model ? ECU_OK : ECU_PACKAGE_OTHER_CONTENT;  // repairs a device whose confirmed model is lost
  }
  const Area area(*update.config, model ? same : ECU_AREA_KEYS_0 + same);
  return area.has_digest(header.payload_size(), header.payload_digest()) ? ECU_OK : ECU_PACKAGE_OTHER_CONTENT;
}

/* Every check that comes before the first change of flash. */
ecu_status check(const ecu_update& update, const PackageHeader& header, uint8_t runnable) noexcept {
  const ecu_update_config& config = *update.config;
  const ecu_device& device = config.device;
  ecu_key key;
  ecu_status status = check_digests(header);
  if (status == ECU_OK) {
    status = find_key(update, header.key_id(), key);
  }
  if (status == ECU_OK) {
    status = check_signature(header, key, config.verify, config.verify_context);
  }
  if (status == ECU_OK) {
    status = check_addressee(header, device);
  }
  if (status == ECU_OK) {
    status = check_sequence(update, header, runnable);
  }
  if (status == ECU_OK) {
    status = check_needs(header, device);
  }
  if (status != ECU_OK) {
    return status;
  }
  const uint32_t reserved = brings_model(update) ? ECU_PACKAGE_HEADER_SIZE : 0U;
  if (header.payload_size() > config.areas[update.target].size - reserved) {
    return ECU_PACKAGE_TOO_LARGE;
  }
  return update.running == update.target ? ECU_UPDATE_TRIAL_RUNNING : ECU_OK;
}

/* The journal says that the target slot is empty; where it was the active one, the other one is that now. */
ecu_status clear_slot(ecu_update& update) noexcept {
  const uint8_t slot = update.target;
  const ecu_slot_state state = update.journal.slots[slot].state;
  const Op op = state == ECU_SLOT_STAGED ? Op::kReverted : Op::kBegin;
  return state == ECU_SLOT_EMPTY ? ECU_OK : append(*update.config, update.journal, what_of(op, slot));
}

/* Makes place for the payload; the end of a slot keeps the bytes of the package before it. */
ecu_status prepare(ecu_update& update, uint32_t header_size) noexcept {
  const bool model = brings_model(update);
  const ecu_status status = model ? clear_slot(update) : ECU_OK;
  if (status != ECU_OK) {
    return status;
  }
  const Area area(*update.config, update.target);
  const Bytes header(update.buffer, header_size);
  return area.erase() && (!model || area.write(area.size() - ECU_PACKAGE_HEADER_SIZE, header))
             ? ECU_OK
             : ECU_FLASH_FAILED;
}

ecu_status accept(ecu_update& update, const PackageHeader& header) noexcept {
  const uint8_t runnable = runnable_slot(update);
  const uint8_t kept = runnable == kNone ? update.journal.active : runnable;
  const uint8_t keys = update.journal.keys == 0U ? ECU_AREA_KEYS_1 : ECU_AREA_KEYS_0;
  update.target = header.kind() == PackageKind::kModel ? kept ^ 1U : keys;
  update.package = header.sequence();
  update.size = header.payload_size();
  memcpy(update.digest, header.payload_digest(), sizeof update.digest);
  const ecu_status status = check(update, header, runnable);
  return status == ECU_OK ? prepare(update, header.size()) : status;
}

ecu_status flush(ecu_update& update) noexcept {
  const uint32_t start = update.received - update.filled;
  const Bytes bytes(update.buffer, update.filled);
  update.filled = 0U;
  hash_of(update).update(bytes);
  return Area(*update.config, update.target).write(start, bytes) ? ECU_OK : ECU_FLASH_FAILED;
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
  if (!hash_of(update).finish_equals(update.digest)) {
    return ECU_PACKAGE_BAD_PAYLOAD;
  }
  const Area area(*update.config, update.target);
  if (!area.has_digest(update.size, update.digest)) {
    return ECU_FLASH_FAILED;
  }
  const bool model = brings_model(update);
  if (!model && count_keys(area) == 0U) {
    return ECU_PACKAGE_BAD_KEY_SET;
  }
  const uint32_t what = what_of(model ? Op::kStaged : Op::kKeys, update.target % 2U);
  return append(*update.config, update.journal, what, update.package);
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
