"""Mistakes in the update code that the campaign must find: a check that cannot fail proves nothing."""

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
        "load_u32(bytes + kCheckedSize) != crc32(bytes)",
        "bytes[4] == 0U || bytes[4] > 7U",
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
        "if (op_of(record.what) == Op::kCommit && record.value == count) {",
        "if (commit == 0U || op_of(record.what) == Op::kCommit) {",
    ),
    Mutant(
        "the older of two journal sectors counts",
        "journal.cpp",
        "if (commit > newest) {",
        "if (commit != 0U && (newest == 0U || commit < newest)) {",
    ),
    Mutant(
        "the first sector with a commit counts",
        "journal.cpp",
        "if (commit > newest) {",
        "if (commit != 0U && newest == 0U) {",
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
        "  apply(next, what, value);\n  if (!compact",
        "  if (!compact",
    ),
    Mutant(
        "torn records are written over",
        "journal.cpp",
        "    if (area.is_erased(offset, stride)) {\n      continue;\n    }\n"
        "    journal.end = offset + stride;\n"
        "    Record record = {};\n",
        "    Record record = {};\n    if (read_record(area, offset, record)) {\n"
        "      journal.end = offset + stride;\n    }\n",
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
        "      ++count;\n    }\n  }\n  return commit;",
        "      ++count;\n    } else {\n      break;\n    }\n  }\n  return commit;",
    ),
    Mutant(
        "the tries are not recorded",
        "slots.cpp",
        "append(config, update.journal, what_of(Op::kTried, slot, tries))",
        "(update.journal.tries = tries, ECU_OK)",
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
        "      boot->trial = ecu::append(config, journal, what) == ECU_OK ? 0U : 1U;",
    ),
    Mutant(
        "confirm only changes what is in memory",
        "slots.cpp",
        "ecu::append(*update->config, journal, ecu::what_of(ecu::Op::kConfirmed, slot), sequence);",
        "(journal.slots[slot].state = ECU_SLOT_CONFIRMED, journal.active = slot, ECU_OK);",
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
        "info.sequence >= lowest && holds_image(*update.config, slot)",
        "info.sequence >= lowest",
    ),
    Mutant(
        "an older model runs when the active one is damaged",
        "slots.cpp",
        "info.sequence >= lowest && ",
        "",
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
        "runnable == kNone ? update.journal.active : runnable;",
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
        "return area.erase() && (!model",
        "return (!model",
    ),
    Mutant(
        "the slot is erased after its header was written",
        "installer.cpp",
        "return area.erase() && (!model || area.write(area.size() - ECU_PACKAGE_HEADER_SIZE, header))",
        "return (!model || area.write(area.size() - ECU_PACKAGE_HEADER_SIZE, header)) && area.erase()",
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
        "(void)ecu::lowest_sequence(*update, journal.slots[journal.active].sequence);",
        "(void)ecu::lowest_sequence(*update, journal.slots[journal.active].sequence + 1U);",
    ),
)
