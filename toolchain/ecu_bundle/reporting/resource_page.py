"""The resource figures of a bundle as a page of Markdown, for who integrates it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecu_bundle.building.budget import totals
from ecu_bundle.reporting.elements import Cell, Table
from ecu_bundle.reporting.resources import read_resources, resource_tables
from ecu_bundle.reporting.text import count

_TOTALS = {
    "flash": (
        "Flash",
        "bytes: engine, kernels, runtime and model image, without your program and ecu::update",
    ),
    "ram": ("RAM", "bytes: static data and the arena, without the stack"),
    "stack": ("Stack", "bytes, upper bound of open and run"),
    "instructions": ("Instructions", "of the most expensive golden row"),
}


def resource_page(figures: dict[str, Any]) -> bytes:
    """``reports/resources.md`` of the content of ``reports/resources.json``.

    Raises:
        UsageError: a figure is not a whole number of bytes or instructions.
    """
    resources = read_resources(figures)
    found = totals(figures)
    lines = [f"# Resources on {resources.target}", "", "Measured when the bundle was made.", ""]
    lines += _rows(
        ("What", "Figure", ""), ((t, count(found[k]), n) for k, (t, n) in _TOTALS.items() if k in found)
    )
    missing = [title.lower() for key, (title, _) in _TOTALS.items() if key not in found]
    if missing:
        lines += ["", f"Not measured on this target: {', '.join(missing)}."]
    for table in resource_tables(resources):
        lines += ["", f"## {table.caption}", "", *_table(table)]
    return ("\n".join(lines) + "\n").encode()


def _table(table: Table) -> list[str]:
    return _rows(table.columns, (map(_text, row) for row in table.rows))


def _text(cell: Cell) -> str:
    return f"{cell.text} ({cell.note})" if cell.note else cell.text


def _rows(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    columns = tuple(columns)
    lines = [columns, ("---",) * len(columns), *rows]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines]
