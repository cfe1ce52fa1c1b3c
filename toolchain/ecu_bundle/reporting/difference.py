"""What ``diff`` found, for machines and for people."""

from __future__ import annotations

from typing import Any

from ecu_bundle.console import table
from ecu_bundle.difference import Difference
from ecu_bundle.drift import Drift
from ecu_bundle.manifest import Manifest

_MOVES_SHOWN = 6


def difference_record(found: Difference) -> dict[str, Any]:
    """The comparison for machines (``--json``)."""
    sides = {
        side: {
            "name": manifest.name,
            "version": manifest.version,
            "target": manifest.target,
            "engine": manifest.engine_text,
            "interface_hash": manifest.interface.hash,
            "onnx_digest": manifest.onnx_digest,
            "image_digest": manifest.image_digest,
        }
        for side, manifest in (("a", found.a), ("b", found.b))
    }
    return {
        **sides,
        "flashable": found.flashable,
        "accepted": found.accepted,
        "reasons": list(found.reasons),
        "interface": list(found.interface),
        "meanings": list(found.meanings),
        "resources": {name: {"a": old, "b": new} for name, (old, new) in found.resources.items()},
        "golden_rows": found.rows,
        "drift": [_drift_record(drift) for drift in found.drift],
        "excesses": list(found.excesses),
    }


def _drift_record(drift: Drift) -> dict[str, Any]:
    return {
        "output": drift.output,
        "unit": drift.unit,
        "is_label": drift.is_label,
        "rows": drift.rows,
        "largest": drift.largest,
        "mean": drift.mean,
        "worst_row": drift.worst_row,
        "moves": [{"before": m.before, "after": m.after, "rows": m.rows} for m in drift.moves],
    }


def difference_text(found: Difference) -> str:
    """The comparison for people: who is compared, what differs, and the verdict last."""
    lines = [f"{side}  {_title(m)}" for side, m in (("A", found.a), ("B", found.b))]
    if found.a.image_digest == found.b.image_digest:
        lines.append("both hold the same model image")
    changes = [*found.interface, *(f"{text} (for people only)" for text in found.meanings)]
    lines += ["", "interface:" + ("" if changes else " the same"), *(f"  {text}" for text in changes)]
    cells = [[f"  {name}", str(old), str(new), _change(old, new)] for name, (old, new) in _shown(found)]
    lines += ["", "bytes", table([["", "A", "B", ""], *cells]), ""]
    if found.rows:
        lines.append(f"drift on the {found.rows} golden rows of A, in ONNX Runtime")
        lines += [text for drift in found.drift for text in _drift_lines(drift, found.rows)]
    else:
        lines.append("drift: not measured, B cannot take the golden rows of A")
    return "\n".join([*lines, "", *_verdict(found)])


def _verdict(found: Difference) -> list[str]:
    """Whether B can be flashed, and beside it what it computes: two statements, never one."""
    if found.flashable:
        fit = "interface, engine, target and memory"
        if "native" in found.common_engines:
            fit = "interface, engine, kernels, target and memory"
        lines = [f"yes: B can be flashed where A runs: {fit} fit"]
    else:
        lines = ["no: B cannot be flashed where A runs", *(f"  {reason}" for reason in found.reasons)]
    lines.append(_drift_verdict(found))
    if found.excesses:
        lines += ["--max-drift: not met", *(f"  {text}" for text in found.excesses)]
    elif found.limited:
        lines.append("--max-drift: met")
    return lines


def _drift_verdict(found: Difference) -> str:
    if not found.rows:
        return "drift: not measured"
    moved = [_summary(drift, found.rows) for drift in found.drift if drift.rows]
    if not moved:
        return f"drift: none, the same bits on all {found.rows} golden rows"
    return "drift: " + "; ".join(moved)


def _summary(drift: Drift, rows: int) -> str:
    if drift.is_label:
        return f"{drift.rows} of {rows} golden rows give another {drift.output}"
    if drift.largest is None:
        return f"{drift.output} is not finite in one of the two alone"
    return f"{drift.output} changes by up to {_amount(drift.largest, drift)}"


def _title(manifest: Manifest) -> str:
    version = f"version {manifest.version}" if manifest.version else "without version"
    return (
        f"{manifest.name}, {version}, for {manifest.target}, engine {manifest.engine_text}, "
        f"model image {manifest.image_digest[:16]}"
    )


def _shown(found: Difference) -> list[tuple[str, tuple[int, int]]]:
    return [(name, pair) for name, pair in found.resources.items() if any(pair)]


def _change(old: int, new: int) -> str:
    if old == new:
        return "the same"
    return f"{new - old:+d}" + (f" ({100 * (new - old) / old:+.1f} %)" if old else "")


def _drift_lines(drift: Drift, rows: int) -> list[str]:
    if not drift.rows:
        return [f"  {drift.output}: the same bits in every row"]
    row = f"row {(drift.worst_row or 0) + 1}"
    if drift.is_label:
        shown = [f"    {m.before} -> {m.after}: {m.rows}" for m in drift.moves[:_MOVES_SHOWN]]
        more = len(drift.moves) - _MOVES_SHOWN
        return [
            f"  {drift.output}: {drift.rows} of {rows} rows give another label, the first is {row}",
            *shown,
            *([f"    and {more} more changes"] if more > 0 else []),
        ]
    text = f"  {drift.output}: {drift.rows} of {rows} rows differ"
    if drift.largest is None or drift.mean is None:
        return [f"{text}; a result is not finite in one of the two alone ({row})"]
    largest, mean = (_amount(value, drift) for value in (drift.largest, drift.mean))
    return [f"{text}, at most by {largest} ({row}), {mean} on average"]


def _amount(value: float, drift: Drift) -> str:
    return f"{value:.4g}" + (f" {drift.unit}" if drift.unit else "")
