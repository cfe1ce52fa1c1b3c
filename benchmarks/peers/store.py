"""All figures of a comparison, as JSON; and the cells of a run that is not finished."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.peers.compared import OURS, TOOLS, Cost
from benchmarks.peers.environment import PACKAGES
from benchmarks.peers.measure import PLUGIN, PROGRAMS, runtime_digest
from benchmarks.subjects import CHECKOUT
from ecu_bundle.errors import UsageError

_HERE = Path(__file__).parent
_HARNESS = (
    *(_HERE / name for name in ("generate.py", "measure.py", "cell.py", "requirements.txt")),
    *(PROGRAMS / name for name in ("peer_model.h", "peer_probe.c", "cortex_m4.ld")),
    PLUGIN,
)
_DEFAULT = Cost()


@dataclass(frozen=True, slots=True)
class Results:
    """What a page is made of.

    Attributes:
        versions: of compilers, counters and packages; figures of other versions do not compare.
        harness: digest of what measures.
        models: by name, the digest of what scikit-learn computes on the rows.
        costs: by model, then tool.
    """

    versions: Mapping[str, str]
    harness: str
    models: Mapping[str, str]
    costs: Mapping[str, Mapping[str, Cost]]

    def dumps(self) -> str:
        """As JSON, a line for each cell."""
        lines = ["{"]
        for key in ("versions", "harness", "models"):
            lines.append(f' "{key}": {json.dumps(getattr(self, key))},')
        lines.append(' "costs": {')
        cells = []
        for model, costs in self.costs.items():
            rows = [f'   "{tool}": {json.dumps(_brief(cost))}' for tool, cost in costs.items()]
            cells.append(f'  "{model}": {{\n' + ",\n".join(rows) + "\n  }")
        return "\n".join([*lines, ",\n".join(cells), " }", "}"]) + "\n"


def _brief(cost: Cost) -> dict[str, Any]:
    return {name: value for name, value in asdict(cost).items() if value != getattr(_DEFAULT, name)}


def loads(text: str) -> Results:
    """The reverse of `Results.dumps`.

    Raises:
        UsageError: the text is something else.
    """
    try:
        found = json.loads(text)
        costs = {
            model: {tool: Cost(**cost) for tool, cost in tools.items()}
            for model, tools in found.pop("costs").items()
        }
        return Results(costs=costs, **found)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            "benchmark", f"the figures of an earlier run cannot be read: {error}", hint="run without --only"
        ) from error


def harness_digest() -> str:
    """Of what measures the other tools; a change of it makes their figures stale."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _HARNESS)).hexdigest()[:16]


def require_same(stored: Results, fresh: Results) -> None:
    """Lets figures of an earlier run stand beside new ones only when both were taken alike.

    Raises:
        UsageError: says what is different.
    """
    changed = [name for name, text in fresh.versions.items() if stored.versions.get(name) != text]
    changed += [f"model {name}" for name, text in fresh.models.items() if stored.models.get(name) != text]
    changed += ["benchmarks/peers"] if stored.harness != fresh.harness else []
    if changed:
        raise UsageError(
            "benchmark",
            f"the figures of the other tools were taken with something else: {', '.join(changed)}",
            hint="run without --only",
        )


@dataclass(frozen=True, slots=True)
class Cells:
    """Figures of single cells in a folder, so that a broken run goes on where it ended."""

    folder: Path
    versions: Mapping[str, str]

    def get(self, model: str, truth: str, tool: str) -> Cost | None:
        """What was measured under the same conditions; None otherwise."""
        try:
            found = json.loads(self._place(model, tool).read_text())
            known = {field.name for field in fields(Cost)}
            cost = {name: value for name, value in found["cost"].items() if name in known}
            return Cost(**cost) if found["key"] == self._key(truth, tool) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, model: str, truth: str, tool: str, cost: Cost) -> None:
        """Keeps a cell."""
        place = self._place(model, tool)
        place.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"key": self._key(truth, tool), "cost": asdict(cost)}, indent=1)
        temporary = place.with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(place)

    def _place(self, model: str, tool: str) -> Path:
        return self.folder / model / f"{tool}.json"

    def _key(self, truth: str, tool: str) -> str:
        own = own_digest(tool) if tool not in PACKAGES else ""
        parts = [tool, truth, harness_digest(), json.dumps(dict(self.versions), sort_keys=True), own]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def own_digest(tool: str) -> str:
    """Of the runtime and the Python that a figure of ours, or of ONNX Runtime, depends on."""
    python = CHECKOUT / "toolchain" / "ecu_bundle"
    folders = ("conversion", "image", "lowering") if tool == OURS else ("conversion", "image")
    files = [path for name in folders for path in sorted((python / name).rglob("*.py"))]
    files += [_HERE / "ours.py", CHECKOUT / "benchmarks" / "truth" / "standard.py"]
    content = b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(content + runtime_digest("native" if tool == OURS else "ort").encode()).hexdigest()


def chosen(only: str, tools: tuple[str, ...], kept: Mapping[str, Cost]) -> tuple[str, ...]:
    """The tools to be measured with one model: all, or ours, the others, what is missing, or those named.

    Args:
        only: ``ours``, ``peers``, ``missing`` or nothing.
        tools: those named; all when there are none.
        kept: what an earlier run gave for the model.
    """
    if only == "missing":
        left = ("not run", "not installed")
        return tuple(tool for tool in TOOLS if tool not in kept or kept[tool].status in left)
    if only:
        return tuple(tool for tool in TOOLS if (tool == OURS) == (only == "ours"))
    return tuple(tool for tool in TOOLS if not tools or tool in tools)
