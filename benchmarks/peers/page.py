"""docs/peers.md and its picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from benchmarks.chart import text
from benchmarks.peers.compared import TOOLS, Cost

_HEAD = """# Beside other ways from scikit-learn to C

Written by `python -m benchmarks.peers --update-docs`. Models are trained, made into C by each tool, compiled
by the same compiler with the same flags (`-O2`), and run on the same fifty rows that training has not seen:
under QEMU as a Cortex-M4F with the plugin that counts instructions, and under callgrind on x86-64.
Instructions are those of one row, mean, the way from float32 inputs to the tool's numbers included; they are
not cycles. Flash is code and constants of the linked program without the harness (ours: engine, kernels,
model image, reading and checking it); RAM is .data and .bss (ours: the arena and the handle). *Labels* is the
share of rows with scikit-learn's label, *error* the largest difference of a number from scikit-learn's
float64; tools that give only a label have none.

The other tools are installed into an environment of their own: {pins}.
Pipelines of a scaler and a model, which none of them takes, are given to them with the scaler written by hand
in C. ONNX Runtime runs our ONNX model through its C API and exists only on the host.

![Instructions of a row on a Cortex-M4F](peers.svg)
"""
_NAMES = {"native": "**ecu-bundle, native**", "onnxruntime": "ONNX Runtime"}
_WIDTH, _LABEL, _STEP = 640, 150.0, 18.0
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2933}.name{font-weight:600}.bar{fill:#9aa5b1}"
    ".ours{fill:#2b6cb0}@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.ours{fill:#63b3ed}}"
)


def page(results: Mapping[str, Mapping[str, Cost]]) -> str:
    """The whole page: one table."""
    pins = Path(__file__).with_name("requirements.txt").read_text().split()
    heads = [
        "model",
        "tool",
        "M4F",
        "x ours",
        "flash",
        "x ours",
        "RAM",
        "x86-64",
        "x ours",
        "labels",
        "error",
    ]
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * (len(heads) - 2)]
    for model, costs in results.items():
        for tool in TOOLS:
            if tool in costs:
                lines.append(_row(model, tool, costs[tool], costs.get("native", Cost())))
    return (
        _HEAD.format(pins=", ".join(pin.replace("==", " ") for pin in pins)) + "\n" + "\n".join(lines) + "\n"
    )


def _row(model: str, tool: str, cost: Cost, own: Cost) -> str:
    cells = [model, _NAMES.get(tool, tool)]
    if cost.refused:
        return f"| {' | '.join([*cells, 'says: ' + cost.refused.replace('|', '/')])} |" + " |" * 8
    m4 = [_number(cost.m4), _ratio(cost.m4, own.m4), _number(cost.flash), _ratio(cost.flash, own.flash)]
    cells += [*m4, _number(cost.ram) if cost.m4 else "", _number(cost.x86), _ratio(cost.x86, own.x86)]
    error = "" if math.isnan(cost.error) else f"{cost.error:.1e}"
    return f"| {' | '.join([*cells, f'{cost.labels:.0%}', error])} |"


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


def _ratio(value: int, own: int) -> str:
    return f"{value / own:.1f}" if value and own else ""


def chart(results: Mapping[str, Mapping[str, Cost]]) -> bytes:
    """Instructions of a row on the Cortex-M4F, a group of bars for each model, on a logarithmic scale."""
    parts = [text(0, 14, "Instructions of a row, Cortex-M4F, logarithmic scale", "name")]
    y = 36.0
    most = max((cost.m4 for costs in results.values() for cost in costs.values()), default=1)
    for model, costs in results.items():
        parts.append(text(0, y, model, "name"))
        for tool, cost in costs.items():
            if not cost.m4:
                continue
            y += _STEP
            width = (_WIDTH - _LABEL - 80) * math.log10(cost.m4) / math.log10(max(most, 10))
            note = "" if cost.labels == 1.0 else f", {cost.labels:.0%} of labels"
            style = "ours" if tool == "native" else "bar"
            parts.append(text(12, y, tool))
            parts.append(
                Markup('<rect class="{}" x="{:.0f}" y="{:.0f}" width="{:.1f}" height="12" rx="2"/>').format(
                    style, _LABEL, y - 10, width
                )
            )
            parts.append(text(_LABEL + width + 6, y, f"{cost.m4:,}{note}"))
        y += 30
    svg = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h:.0f}" role="img" aria-label="{title}">'
        "<style>{style}</style>{parts}</svg>\n"
    ).format(
        w=_WIDTH,
        h=y,
        title="Instructions of a row by model and tool",
        style=Markup(_STYLE),  # noqa: S704
        parts=Markup("").join(parts),
    )
    return svg.encode()
