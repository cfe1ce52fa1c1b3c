"""What the verbs of update packages say to people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecu_bundle.packaging.checking import CheckedPackage
    from ecu_bundle.packaging.exporting import Exported
    from ecu_bundle.packaging.key_set import TrustedKey
    from ecu_bundle.packaging.keys import PublicKey
    from ecu_bundle.packaging.reader import Package

NO_RECORD = (
    "note: without --slot-size the signed record at the end of the slot is not written; "
    "the ECU then counts from sequence 0 and cannot tell which package it runs"
)
OPEN_KEYS = (
    "note: each of these keys may sign models and keys, so whoever gets one of them can replace them all; "
    "a root key (FILE:keys) and release keys (FILE:models) prevent that, see docs/security.md"
)
NO_KEYS = (
    "note: none of these keys may sign keys: an ECU that has no others can never get new ones; "
    "add a root key, FILE:keys"
)
NO_MODELS = "note: none of these keys may sign models: an ECU that has no others takes none"
OTHER_INTERFACE = (
    "note: {bundle}, which this model may replace, has another interface: an ECU with its program refuses "
    "the model; `ecu-bundle diff` says what differs"
)
LAST_SEQUENCE = (
    "note: 4294967295 is the last sequence of all: an ECU that has this package takes no other one any more, "
    "neither a model nor keys"
)
UNCHECKED_KIND = (
    "note: the key that signs this package is of the kind {kind}, no key for {use} of this set is: an ECU "
    "that checks {kind} alone takes no {use} after these; one that checks both kinds has ecu_verify_any"
)
MODELS_ONLY = (
    "note: this very set says that the key that signs it is for models; an ECU takes keys only from one that "
    "is for keys there already"
)
_VERDICT = "a device with these facts would install it"


def key_notes(keys: Sequence[TrustedKey]) -> list[str]:
    """What should not go unsaid about the keys of a device."""
    from ecu_bundle.packaging.key_set import EVERYTHING, Uses

    if all(entry.uses == EVERYTHING for entry in keys):
        return [OPEN_KEYS]
    notes = {Uses.KEYS: NO_KEYS, Uses.MODELS: NO_MODELS}
    return [note for use, note in notes.items() if not any(use in entry.uses for entry in keys)]


def signer_notes(keys: Sequence[TrustedKey], signer: PublicKey) -> list[str]:
    """What should not go unsaid about the key that signs a package with these keys."""
    from ecu_bundle.packaging.key_set import Uses

    notes = []
    for use in Uses:
        kinds = {entry.key.kind for entry in keys if use in entry.uses}
        if kinds and signer.kind not in kinds:
            notes.append(UNCHECKED_KIND.format(kind=signer.kind, use=use.words[0]))
    if any(entry.key == signer and entry.uses == Uses.MODELS for entry in keys):
        notes.append(MODELS_ONLY)
    return notes


def replaced_note(package: Package, signer: PublicKey) -> list[str]:
    """Says so when the signature of another key is replaced."""
    before = package.header.authentication.key_id
    if before in (b"", signer.id):
        return []
    return [f"note: the signature of {before.hex()} is replaced by that of {signer.id.hex()}"]


def refused_text(status: str) -> str:
    """The verdict on a package that is refused."""
    return f"{_VERDICT}: no, {status}"


def checked_text(path: Path, found: CheckedPackage, facts: dict[str, Any]) -> str:
    """A package that passed the checks of a device, and the verdict."""
    who = f"signed by {found.key.id.hex()} ({found.key.kind})"
    lines = [f"{path}: sequence {facts['sequence']}, {facts['content']}, {who}"]
    if found.unchecked:
        lines.append(f"  not checked: {', '.join(found.unchecked)}")
    rest = ", if what was not checked suits it" if found.unchecked else ""
    return "\n".join([*lines, f"{_VERDICT}: yes{rest}"])


def exported_text(output: Path, done: Exported) -> str:
    """What was written, where it goes, and what read it back."""
    place = "" if done.address is None else f" at {done.address:#x}"
    if done.record_address is not None:
        place += f" (header of the package: at {done.record_address:#x})"
    return (
        f"{output}: {done.bytes} bytes of {done.content}{place}, signed by {done.key}, "
        f"read back with {done.read_back}"
    )


def lacks_record(form: str, done: Exported) -> bool:
    """Whether the file could hold the record of the slot, and does not."""
    from ecu_bundle.packaging.exporters import EXPORTERS

    can = form in EXPORTERS and EXPORTERS[form].keeps_record
    return can and done.content == "payload" and done.record_address is None
