"""``inspect``: what is in a model file, a model image, a bundle or an update package."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ecu_bundle.config import FILE_NAME as CONFIG
from ecu_bundle.console import table
from ecu_bundle.interface import Interface
from ecu_bundle.manifest import FILE_NAME, interface_of, read_manifest
from ecu_bundle.packaging.inspection import inspect_package, package_text
from ecu_bundle.pipeline import Options, convert_model, kind_of, load_model, make_plan
from ecu_bundle.reporting.text import range_text
from ecu_bundle.stages import Silent, Stages, Watcher

CERTIFICATE = "reports/certificate.json"
IMAGE_MAGIC = b"ECUI"
PACKAGE_MAGIC = b"\xd8\x6b"
"""Tag 107, a SUIT envelope."""


def inspect(
    path: str | Path, options: Options | None = None, *, watcher: Watcher | None = None
) -> dict[str, Any]:
    """Facts of a file or folder, ready for JSON. The key ``kind`` says what it is.

    Args:
        path: of the file or folder.
        options: for loading a model.
        watcher: is told the stages of a model; the rest is read at once.

    Raises:
        BundleError: it cannot be read, or is not what its name says.
    """
    path = Path(path)
    if (path / FILE_NAME).is_file():
        return {"kind": "bundle", **json.loads(read_manifest(path).to_json())}
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(len(IMAGE_MAGIC))
        if start == IMAGE_MAGIC:
            return _image(path)
        if start.startswith(PACKAGE_MAGIC):
            return inspect_package(path)
    return _model(path, options or Options(), Stages(watcher or Silent()))


def _image(path: Path) -> dict[str, Any]:
    from ecu_bundle.image.reader import read_image

    contents = read_image(path.read_bytes())
    return {
        "kind": "image",
        "name": contents.image.name,
        "version": contents.version,
        "engine": contents.image.engine,
        "format_version": contents.format_version,
        "image_bytes": len(contents.image.data),
        "payload_bytes": len(contents.payload),
        "arena_bytes": contents.arena_size,
        "image_digest": contents.image.digest,
        "onnx_digest": contents.model_digest.hex(),
        "interface": _interface(contents.image.interface),
    }


def _model(path: Path, options: Options, stages: Stages) -> dict[str, Any]:
    plan = make_plan(path, options)
    with stages.stage("load", path.name):
        loaded = load_model(path, plan)
    with stages.stage("convert", kind_of(loaded)):
        model = convert_model(loaded, plan)
    operators: dict[str, int] = {}
    for node in model.proto.graph.node:
        operators[node.op_type] = operators.get(node.op_type, 0) + 1
    return {
        "kind": "model",
        "name": model.name,
        "format": loaded.format,
        "estimator": "" if loaded.estimator is None else type(loaded.estimator).__name__,
        "estimator_text": "" if loaded.estimator is None else repr(loaded.estimator),
        "sklearn_version": loaded.sklearn_version,
        "source_digest": loaded.source_digest,
        "onnx_digest": model.digest,
        "onnx_bytes": len(model.data),
        "onnx_operators": dict(sorted(operators.items())),
        "exact_outputs": list(model.exact_outputs),
        "smooth_outputs": [t.name for t in model.interface.outputs if t.name not in model.exact],
        "notes": list(model.notes),
        "interface": _interface(model.interface),
    }


def _interface(interface: Interface) -> dict[str, Any]:
    from ecu_bundle.parity.certify import interface_record

    record: dict[str, Any] = json.loads(interface_record(interface).model_dump_json())
    return record


_MEANINGS = {
    "exact_outputs": " (same bits on every processor, decided as scikit-learn does)",
    "smooth_outputs": " (agree within a tolerance)",
}


def has_assumed_ranges(notes: Iterable[str]) -> bool:
    """Whether one of the notes of a bundle says that a range was assumed."""
    from ecu_bundle.parity.generation import UNKNOWN_RANGE

    return any(note.startswith(UNKNOWN_RANGE) for note in notes)


def notes_of(bundle: Path) -> list[str]:
    """What a reader should know about a bundle: inputs without range, notes of its certificate."""
    from ecu_bundle.parity.generation import UNKNOWN_RANGE

    manifest = read_manifest(bundle)
    bare = [
        t.name
        for t in interface_of(manifest.interface).inputs
        if t.dtype == "float32" and not math.isfinite(t.maximum - t.minimum)
    ]
    notes: list[str] = json.loads((bundle / CERTIFICATE).read_bytes())["notes"]
    assumed = next((note for note in notes if note.startswith(UNKNOWN_RANGE)), "")
    guessed = assumed.removeprefix(UNKNOWN_RANGE).rpartition(": ")[0].split(", ")
    bare = [] if "..." in guessed else [name for name in bare if name not in guessed]
    if assumed:
        place = notes.index(assumed)
        notes[place] = f"{assumed}; the proof says nothing of other values: declare min and max in {CONFIG}"
    if bare:
        listed = ", ".join(bare[:4]) + (f" and {len(bare) - 4} more" if len(bare) > 4 else "")
        notes.insert(
            0,
            f"no full range is declared for {listed}: the proof took it from your rows or from "
            f"what the model remembers; declare min and max in {CONFIG}",
        )
    return notes


def inspection_text(facts: dict[str, Any]) -> str:
    """The facts as a page for people."""
    if facts["kind"] in ("package", "record"):
        return package_text(facts)
    interface = facts["interface"]
    rows = [["kind", facts["kind"]]]
    skipped = (
        "kind",
        "interface",
        "files",
        "estimator_text",
        "tools",
        "resources",
        "source",
        "notes",
        "others",
    )
    for key, value in facts.items():
        if key in skipped or value in ("", None, []):
            continue
        shown = str(value)
        if isinstance(value, dict):
            shown = ", ".join(f"{k} {v}" for k, v in value.items())
        elif isinstance(value, list):
            shown = ", ".join(value) + _MEANINGS.get(key, "")
        rows.append([key.replace("_", " "), shown])
    for other in facts.get("others", []):
        digests = {key: value for key, value in other.items() if key.endswith("_digest")}
        rows += [[f"{other['engine']} {key.replace('_', ' ')}", value] for key, value in digests.items()]
    if "files" in facts:
        rows.append(["files", str(len(facts["files"]))])
    lines = [table(rows), "", f"{interface['kind']}, interface hash {interface['hash']}"]
    for direction in ("inputs", "outputs"):
        lines += ["", direction, table([_tensor_row(t) for t in interface[direction]])]
    lines += [f"note: {note}" for note in facts.get("notes", [])]
    return "\n".join(lines)


def _tensor_row(tensor: dict[str, Any]) -> list[str]:
    codes = ", ".join(f"{value} {name}" for value, name in list(tensor["codes"].items())[:8])
    limits = range_text(float(tensor["minimum"]), float(tensor["maximum"]))
    more = ", ..." if len(tensor["codes"]) > 8 else ""
    shape = f"{tensor['dtype']}[{tensor['elements']}]"
    missing = "accepts NaN" if tensor["accepts_nan"] else ""
    return ["  " + tensor["name"], shape, tensor["unit"], limits, codes + more + missing]
