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
        "load_u32(bytes + kCheckedSize) == crc32(bytes) && slot_of",
        "bytes[4] != 0U && bytes[4] < 8U && slot_of",
    ),
    Mutant(
        "the checksum leaves out the value",
        "journal.cpp",
        "i < kCheckedSize; ++i",
        "i < 8U; ++i",
    ),
    Mutant(
        "a full journal erases the sector that it is in",
        "journal.cpp",
        "journal.sector = journal.sector == 0U ? 1U : 0U;",
        "journal.sector = journal.sector == 1U ? 1U : 0U;",
    ),
    Mutant(
        "the other journal sector is not erased",
        "journal.cpp",
        "bool written = area.erase();",
        "bool written = true;",
    ),
    Mutant(
        "a sector counts without its commit",
        "journal.cpp",
        "  whole = committed && !gap;",
        "  whole = count != 0U && !gap;",
    ),
    Mutant(
        "the older of two journal sectors counts",
        "journal.cpp",
        "journals[1].sequence > journals[0].sequence ? 1U : 0U;",
        "journals[1].sequence > journals[0].sequence ? 0U : 1U;",
    ),
    Mutant(
        "the first sector with a commit counts",
        "journal.cpp",
        "journals[1].sequence > journals[0].sequence ? 1U : 0U;",
        "whole[0] ? 0U : 1U;",
    ),
    Mutant(
        "the commit is written before the state",
        "journal.cpp",
        "bool written = area.erase();",
        "bool written = area.erase() && put(area, journal, what_of(Op::kCommit, 0U), 0U);",
    ),
    Mutant(
        "the snapshot leaves out a staged slot",
        "journal.cpp",
        "{Op::kBegin, Op::kStaged, Op::kConfirmed}",
        "{Op::kBegin, Op::kBegin, Op::kConfirmed}",
    ),
    Mutant(
        "the snapshot leaves out the tries",
        "journal.cpp",
        "what_of(Op::kTried, other, journal.tries)",
        "what_of(Op::kTried, other)",
    ),
    Mutant(
        "the snapshot leaves out the keys",
        "journal.cpp",
        "const uint32_t first = journal.keys == kNone ? 1U : 0U;",
        "const uint32_t first = 1U;",
    ),
    Mutant(
        "the record that made a journal full is lost",
        "journal.cpp",
        "  const ecu_journal before = journal;\n  apply(journal, what, value);\n",
        "  const ecu_journal before = journal;\n",
    ),
    Mutant(
        "torn records are written over",
        "journal.cpp",
        "    } else if (area.is_erased(offset, stride)) {\n      continue;\n    }\n",
        "    } else {\n      continue;\n    }\n",
    ),
    Mutant(
        "only the first bytes tell whether a record is free",
        "journal.cpp",
        "if (area.is_erased(offset, stride)) {",
        "if (area.is_erased(offset, 4U)) {",
    ),
    Mutant(
        "scanning ends at the first torn record",
        "journal.cpp",
        "    } else if (area.is_erased(offset, stride)) {\n      continue;\n    }\n",
        "    } else if (area.is_erased(offset, stride)) {\n      continue;\n"
        "    } else {\n      journal.end = offset + stride;\n      break;\n    }\n",
    ),
    Mutant(
        "the tries are not recorded",
        "slots.cpp",
        "status = append(update, what_of(Op::kTried, slot, tries));",
        "update.journal.tries = tries;",
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
        "if (boot->reverted != ECU_FLASH_FAILED) {",
        "if (boot->reverted == ECU_UPDATE_NO_TRIAL) {",
    ),
    Mutant(
        "boot confirms by itself",
        "slots.cpp",
        "      boot->trial = 1U;",
        "      const uint32_t what = ecu::what_of(ecu::Op::kConfirmed, staged);\n"
        "      const uint32_t sequence = update->journal.slots[staged].sequence;\n"
        "      boot->trial = ecu::append(*update, what, sequence) == ECU_OK ? 0U : 1U;",
    ),
    Mutant(
        "confirm only changes what is in memory",
        "slots.cpp",
        "ecu::append(*update, ecu::what_of(ecu::Op::kConfirmed, slot), sequence);",
        "(update->journal.slots[slot].state = ECU_SLOT_CONFIRMED, update->journal.active = slot, ECU_OK);",
    ),
    Mutant(
        "confirm does not keep the sequence",
        "slots.cpp",
        "ecu::Op::kConfirmed, slot), sequence)",
        "ecu::Op::kConfirmed, slot), 0U * sequence)",
    ),
    Mutant(
        "a model runs whose image is damaged",
        "slots.cpp",
        "info.sequence >= lowest &&\n        holds_package(update, slot, info.sequence, header)) {",
        "info.sequence >= lowest) {",
    ),
    Mutant(
        "an older model runs when the active one is damaged",
        "slots.cpp",
        "info.sequence >= lowest &&",
        "lowest + 1U != 0U &&",
    ),
    Mutant(
        "the counter rises when a model is staged",
        "journal.cpp",
        "      slot = ecu_slot_info{ECU_SLOT_STAGED, value};",
        "      journal.slots[index ^ 1U].sequence = value;\n"
        "      slot = ecu_slot_info{ECU_SLOT_STAGED, value};",
    ),
    Mutant(
        "an install does not say that the slot is empty",
        "installer.cpp",
        "state == ECU_SLOT_EMPTY ? ECU_OK : append(",
        "state != ECU_SLOT_STAGED ? ECU_OK : append(",
    ),
    Mutant(
        "an install does not revert the model that waits",
        "installer.cpp",
        "state == ECU_SLOT_EMPTY ? ECU_OK : append(",
        "state != ECU_SLOT_CONFIRMED ? ECU_OK : append(",
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
        "return update.running == update.target ? ECU_UPDATE_TRIAL_RUNNING : ECU_OK;",
        "return ECU_OK;",
    ),
    Mutant(
        "sectors are not erased before they are written",
        "installer.cpp",
        "return area.erase() && area.write(area.room(), header) ?",
        "return area.write(area.room(), header) ?",
    ),
    Mutant(
        "the slot is erased after its header was written",
        "installer.cpp",
        "return area.erase() && area.write(area.room(), header) ?",
        "return area.write(area.room(), header) && area.erase() ?",
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
        "header.sequence() > newest ? ECU_OK : ECU_PACKAGE_ROLLBACK",
        "ECU_OK",
    ),
    Mutant(
        "another content passes under the confirmed sequence",
        "installer.cpp",
        "return area.has_digest(header.payload_size(), header.payload_digest()) ?",
        "return area.size() >= header.payload_size() ?",
    ),
    Mutant(
        "new keys overwrite the keys in force",
        "installer.cpp",
        "update.journal.keys == 0U ? ECU_AREA_KEYS_1",
        "update.journal.keys == 1U ? ECU_AREA_KEYS_1",
    ),
    Mutant(
        "the factory keys stay in force beside new ones",
        "key_set.cpp",
        "const bool factory = update.journal.keys == kNone;",
        "const bool factory = true;",
    ),
    Mutant(
        "a slot that is written stays the active one",
        "journal.cpp",
        "if (journal.active == index) {",
        "if (journal.active > 1U) {",
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
        "  return reads_as(offset, bytes.data(), size);",
        "  return true;",
    ),
    Mutant(
        "an erase is not read back",
        "area.cpp",
        "  return is_erased(0U, size_);",
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
        "a trial may be older than the keys",
        "slots.cpp",
        "return sequence < newest_sequence(update) ?",
        "return sequence < lowest_sequence(update) ?",
    ),
    Mutant(
        "the digest of the stored payload is not compared",
        "stored.cpp",
        "check_digests(header) == ECU_OK &&\n"
        "         area.has_digest(header.payload_size(), header.payload_digest());",
        "check_digests(header) == ECU_OK && area.size() != 0U;",
    ),
    Mutant(
        "the sequence of the stored header is not compared",
        "stored.cpp",
        "return read_stored(update, index, header) == sequence &&",
        "return read_stored(update, index, header) != 0U &&",
    ),
    Mutant(
        "a slot without a header may have something in its place",
        "stored.cpp",
        "return area.is_erased(area.room(), ECU_PACKAGE_HEADER_SIZE) && holds_image(area);",
        "return holds_image(area);",
    ),
    Mutant(
        "a factory slot has sequence 0 whatever its header says",
        "stored.cpp",
        "journal.slots[0].sequence = read_stored(update, ECU_AREA_SLOT_0, header);",
        "journal.slots[0].sequence = 0U * read_stored(update, ECU_AREA_SLOT_0, header);",
    ),
    Mutant(
        "a journal that can not be read is one of the factory",
        "journal.cpp",
        "    if (status == ECU_FLASH_FAILED) {\n      return status;\n    }\n",
        "",
    ),
    Mutant(
        "bytes that ECC has lost end the scan",
        "journal.cpp",
        "    if (status == ECU_FLASH_FAILED) {\n      return status;\n    }\n"
        "    if (status == ECU_OK && record",
        "    if (status != ECU_OK && !area.is_erased(offset, stride)) {\n"
        "      return ECU_FLASH_FAILED;\n    }\n    if (status == ECU_OK && record",
    ),
    Mutant(
        "an install does not read the journal again",
        "installer.cpp",
        "const ecu_status status = ecu::read_state(*update);",
        "const ecu_status status = ECU_OK;",
    ),
    Mutant(
        "records may be missing",
        "journal.cpp",
        "  whole = committed && !gap;",
        "  whole = committed;",
    ),
    Mutant(
        "a lost journal is one of the factory",
        "journal.cpp",
        "found = unfinished && other.end == 0U ? Found::kErased : Found::kLost;",
        "found = Found::kErased;",
    ),
    Mutant(
        "what is confirmed is written once",
        "journal.cpp",
        "(op == Op::kConfirmed || op == Op::kKeys)",
        "op == Op::kKeys",
    ),
    Mutant(
        "what keys are in force is written once",
        "journal.cpp",
        "(op == Op::kConfirmed || op == Op::kKeys)",
        "op == Op::kConfirmed",
    ),
    Mutant(
        "a lost journal brings the factory keys back",
        "stored.cpp",
        "if (sequence > update.journal.keys_sequence && holds_keys(update, sector, sequence)) {",
        "if (sequence == UINT32_MAX && holds_keys(update, sector, sequence)) {",
    ),
    Mutant(
        "a damaged key set brings the factory keys back",
        "stored.cpp",
        "      update.journal.keys = sector;  // with sequence 0",
        "      update.journal.keys = kNone;  // with sequence 0",
    ),
    Mutant(
        "a key set need not be the one that was signed",
        "key_set.cpp",
        "if (damaged || left == 0U) {",
        "if (left == 0U) {",
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
        "  const ecu_status status = ecu::catch_up(*update, slot);",
        "  const ecu_status status = ecu::catch_up(*update, slot) == ECU_OK ? ECU_OK : ECU_OK;",
    ),
    Mutant(
        "the fuses are never caught up",
        "slots.cpp",
        "const bool behind = update.config->flash->counter != nullptr && sequence > update.counter;",
        "const bool behind = update.config->flash->counter == nullptr && sequence > update.counter;",
    ),
    Mutant(
        "a confirmation does not end an install",
        "slots.cpp",
        "  update->phase = ecu::kIdle;  // a package that arrives was compared with what was confirmed"
        " before\n",
        "",
    ),
    Mutant(
        "a boot does not end an install",
        "slots.cpp",
        "  update->phase = ecu::kIdle;\n  const uint8_t staged",
        "  const uint8_t staged",
    ),
    Mutant(
        "a second boot takes a try",
        "slots.cpp",
        "staged == update->running ? ECU_OK : ecu::start_trial(*update, staged);",
        "ecu::start_trial(*update, staged);",
    ),
)
"""Mistakes that the cases of ``attacks.cpp`` find."""
