"""What a bundle costs on its target, as the build measured it (``reports/resources.json``)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from ecu_bundle.errors import UsageError
from ecu_bundle.reporting.elements import Cell, Table
from ecu_bundle.reporting.svg import share_bar
from ecu_bundle.reporting.text import count, size


class Instructions(BaseModel):
    """Instructions executed: `open` once, `run` per golden row."""

    model_config = ConfigDict(frozen=True)

    open: NonNegativeInt | None = None
    run: NonNegativeInt | None = None


class Resources(BaseModel):
    """Sizes are bytes. What was not measured is absent; what this version does not know is ignored.

    Attributes:
        target: name of the target.
        library: part of the static library -> kind of section -> bytes.
        image_bytes: model image, read-only.
        arena_bytes: RAM that the caller provides.
        onnxruntime_bytes: the ONNX Runtime library; 0 when there is none.
        instructions: counted on the host.
    """

    model_config = ConfigDict(frozen=True)

    target: str = ""
    library: dict[str, dict[str, NonNegativeInt]] = Field(default_factory=dict)
    image_bytes: NonNegativeInt | None = None
    arena_bytes: NonNegativeInt | None = None
    onnxruntime_bytes: NonNegativeInt | None = None
    instructions: Instructions = Field(default_factory=Instructions)


_KINDS = ("text", "rodata", "data", "bss")
_SIZES = (
    ("image_bytes", "Model image", "read-only"),
    ("arena_bytes", "Arena", "RAM that the caller provides"),
    ("onnxruntime_bytes", "ONNX Runtime library", "shared by every model on the target"),
)


def read_resources(record: dict[str, Any]) -> Resources:
    """The typed record.

    Raises:
        UsageError: a figure is not a whole number of bytes or instructions.
    """
    try:
        return Resources.model_validate(record)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise UsageError(
            "report",
            f"the resource record is not valid: {first['msg']}",
            place="resources: " + ".".join(str(step) for step in first["loc"]),
            hint="build the bundle again; the build writes reports/resources.json",
        ) from problem


def resource_tables(resources: Resources) -> tuple[Table, ...]:
    """Tables of what was measured; none where nothing was."""
    tables = (
        _sizes(resources),
        _library(resources.library),
        _instructions(resources.instructions),
    )
    return tuple(table for table in tables if table.rows)


def _sizes(resources: Resources) -> Table:
    rows = []
    for field, name, note in _SIZES:
        octets: int | None = getattr(resources, field)
        if octets:
            rows.append((Cell(name, note=note), Cell(size(octets), "number"), Cell(count(octets), "number")))
    return Table("resources-sizes", "Memory", ("What", "Size", "Bytes"), tuple(rows))


def _library(library: dict[str, dict[str, int]]) -> Table:
    """Parts down, kinds of section across, with totals: before the linker drops what is unused."""
    found = {kind for sizes in library.values() for kind in sizes}
    kinds = tuple(kind for kind in _KINDS if kind in found) + tuple(sorted(found.difference(_KINDS)))
    whole = sum(sum(sizes.values()) for sizes in library.values())
    rows = []
    for part, sizes in sorted(library.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        rows.append(_library_row(part, [sizes.get(kind, 0) for kind in kinds], whole))
    if len(rows) > 1:
        sums = [sum(sizes.get(kind, 0) for sizes in library.values()) for kind in kinds]
        rows.append(_library_row("all parts", sums, whole))
    caption = "Static library in bytes, before the linker drops what is unused"
    return Table("resources-library", caption, ("Part", *kinds, "Total"), tuple(rows))


def _library_row(part: str, octets: list[int], whole: int) -> tuple[Cell, ...]:
    total = sum(octets)
    sizes = [Cell(count(number), "number") for number in octets]
    return (Cell(part), *sizes, Cell(count(total), "number", graphic=share_bar(total, whole)))


def _instructions(instructions: Instructions) -> Table:
    measured = (
        ("Open", instructions.open, "once, at start"),
        ("Run", instructions.run, "mean per golden row"),
    )
    rows = tuple(
        (Cell(name, note=note), Cell(count(number), "number"))
        for name, number, note in measured
        if number is not None
    )
    return Table("resources-instructions", "Work on the host", ("Call", "Instructions"), rows)
