"""Mistakes in the update code that the tests must find: a check that cannot fail proves nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: `old` becomes `new` in a source below ``runtime/src/update``."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "records have no checksum",
        "journal.cpp",
        "record.crc == crc && record.sequence != 0U",
        "crc != 0U && record.sequence - 1U < 0xffffU",
    ),
    Mutant(
        "the checksum leaves out the sequence",
        "journal.cpp",
        "for (uint32_t i = 0U; i < kCheckedSize; ++i) {",
        "for (uint32_t i = 4U; i < kCheckedSize; ++i) {",
    ),
    Mutant(
        "a full journal erases the sector that it is in",
        "journal.cpp",
        "const uint8_t other = update.sector ^ 1U;",
        "const uint8_t other = update.sector;",
    ),
    Mutant(
        "a record goes to a place that is not erased",
        "journal.cpp",
        "    if (is_erased(area, end, stride)) {",
        "    if (end < area.place.size) {",
    ),
    Mutant(
        "the other journal sector is not erased",
        "journal.cpp",
        "(void)erase(areas[other], areas[other].place.size);",
        "",
    ),
    Mutant(
        "the last record counts, not the newest",
        "journal.cpp",
        ": second.newest.sequence > first.newest.sequence;",
        ": second.newest.sequence != 0U;",
    ),
    Mutant(
        "the oldest record counts",
        "journal.cpp",
        "record.sequence > sector.newest.sequence) {",
        "sector.newest.sequence == 0U) {",
    ),
    Mutant(
        "the first sector with a record counts",
        "journal.cpp",
        ": second.newest.sequence > first.newest.sequence;",
        ": first.newest.sequence == 0U;",
    ),
    Mutant(
        "a change does not raise the sequence of its record",
        "journal.cpp",
        "++update.journal.sequence;",
        "update.journal.sequence += update.known == 0U ? 1U : 0U;",
    ),
    Mutant(
        "a change of keys takes the other changes back",
        "journal.cpp",
        "    journal.keys_sequence = value;\n",
        "    journal.keys_sequence = value;\n    journal.slots[1] = journal.slots[0];\n",
    ),
    Mutant(
        "the record that made a journal full is lost",
        "journal.cpp",
        "    update.sector = other;\n",
        "    update.sector = other;\n    return ECU_OK;\n",
    ),
    Mutant(
        "scanning ends at the first torn record",
        "journal.cpp",
        "    ++sector.later;\n",
        "    ++sector.later;\n    if (status != ECU_OK) {\n      break;\n    }\n",
    ),
    Mutant(
        "the tries are not recorded",
        "slots.cpp",
        "status = append(update, Change::kTried, slot, tries);",
        "update.journal.tries = static_cast<uint8_t>(tries);",
    ),
    Mutant(
        "the tries have no limit",
        "slots.cpp",
        "if (update.journal.tries >= config.tries) {",
        "if (update.journal.tries >= 250U) {",
    ),
    Mutant(
        "the self-test runs before its try is recorded, and is not heeded",
        "slots.cpp",
        "if (status != ECU_OK || config.self_test == nullptr) {",
        "if (config.self_test != nullptr) {",
    ),
    Mutant(
        "a model that failed its self-test stays staged",
        "slots.cpp",
        "if (boot->reverted != ECU_OK && boot->reverted != ECU_FLASH_FAILED &&",
        "if (boot->reverted == ECU_UPDATE_NO_TRIAL &&",
    ),
    Mutant(
        "boot confirms by itself",
        "slots.cpp",
        "    update->trial = boot->reverted == ECU_OK ? 1U : 0U;",
        "    update->trial = boot->reverted == ECU_OK ? 1U : 0U;\n"
        "    const uint32_t sequence = update->journal.slots[slot].sequence;\n"
        "    const bool confirmed = update->trial != 0U &&\n"
        "            ecu::append(*update, ecu::Change::kConfirmed, slot, sequence) == ECU_OK;\n"
        "    update->trial = confirmed ? 0U : update->trial;",
    ),
    Mutant(
        "confirm only changes what is in memory",
        "slots.cpp",
        "ecu::append(*update, ecu::Change::kConfirmed, slot, sequence);",
        "(update->journal.slots[slot].state = ECU_SLOT_CONFIRMED, update->journal.active = slot, ECU_OK);",
    ),
    Mutant(
        "confirm does not keep the sequence",
        "slots.cpp",
        "ecu::Change::kConfirmed, slot, sequence)",
        "ecu::Change::kConfirmed, slot, 0U * sequence)",
    ),
    Mutant(
        "a model runs whose image is damaged",
        "slots.cpp",
        "sequence >= lowest &&\n        holds_package(update, slot, sequence, header)) {",
        "sequence >= lowest) {",
    ),
    Mutant(
        "an older model runs when the active one is damaged",
        "slots.cpp",
        "sequence >= lowest &&",
        "lowest + 1U != 0U &&",
    ),
    Mutant(
        "the counter rises when a model is staged",
        "journal.cpp",
        "  journal.slots[slot].sequence = value;\n",
        "  journal.slots[slot].sequence = value;\n"
        "  journal.slots[slot ^ 1U].sequence = change == Change::kStaged ? value : 0U;\n",
    ),
    Mutant(
        "an install does not say that the slot is empty",
        "installer.cpp",
        "return empty ? ECU_OK : append(",
        "return empty || update.journal.slots[slot].state == ECU_SLOT_CONFIRMED ? ECU_OK : append(",
    ),
    Mutant(
        "an install goes into the active slot",
        "installer.cpp",
        "PackageKind::kModel ? kept ^ 1U : keys",
        "PackageKind::kModel ? kept : keys",
    ),
    Mutant(
        "an install after a fallback writes the slot that runs",
        "installer.cpp",
        "update.runnable == kNone ? update.journal.active : update.runnable;",
        "update.journal.active;",
    ),
    Mutant(
        "an install replaces the model on trial",
        "installer.cpp",
        "return is_busy && brings_model(update) ? ECU_UPDATE_TRIAL_RUNNING : ECU_OK;",
        "return ECU_OK;",
    ),
    Mutant(
        "sectors are not erased before they are written",
        "installer.cpp",
        "return erase(area, area.place.size) && write(area, room_of(area), update.buffer, header_size)",
        "return write(area, room_of(area), update.buffer, header_size)",
    ),
    Mutant(
        "the slot is erased after its header was written",
        "installer.cpp",
        "return erase(area, area.place.size) && write(area, room_of(area), update.buffer, header_size)",
        "return write(area, room_of(area), update.buffer, header_size) && erase(area, area.place.size)",
    ),
    Mutant(
        "the payload is not compared with the signed digest",
        "installer.cpp",
        "  if (!hash_of(update).finish_equals(update.digest)) {",
        "  if (update.size == 0U) {",
    ),
    Mutant(
        "a part of a payload is enough",
        "installer.cpp",
        "update.phase == kHeader || update.received != update.size",
        "update.phase == kHeader",
    ),
    Mutant(
        "an older package is installed",
        "installer.cpp",
        "if (header.sequence() < newest || header.sequence() < waits) {",
        "if (header.sequence() < waits) {",
    ),
    Mutant(
        "another content passes under the confirmed sequence",
        "installer.cpp",
        "return has_digest(area, header.payload_size(), header.payload_digest()) ?",
        "return area.place.size >= header.payload_size() ?",
    ),
    Mutant(
        "new keys overwrite the keys in force",
        "installer.cpp",
        "update.keys == 0U ? ECU_AREA_KEYS_1",
        "update.keys == 1U ? ECU_AREA_KEYS_1",
    ),
    Mutant(
        "the factory keys stay in force beside new ones",
        "key_set.cpp",
        "const bool factory = update.keys == kNone;",
        "const bool factory = true;",
    ),
    Mutant(
        "a slot that is written stays the active one",
        "journal.cpp",
        "if (change != Change::kStaged && leaves",
        "if (change == Change::kConfirmed && leaves",
    ),
    Mutant(
        "the model on trial may be installed over after its boot",
        "slots.cpp",
        "  update.running = slot;",
        "  update.running = update.journal.active;",
    ),
    Mutant(
        "a retired key still signs",
        "package.cpp",
        "header.sequence() < key.minimum ? ECU_PACKAGE_KEY_RETIRED : ECU_OK",
        "ECU_OK",
    ),
    Mutant(
        "what is written is not read back",
        "area.cpp",
        "         reads_as(area, offset, bytes, size);",
        "         area.place.size != 0U;",
    ),
    Mutant(
        "an erase is not read back",
        "area.cpp",
        "  return is_erased(area, 0U, size);",
        "  return true;",
    ),
    Mutant(
        "the counter in the fuses is raised too far",
        "slots.cpp",
        "(void)ecu::read_counter(*update, sequence);",
        "(void)ecu::read_counter(*update, sequence + 1U);",
    ),
)

ATTACKED = (
    Mutant(
        "a trial needs no signature",
        "slots.cpp",
        "? ECU_PACKAGE_ROLLBACK : check_signed(update, header);",
        "? ECU_PACKAGE_ROLLBACK : ECU_OK;",
    ),
    Mutant(
        "a trial may be older than what was confirmed",
        "slots.cpp",
        "return sequence < lowest_sequence(update) ?",
        "return sequence == UINT32_MAX ?",
    ),
    Mutant(
        "the digest of the stored payload is not compared",
        "stored.cpp",
        "  return has_digest(area, header.payload_size(), header.payload_digest()) &&\n",
        "  return area.place.size != 0U &&\n",
    ),
    Mutant(
        "a slot without a header may have something in its place",
        "stored.cpp",
        "return is_erased(area, room_of(area), ECU_PACKAGE_HEADER_SIZE) && holds_image(area);",
        "return holds_image(area);",
    ),
    Mutant(
        "a factory header that is away for a moment is none",
        "stored.cpp",
        "if (status == ECU_FLASH_FAILED) {",
        "if (status == ECU_FLASH_FAILED && second == UINT32_MAX) {",
    ),
    Mutant(
        "a factory slot has sequence 0 whatever its header says",
        "stored.cpp",
        "status == ECU_OK ? header.sequence() : 0U;",
        "status == ECU_OK ? 0U * header.sequence() : 0U;",
    ),
    Mutant(
        "a journal that can not be read is one of the factory",
        "journal.cpp",
        "    if (status == ECU_FLASH_FAILED) {\n      return false;\n    }\n",
        "",
    ),
    Mutant(
        "bytes that ECC has lost end the scan",
        "journal.cpp",
        "    if (status == ECU_FLASH_FAILED) {\n",
        "    if (status != ECU_OK && !is_erased(area, offset, stride)) {\n",
    ),
    Mutant(
        "an install does not read the journal again",
        "installer.cpp",
        "status = ecu::read_state(*update);",
        "status = ECU_OK;",
    ),
    Mutant(
        "a failed record has the sequence of the next one",
        "journal.cpp",
        "  alignas(8) ecu_journal next = update.journal;\n  apply(next, change, slot, value);\n",
        "  alignas(8) ecu_journal next = update.journal;\n  --update.journal.sequence;\n"
        "  apply(next, change, slot, value);\n",
    ),
    Mutant(
        "a reserve need not be whole",
        "stored.cpp",
        "  if (whole) {",
        "  if (first != 0U || whole) {",
    ),
    Mutant(
        "a lost record has no higher sequence after a loss",
        "journal.cpp",
        "    found.journal.sequence = kAfterLoss;\n",
        "",
    ),
    Mutant(
        "an install does not settle what is confirmed",
        "installer.cpp",
        "  if (update.single != 0U) {",
        "  if (update.single > 1U) {",
    ),
    Mutant(
        "a key set that is away for a moment is none",
        "stored.cpp",
        "update.keys_right != 0U && sequence < update.journal.keys_sequence",
        "update.keys_right > 1U && sequence < update.journal.keys_sequence",
    ),
    Mutant(
        "a moment ends a trial",
        "slots.cpp",
        "status == ECU_IMAGE_BAD_DIGEST ? slot : kNone;",
        "kNone;",
    ),
    Mutant(
        "a journal sector has to be erased whole",
        "journal.cpp",
        "    (void)erase(areas[other], areas[other].place.size);",
        "    if (!erase(areas[other], areas[other].place.size)) {\n      return ECU_FLASH_FAILED;\n    }",
    ),
    Mutant(
        "a newer journal sector that is away for a moment is lost",
        "journal.cpp",
        "  if (sequence < update.known) {\n",
        "  if (sequence == 0U && update.known != 0U) {\n",
    ),
    Mutant(
        "after a loss a model is installed before its trial",
        "installer.cpp",
        "const bool waits = update.lost != 0U &&",
        "const bool waits = update.lost > 1U &&",
    ),
    Mutant(
        "what is given up stays a package",
        "slots.cpp",
        "  (void)erase(area, area.geometry.sector_size);\n",
        "",
    ),
    Mutant(
        "a trial ends where its key cannot be looked up",
        "slots.cpp",
        "        boot->reverted != ECU_UPDATE_KEYS_DAMAGED) {",
        "        boot->trial == 0U) {",
    ),
    Mutant(
        "keys without a record get none",
        "stored.cpp",
        "    update.single = 1U;  // to be recorded\n",
        "",
    ),
    Mutant(
        "a confirmation asks no key",
        "slots.cpp",
        "  status = ecu::check_release(*update, slot);  // again: its key may have left since it was tried\n",
        "",
    ),
    Mutant(
        "after a loss there is no reserve",
        "stored.cpp",
        "{newer ? kConfirmed : kStaged, {}, second}",
        "{newer ? uint8_t{0U} : kStaged, {}, second}",
    ),
    Mutant(
        "after a loss older models are taken",
        "installer.cpp",
        "header.sequence() < newest || header.sequence() < waits",
        "header.sequence() < newest",
    ),
    Mutant(
        "the digests of a stored header are not compared",
        "stored.cpp",
        "return status == ECU_OK ? check_digests(header) : status;",
        "return status;",
    ),
    Mutant(
        "what is confirmed is written once",
        "journal.cpp",
        "if (status == ECU_OK && change == Change::kConfirmed) {",
        "if (status == ECU_OK && change == Change::kNothing) {",
    ),
    Mutant(
        "a copy goes beside its record",
        "journal.cpp",
        "if (change == Change::kNothing || !put(",
        "if (!put(",
    ),
    Mutant(
        "a record that stands alone is not written again",
        "slots.cpp",
        "    if (update->single != 0U) {",
        "    if (update->single > 1U) {",
    ),
    Mutant(
        "a lost journal brings the factory keys back",
        "stored.cpp",
        "      keys = i;\n",
        "",
    ),
    Mutant(
        "a key set need not be the one that was signed",
        "key_set.cpp",
        "if (update.keys_right == 0U || left == 0U) {",
        "if (left == 0U) {",
    ),
    Mutant(
        "any key signs any package",
        "package.cpp",
        "  if ((key.kind & use_of(header.kind())) == 0U) {",
        "  if (key.kind == 0U) {",
    ),
    Mutant(
        "a key for models signs keys too",
        "package.cpp",
        "return ECU_KEY_FOR_MODELS << static_cast<uint32_t>(kind);",
        "return ECU_KEY_FOR_MODELS << (0U * static_cast<uint32_t>(kind));",
    ),
    Mutant(
        "a key for keys signs models too",
        "package.cpp",
        "return ECU_KEY_FOR_MODELS << static_cast<uint32_t>(kind);",
        "return (ECU_KEY_FOR_MODELS << static_cast<uint32_t>(kind)) | ECU_KEY_FOR_KEYS;",
    ),
    Mutant(
        "a key may have uses that do not exist",
        "key_set.cpp",
        " || uses == 0U || uses > kAllUses) {",
        ") {",
    ),
    Mutant(
        "a key need not have its own id",
        "key_set.cpp",
        "memcmp(hash.finish(), key.id, sizeof key.id) == 0;",
        "hash.finish() != nullptr;",
    ),
    Mutant(
        "bytes behind a key set are taken",
        "key_set.cpp",
        "count != 0U && size == kHeadSize + (kKeySize * count) + ECU_DIGEST_SIZE;",
        "count != 0U && size >= kHeadSize;",
    ),
    Mutant(
        "a failing counter counts nothing",
        "update.cpp",
        "status = ecu::read_counter(*update, 0U);",
        "status = ecu::read_counter(*update, 0U) == ECU_OK ? ECU_OK : ECU_OK;",
    ),
    Mutant(
        "a model runs although the counter can not be raised",
        "slots.cpp",
        "  status = ecu::catch_up(*update, slot);",
        "  (void)ecu::catch_up(*update, slot);",
    ),
    Mutant(
        "the fuses are never caught up",
        "slots.cpp",
        "const bool behind = update.config->flash->counter != nullptr && sequence > update.counter;",
        "const bool behind = update.config->flash->counter == nullptr && sequence > update.counter;",
    ),
    Mutant(
        "a confirmation or boot does not end an install",
        "slots.cpp",
        "  update->phase = kIdle;\n",
        "",
    ),
    Mutant(
        "a second boot takes a try",
        "slots.cpp",
        "slot == update->running ? ECU_OK : ecu::start_trial(*update, slot);",
        "ecu::start_trial(*update, slot);",
    ),
    Mutant(
        "a forged slot raises the fuses",
        "slots.cpp",
        "return behind && check_release(update, slot) == ECU_OK ?",
        "return behind ?",
    ),
    Mutant(
        "only the next boot raises the fuses",
        "slots.cpp",
        "    (void)ecu::read_counter(*update, sequence);\n",
        "",
    ),
    Mutant(
        "a trial does not keep an install away",
        "installer.cpp",
        "update.trial != 0U || waits || update.running == update.target;",
        "waits || update.running == update.target;",
    ),
    Mutant(
        "the model that runs is written over",
        "installer.cpp",
        "update.trial != 0U || waits || update.running == update.target;",
        "update.trial != 0U || waits;",
    ),
    Mutant(
        "a boot keeps the trial of the one before",
        "slots.cpp",
        "  update->trial = 0U;\n  uint8_t slot =",
        "  uint8_t slot =",
    ),
    Mutant(
        "other keys pass under the sequence of those in force",
        "installer.cpp",
        "return has_digest(area, header.payload_size(), header.payload_digest()) ?",
        "return !model || has_digest(area, header.payload_size(), header.payload_digest()) ?",
    ),
    Mutant(
        "keys pass under the sequence of a model",
        "installer.cpp",
        "return model ? ECU_OK : ECU_PACKAGE_OTHER_CONTENT;",
        "return ECU_OK;",
    ),
    Mutant(
        "a record may name a third slot",
        "journal.cpp",
        " && record.active < 2U",
        "",
    ),
    Mutant(
        "slot 0 may have a state that does not exist",
        "journal.cpp",
        "record.slots[0].state <= ECU_SLOT_CONFIRMED &&",
        "",
    ),
    Mutant(
        "slot 1 may have a state that does not exist",
        "journal.cpp",
        " &&\n                     record.slots[1].state <= ECU_SLOT_CONFIRMED",
        "",
    ),
    Mutant(
        "the sequence of records begins anew",
        "journal.cpp",
        "  if (update.journal.sequence == UINT32_MAX) {\n",
        "  if (update.config == nullptr) {\n",
    ),
    Mutant(
        "torn records may take the sequence beyond the last one",
        "journal.cpp",
        "skipped > UINT32_MAX - sequence ? UINT32_MAX :",
        "skipped == UINT32_MAX ? UINT32_MAX :",
    ),
    Mutant(
        "a journal that is away or old is believed",
        "journal.cpp",
        "  if (sequence < update.known) {\n",
        "  if (update.config == nullptr) {\n",
    ),
)
"""Mistakes that the cases of ``attacks.cpp``, ``losses.cpp`` and ``promises.cpp`` find."""
