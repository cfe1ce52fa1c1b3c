"""``diff``: whether B can be flashed where A runs, and how far its outputs are from those of A.

The two are told apart: interface, engine, kernels, target and memory decide whether B can be flashed; that
its outputs drift is what a new model is for, and hinders only where the caller sets a limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.drift import Drift, excesses, measure, read_limits
from ecu_bundle.errors import VerificationError
from ecu_bundle.interface import Rows, Tensor
from ecu_bundle.manifest import HalfRecord, Manifest
from ecu_bundle.records import read_delivered
from ecu_bundle.reporting.text import range_text
from ecu_bundle.stages import Silent, Stages, Watcher

if TYPE_CHECKING:
    from ecu_bundle.image.reader import ImageContents


@dataclass(frozen=True, slots=True)
class Difference:
    """The comparison of two bundles.

    Attributes:
        a, b: manifests.
        interface: changes of inputs and outputs that a program or an ECU notices, one line each.
        meanings: changes of ranges and descriptions, which it does not notice.
        resources: name -> (of A, of B), in bytes.
        rows: number of golden rows of A that both ran; 0 where B cannot take them.
        drift: one per output that both have in the same form.
        reasons: why B cannot be flashed where A runs; empty when it can.
        limited: the caller set limits for the drift.
        excesses: what drifts more than the limits allow, or was not measured; empty without limits.
    """

    a: Manifest
    b: Manifest
    interface: tuple[str, ...]
    meanings: tuple[str, ...]
    resources: dict[str, tuple[int, int]]
    rows: int
    drift: tuple[Drift, ...]
    reasons: tuple[str, ...]
    limited: bool = False
    excesses: tuple[str, ...] = ()

    @property
    def common_engines(self) -> tuple[str, ...]:
        """Engines that both bundles have."""
        return tuple(half.engine for _, half, _ in _common_halves(self.a, self.b))

    @property
    def flashable(self) -> bool:
        """B can be flashed where A runs, whatever it computes."""
        return not self.reasons

    @property
    def accepted(self) -> bool:
        """B can be flashed, and does not drift beyond the limits."""
        return self.flashable and not self.excesses


def difference(
    a: str | Path, b: str | Path, *, max_drift: Iterable[str] = (), watcher: Watcher | None = None
) -> Difference:
    """Compares two bundles.

    B can be flashed where A runs when the program that was compiled with A's header opens and runs B's
    image and takes its values for what they are: same interface, engine, format and ONNX Runtime, no kernel
    that A lacks, an arena that is large enough, and B was proved on A's target.

    Args:
        a, b: folders of the bundles.
        max_drift: limits, each ``LIMIT`` for all outputs or ``OUTPUT=LIMIT``, see `drift.Limits`.
        watcher: is told about the stages.

    Raises:
        UsageError: one of them is not a bundle, or a limit is not one.
        VerificationError: one of them is not as it was delivered.
    """
    stages = Stages(watcher or Silent())
    sides = []
    for folder in map(Path, (a, b)):
        with stages.stage("check", str(folder)):
            manifest, records = read_delivered(folder)
            images = {contents.image.engine: contents for contents in records.images.values()}
            sides.append((folder, manifest, records.model, images))
    (folder, manifest_a, model_a, images_a), (_, manifest_b, model_b, images_b) = sides
    limits = read_limits(max_drift, [tensor.name for tensor in model_a.interface.outputs])
    interface, meanings = _interface_changes(model_a, model_b)
    if manifest_a.interface.hash != manifest_b.interface.hash and not interface:
        interface = (f"kind: {model_a.interface.kind} -> {model_b.interface.kind}",)
    resources: dict[str, tuple[int, int]] = {}
    for place, half_a, half_b in _common_halves(manifest_a, manifest_b):
        old, new = images_a[half_a.engine], images_b[half_b.engine]
        resources[place + "image"] = (len(old.image.data), len(new.image.data))
        resources[place + "arena"] = (old.arena_size, new.arena_size)
        resources |= {place + section: pair for section, pair in _library(half_a, half_b).items()}
    missing = _missing_kernels(manifest_a, images_b.get("native"))
    reasons = hindrances(manifest_a, manifest_b, interface, resources, missing_kernels=missing)
    reasons += [
        f"the image format is {images_b[engine].format_version}, A reads {image.format_version}"
        for engine, image in images_a.items()
        if engine in images_b and images_b[engine].format_version != image.format_version
    ]
    with stages.stage("run", "both in ONNX Runtime on the golden rows of A"):
        rows, drift = _drift(folder, model_a, model_b)
    exceeded = excesses(drift, limits)
    if limits and not rows:
        exceeded = ("the drift was not measured: B cannot take the golden rows of A",)
    return Difference(
        a=manifest_a,
        b=manifest_b,
        interface=interface,
        meanings=meanings,
        resources=resources,
        rows=rows,
        drift=drift,
        reasons=tuple(reasons),
        limited=bool(limits),
        excesses=exceeded,
    )


def _interface_changes(a: OnnxModel, b: OnnxModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a program notices, and what only people notice."""
    hard, soft = [], []
    for side in ("inputs", "outputs"):
        old: tuple[Tensor, ...] = getattr(a.interface, side)
        new: tuple[Tensor, ...] = getattr(b.interface, side)
        word = side[:-1]
        kept = {t.name: t for t in new}
        hard += [f"{word} {t.name!r} is gone" for t in old if t.name not in kept]
        known = {t.name: t for t in old}
        hard += [f"{word} {t.name!r} is new" for t in new if t.name not in known]
        if [t.name for t in old if t.name in kept] != [t.name for t in new if t.name in known]:
            hard.append(f"the {side} have another order")
        for before in old:
            if after := kept.get(before.name):
                hard += [f"{word} {before.name!r}: {text}" for text in _hard_changes(before, after)]
                soft += [f"{word} {before.name!r}: {text}" for text in _soft_changes(before, after)]
    return tuple(hard), tuple(soft)


def _hard_changes(a: Tensor, b: Tensor) -> list[str]:
    pairs = {
        "type": (f"{a.dtype}[{a.elements}]", f"{b.dtype}[{b.elements}]"),
        "unit": (a.unit or "none", b.unit or "none"),
        "NaN": tuple("accepted" if t.accepts_nan else "refused" for t in (a, b)),
    }
    changes = [f"{name} {old} -> {new}" for name, (old, new) in pairs.items() if old != new]
    if a.element_names != b.element_names:  # A's program reads positions by these names
        old, new = (", ".join(t.element_names) or "none" for t in (a, b))
        changes.append(f"values {old} -> {new}")
    old_codes, new_codes = ({c.value: c.name for c in t.codes} for t in (a, b))
    for value in sorted(old_codes.keys() | new_codes.keys()):
        before, after = old_codes.get(value, "nothing"), new_codes.get(value, "nothing")
        if before != after:
            changes.append(f"code {value} means {after!r}, it meant {before!r}")
    return changes


def _soft_changes(a: Tensor, b: Tensor) -> list[str]:
    pairs = {
        "range": (_range(a), _range(b)),
        "description": (_quoted(a.description), _quoted(b.description)),
    }
    return [f"{name} {old} -> {new}" for name, (old, new) in pairs.items() if old != new]


def _range(tensor: Tensor) -> str:
    return range_text(tensor.minimum, tensor.maximum) or "not declared"


def _quoted(text: str) -> str:
    return repr(text) if text else "none"


def _common_halves(a: Manifest, b: Manifest) -> Iterator[tuple[str, HalfRecord, HalfRecord]]:
    """What both bundles hold for an engine, with the folder that it has in A."""
    halves_b = {half.engine: half for half in b.halves.values()}
    for folder, half in a.halves.items():
        if half.engine in halves_b:
            yield folder, half, halves_b[half.engine]


def _library(a: HalfRecord, b: HalfRecord) -> dict[str, tuple[int, int]]:
    """Bytes of the static library by section, summed over its parts."""
    sums = [
        {
            section: sum(int(part.get(section, 0)) for part in half.resources.get("library", {}).values())
            for section in ("text", "rodata", "data", "bss")
        }
        for half in (a, b)
    ]
    return {section: (sums[0][section], sums[1][section]) for section in sums[0]}


def _missing_kernels(a: Manifest, b: ImageContents | None) -> tuple[str, ...]:
    """Kernels that B's model names and A's program does not have."""
    linked = [half.kernels for half in a.halves.values() if half.engine == "native"]
    if not linked or b is None:
        return ()
    return tuple(name for name in b.kernels if name not in linked[0])


def hindrances(
    a: Manifest,
    b: Manifest,
    interface: tuple[str, ...],
    resources: dict[str, tuple[int, int]],
    *,
    missing_kernels: Sequence[str] = (),
) -> list[str]:
    """Why the program that runs A would refuse B, or run it unproved.

    Args:
        a, b: manifests.
        interface: changes of the interface, one line each.
        resources: name -> (of A, of B); the ``arena`` of each engine counts, in bytes.
        missing_kernels: kernels of the native engine that B's model names and A's bundle does not have.
    """
    reasons = []
    same_hash = a.interface.hash == b.interface.hash
    if interface or not same_hash:
        effect = (
            "A's header accepts B's image, and A's program takes its values for others"
            if same_hash
            else "A's header refuses B's image with ECU_INTERFACE_MISMATCH"
        )
        changes = f"{len(interface)} change{'s' if len(interface) != 1 else ''}"
        reasons.append(f"the interface differs ({changes}): {effect}")
    engines_b = [half.engine for half in b.halves.values()]
    reasons += [
        f"B needs the engine {' or '.join(engines_b)}, A has {half.engine} (ECU_ENGINE_MISSING)"
        for half in a.halves.values()
        if half.engine not in engines_b
    ]
    reasons += [
        f"B was proved with ONNX Runtime {half_b.onnxruntime_version}, A carries {half_a.onnxruntime_version}"
        for _, half_a, half_b in _common_halves(a, b)
        if half_a.onnxruntime_version != half_b.onnxruntime_version
    ]
    if missing_kernels:
        reasons.append(
            f"B needs kernels that A's program lacks: {', '.join(missing_kernels)} (ECU_KERNEL_MISSING)"
        )
    if a.target != b.target:
        reasons.append(f"B was proved on the target {b.target}, A runs on {a.target}: build B for {a.target}")
    reasons += [
        f"B needs an arena of {new} bytes, A's program has {old} (ECU_ARENA_TOO_SMALL)"
        for name, (old, new) in resources.items()
        if name.endswith("arena") and new > old
    ]
    return reasons


def _drift(folder: Path, a: OnnxModel, b: OnnxModel) -> tuple[int, tuple[Drift, ...]]:
    """Both models on the golden rows of A; nothing where B has other inputs or refuses a row."""
    from ecu_bundle.generation.golden import read_rows
    from ecu_bundle.parity.session import run_rows

    forms = [{t.name: (t.dtype, t.elements) for t in m.interface.inputs} for m in (a, b)]
    if forms[0] != forms[1]:
        return 0, ()
    path = folder / "tests/golden_vectors.cpp"
    rows = read_rows(path.read_text(encoding="utf-8"), a.interface)
    rows_of_b = Rows({t.name: rows.tensors[t.name] for t in b.interface.inputs}, rows.origins)
    before = run_rows(a.proto, a.interface, rows)
    try:
        after = run_rows(b.proto, b.interface, rows_of_b)
    except VerificationError:
        return 0, ()  # a category that B does not have
    outputs = {t.name: (t.dtype, t.elements) for t in b.interface.outputs}
    same = [t for t in a.interface.outputs if outputs.get(t.name) == (t.dtype, t.elements)]
    return len(rows), tuple(measure(t, before[t.name], after[t.name]) for t in same)
