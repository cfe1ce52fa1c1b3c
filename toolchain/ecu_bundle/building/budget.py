"""What a bundle may cost: totals of the resource figures, held against ``[budget]`` of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ecu_bundle.config import FILE_NAME, BudgetTable
from ecu_bundle.errors import VerificationError

_FLASH: Final = ("text", "rodata", "data")
_RAM: Final = ("data", "bss")


def totals(figures: Mapping[str, Any]) -> dict[str, int]:
    """``flash`` in bytes, and ``ram`` and ``stack`` in bytes and ``instructions`` where they were measured.

    Flash is what the linker kept of engine, kernels, runtime, model and the compiler's helpers, or the
    whole library where nothing was linked for the target; with ONNX Runtime also its library. RAM is data and
    the arena, without the stack; with ONNX Runtime it is not measured, because that allocates. Stack is the
    larger bound of open and run. Instructions are those of the most expensive golden row.
    """
    parts = figures.get("linked") or figures["library"]
    found = {
        "flash": sum(sizes[kind] for sizes in parts.values() for kind in _FLASH)
        + figures["onnxruntime_bytes"]
    }
    if figures["engine"] == "native":
        data = sum(sizes[kind] for sizes in parts.values() for kind in _RAM)
        found["ram"] = data + figures["arena_bytes"]
    if "stack" in figures:
        found["stack"] = max(figures["stack"]["open"], figures["stack"]["run"])
    counted = figures.get("instructions", {})
    if counted:
        found["instructions"] = counted.get("run_most", counted["run"])
    return found


def costs_text(budget: BudgetTable, figures: Mapping[str, int]) -> str:
    """The totals in words, each with its limit where there is one."""
    words = []
    for name, figure in figures.items():
        limit = _limits(budget)[name]
        unit = _unit(name)
        words.append(f"{name} {figure:,}{unit}" if limit is None else f"{name} {figure:,} of {limit:,}{unit}")
    return ", ".join(words)


def _unit(name: str) -> str:
    return "" if name == "instructions" else " bytes"


def _limits(budget: BudgetTable) -> dict[str, int | None]:
    return {
        "flash": budget.max_flash,
        "ram": budget.max_ram,
        "stack": budget.max_stack,
        "instructions": budget.max_instructions,
    }


def require_budget(
    budget: BudgetTable, figures: Mapping[str, int], target: str, *, config: Path | None = None
) -> None:
    """Compares the totals with the budget.

    Args:
        budget: the limits.
        figures: see `totals`.
        target: what was built for, for people.
        config: the file with the limits, as it was given; None is the one beside the model.

    Raises:
        VerificationError: a limit is exceeded, or its figure is not measured on this target; the place
            has all figures.
    """
    lines = []
    for name, limit in _limits(budget).items():
        if limit is None:
            continue
        figure = figures.get(name)
        if figure is None:
            lines.append(f"{name}: not measured on {target}, at most {limit:,}{_unit(name)} are allowed")
        elif figure > limit:
            more = f"{figure - limit:,} too many"
            lines.append(f"{name}: {figure:,}{_unit(name)}, at most {limit:,} are allowed: {more}")
    if lines:
        measured = costs_text(BudgetTable(), figures)
        raise VerificationError(
            "budget",
            f"the bundle for {target} is beyond its budget:\n    " + "\n    ".join(lines),
            place=f"measured: {measured}",
            hint=f"train a smaller model, or raise the limit in [budget] of {config or FILE_NAME}",
        )
