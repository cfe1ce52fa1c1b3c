"""A bundle -> an unsigned package; and keys -> an unsigned key package."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecu_bundle.artifacts import Engine, GoldenVectors
from ecu_bundle.errors import UsageError
from ecu_bundle.image.layout import PAYLOAD_KINDS
from ecu_bundle.lowering.kernels import KERNELS
from ecu_bundle.lowering.program import PROGRAM_VERSION
from ecu_bundle.packaging.facts import DeviceFacts, Information, encode_facts
from ecu_bundle.packaging.key_set import TrustedKey, Uses, encode_key_set
from ecu_bundle.packaging.layout import (
    MAX_ENTRIES,
    MAX_HARDWARE_IDS,
    MAX_SEQUENCE,
    MAX_TEXT,
    class_id,
    vendor_id,
)
from ecu_bundle.packaging.payload import ModelPayload, encode_golden
from ecu_bundle.packaging.suit import Envelope, make_envelope

if TYPE_CHECKING:
    from ecu_bundle.image.reader import ImageContents
    from ecu_bundle.manifest import HalfRecord, Manifest

SBOM = "reports/sbom.cdx.json"
DEFAULT_GOLDEN_ROWS = 16
"""Enough to see a wrong engine or a wrong board; each row is flashed with the model."""
_TOOLS = ("ecu-bundle", "scikit-learn", "skl2onnx", "onnx", "onnxruntime")
"""Those that shape the model."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a bundle does not know about its package.

    Attributes:
        vendor: domain of the vendor, for instance ``ecu.example``.
        device_class: class of devices.
        sequence: of the package; higher than that of the last one.
        part_number, commit, rxswin, hardware: see `Information` and `DeviceFacts`.
        training_data: file whose digest is stated.
        replaces: bundles that this model may replace.
        golden_rows: how many golden rows the payload carries, at most.
        engine: half of a bundle that has two.
    """

    vendor: str
    device_class: str
    sequence: int
    part_number: str = ""
    commit: str = ""
    rxswin: tuple[str, ...] = ()
    hardware: tuple[int, ...] = ()
    training_data: Path | None = None
    replaces: tuple[Path, ...] = ()
    golden_rows: int = DEFAULT_GOLDEN_ROWS
    engine: Engine | None = None


@dataclass(frozen=True, slots=True)
class Half:
    """One engine's part of a checked bundle.

    Attributes:
        folder: where it is in the bundle; empty for the top.
        record: what the manifest says.
        image: its checked model image.
    """

    folder: str
    record: HalfRecord
    image: ImageContents


def pack_bundle(bundle: Path, words: Words) -> Envelope:
    """The package of a delivered bundle.

    Raises:
        UsageError: no bundle, no such half, or a word beyond the limits; all of them at once.
        VerificationError: the files of the bundle are not those of its manifest.
    """
    _require_words(words)
    manifest, half = read_half(bundle, words.engine)
    _require_text("version of the model", manifest.version)
    image = half.image
    information = Information(
        vendor=words.vendor,
        device_class=words.device_class,
        name=manifest.name,
        version=manifest.version,
        target=manifest.target,
        onnx_digest=image.model_digest,
        certificate_digest=bytes.fromhex(manifest.certificate_digest),
        training_digest=_file_digest(words.training_data),
        sbom_digest=bytes.fromhex(manifest.files.get(SBOM, "")),
        image_digest=bytes.fromhex(image.image.digest),
        commit=words.commit,
        tools={name: manifest.tools[name] for name in _TOOLS if name in manifest.tools},
        part_number=words.part_number,
        rxswin=words.rxswin,
        predecessors=tuple(
            bytes.fromhex(read_half(one, image.image.engine)[1].image.image.digest) for one in words.replaces
        ),
    )
    facts = replace(device_facts(half), hardware=words.hardware)
    golden = _fewer(read_golden(bundle, half), words.golden_rows)
    payload = ModelPayload(image.image.data, encode_golden(golden, image.image.interface))
    return make_envelope(
        "model",
        sequence=words.sequence,
        vendor=vendor_id(words.vendor),
        device_class=class_id(words.vendor, words.device_class),
        facts=encode_facts(facts, information),
        payload=payload.encode(),
    )


def pack_keys(keys: Sequence[TrustedKey], words: Words, *, last: bool = False) -> Envelope:
    """The package that brings a key set.

    Args:
        keys: 1 to 4.
        words: what it says beside them.
        last: allow a set that no later one can replace.

    Raises:
        UsageError: a key set or a word beyond the limits, or none of the keys may sign the next set.
    """
    _require_words(words)
    later = (entry for entry in keys if entry.minimum < MAX_SEQUENCE)
    if not (last or any(Uses.KEYS in entry.uses for entry in later)):
        raise UsageError(
            "pack",
            "no key of this set may sign keys, so no later set could ever replace it",
            hint="say which one may, for instance root.pub.pem:keys; --last-keys packs such a set as it is",
        )
    information = Information(words.vendor, words.device_class, commit=words.commit, rxswin=words.rxswin)
    return make_envelope(
        "trust",
        sequence=words.sequence,
        vendor=vendor_id(words.vendor),
        device_class=class_id(words.vendor, words.device_class),
        facts=encode_facts(None, information),
        payload=encode_key_set(keys),
    )


def other_interfaces(bundle: Path, words: Words) -> list[Path]:
    """Those of the replaced bundles that have another interface, so that no device could follow from them.

    Raises:
        BundleError: as `pack_bundle`.
    """
    image = read_half(bundle, words.engine)[1].image
    return [
        one
        for one in words.replaces
        if read_half(one, image.image.engine)[1].image.interface_hash != image.interface_hash
    ]


def read_half(bundle: Path, engine: Engine | None) -> tuple[Manifest, Half]:
    """A delivered bundle, every file compared with its manifest, and the part of it for an engine.

    Raises:
        UsageError: no bundle, or it has no such part.
        VerificationError: it is not as it was delivered.
    """
    from ecu_bundle.records import read_delivered

    manifest, records = read_delivered(bundle)
    halves = [Half(f, record, records.images[f]) for f, record in manifest.halves.items()]
    for half in halves:
        if engine in (None, half.record.engine):
            return manifest, half
    raise UsageError(
        "pack",
        f"the bundle is for {manifest.engine_text}, not for {engine}",
        place=str(bundle),
        hint="leave --engine away, or build the bundle with it",
    )


def device_facts(half: Half) -> DeviceFacts:
    """What a device checks, from a part of a bundle."""
    return replace(image_facts(half.image), stack=half.record.resources.get("totals", {}).get("stack", 0))


def image_facts(image: ImageContents) -> DeviceFacts:
    """What a device checks, as far as the model image says it."""
    return DeviceFacts(
        kind=PAYLOAD_KINDS[image.image.engine],
        image_format=image.format_version,
        program_format=0 if image.program is None else PROGRAM_VERSION,
        interface_hash=image.interface_hash,
        arena=image.arena_size,
        stack=0,
        image_size=len(image.image.data),
        kernels=tuple(sorted(KERNELS[name].number for name in image.kernels)),
    )


def read_golden(bundle: Path, half: Half) -> GoldenVectors:
    """The golden vectors of a part of a bundle.

    Raises:
        VerificationError: they are not those of its interface.
    """
    from ecu_bundle.generation.golden import read_vectors

    text = (bundle / half.folder / "tests/golden_vectors.cpp").read_text(encoding="utf-8")
    return read_vectors(text, half.image.image.interface)


def _fewer(golden: GoldenVectors, count: int) -> GoldenVectors:
    """At most so many rows, evenly spread."""
    rows = len(golden.rows)
    index = np.unique(np.linspace(0, rows - 1, min(rows, count)).astype(np.intp))
    outputs = {name: np.ascontiguousarray(values[index]) for name, values in golden.outputs.items()}
    return replace(golden, rows=golden.rows.take(index), outputs=outputs)


def _file_digest(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        if path.exists() and not path.is_file():
            raise OSError(0, "it is no file")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise UsageError(
            "pack",
            f"the training data cannot be read: {error.strerror}",
            place=str(path),
            hint="give a file with --training-data",
        ) from error


def _require_words(words: Words) -> None:
    """Every word within its limits.

    Raises:
        UsageError: names all that are not.
    """
    texts = {
        "vendor": (words.vendor,),
        "device class": (words.device_class,),
        "part number": (words.part_number,),
        "commit": (words.commit,),
        "RXSWIN": words.rxswin,
    }
    wrong = [_too_long(what, text) for what, several in texts.items() for text in several]
    wrong = [one for one in wrong if one]
    wrong += [f"the {what} is empty" for what in ("vendor", "device class") if not texts[what][0]]
    if set(words.vendor) & set(" /:@"):
        wrong.append(f"the vendor {words.vendor!r} is no domain name like ecu.example")
    counts = {"RXSWINs": words.rxswin, "replaced bundles": words.replaces}
    wrong += [
        f"{len(many)} {what}, at most {MAX_ENTRIES}"
        for what, many in counts.items()
        if len(many) > MAX_ENTRIES
    ]
    if len(words.hardware) > MAX_HARDWARE_IDS:
        wrong.append(f"{len(words.hardware)} hardware ids, at most {MAX_HARDWARE_IDS}")
    wrong += [
        f"hardware id {one} is not within 0 and 0xffffffff"
        for one in words.hardware
        if not 0 <= one <= MAX_SEQUENCE
    ]
    if not 1 <= words.sequence <= MAX_SEQUENCE:
        wrong.append(f"sequence {words.sequence} is not within 1 and {MAX_SEQUENCE}")
    if words.golden_rows < 1:
        wrong.append("there must be a golden row")
    if wrong:
        raise UsageError("pack", "; ".join(wrong), hint="docs/update_package.md has the limits")


def _too_long(what: str, text: str) -> str:
    """What is wrong with a text; empty when nothing is."""
    too_long = len(text.encode(errors="replace")) > MAX_TEXT
    return f"{what} {text!r} has more than {MAX_TEXT} bytes" if too_long else ""


def _require_text(what: str, text: str) -> None:
    if wrong := _too_long(what, text):
        raise UsageError("pack", wrong, hint="docs/update_package.md has the limits")
