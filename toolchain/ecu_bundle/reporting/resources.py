"""What a bundle costs on its target, as the build measured it (``reports/resources.json``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from ecu_bundle.errors import UsageError
from ecu_bundle.reporting.elements import Cell, Table
from ecu_bundle.reporting.svg import share_bar
from ecu_bundle.reporting.text import count, size, target_text


class Instructions(BaseModel):
    """Instructions executed: `open` once, `run` per golden row: mean, and least and most where known."""

    model_config = ConfigDict(frozen=True)

    open: NonNegativeInt | None = None
    run: NonNegativeInt | None = None
    run_least: NonNegativeInt | None = None
    run_most: NonNegativeInt | None = None


class Stack(BaseModel):
    """Upper bounds on the stack of a call."""

    model_config = ConfigDict(frozen=True)

    open: NonNegativeInt | None = None
    run: NonNegativeInt | None = None


class Trees(BaseModel):
    """Trees of the program, and the splits that any row passes in all of them."""

    model_config = ConfigDict(frozen=True)

    count: NonNegativeInt | None = None
    splits_least: NonNegativeInt | None = None
    splits_most: NonNegativeInt | None = None


class Symbols(BaseModel):
    """What the library takes from the compiler's own."""

    model_config = ConfigDict(frozen=True)

    double: tuple[str, ...] = ()


class Update(BaseModel):
    """The code that installs packages: bytes by source, of the state, of the stack; an install of 100 kB."""

    model_config = ConfigDict(frozen=True)

    code: dict[str, NonNegativeInt] = Field(default_factory=dict)
    static: NonNegativeInt | None = None
    stack: NonNegativeInt | None = None
    self_test_stack: NonNegativeInt | None = None
    instructions: NonNegativeInt | None = None


class Resources(BaseModel):
    """Sizes are bytes. What was not measured is absent; what this version does not know is ignored.

    Attributes:
        target, engine: what was measured.
        library: part of the static library -> kind of section -> bytes.
        linked: the same of a program, after the linker dropped what is unused; empty where none was measured.
        stack: of open and run.
        symbols: of the library.
        trees: of a model with trees on the native engine.
        image_bytes: model image, read-only.
        arena_bytes: RAM that the caller provides.
        onnxruntime_bytes: the ONNX Runtime library; 0 when there is none.
        instructions: counted on the host, or on the emulated board of a target without operating system.
        update: of a bundle that installs packages.
    """

    model_config = ConfigDict(frozen=True)

    target: str = ""
    engine: str = ""
    library: dict[str, dict[str, NonNegativeInt]] = Field(default_factory=dict)
    linked: dict[str, dict[str, NonNegativeInt]] = Field(default_factory=dict)
    stack: Stack = Field(default_factory=Stack)
    symbols: Symbols = Field(default_factory=Symbols)
    trees: Trees = Field(default_factory=Trees)
    image_bytes: NonNegativeInt | None = None
    arena_bytes: NonNegativeInt | None = None
    onnxruntime_bytes: NonNegativeInt | None = None
    instructions: Instructions = Field(default_factory=Instructions)
    update: Update | None = None


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


@dataclass(frozen=True, slots=True)
class ResourceView:
    """What was measured of one half of a bundle."""

    heading: str
    tables: tuple[Table, ...]


def resource_views(records: Iterable[dict[str, Any]]) -> tuple[ResourceView, ...]:
    """One for each record in which something was measured.

    Raises:
        UsageError: a figure is not a whole number of bytes or instructions.
    """
    views = []
    for position, record in enumerate(records):
        resources = read_resources(record)
        tables = resource_tables(resources, f"resources{position or ''}")
        place = f" on {resources.target}" if resources.target else ""
        if resources.target and resources.engine:
            place = f" on {target_text(resources.target, resources.engine)}"
        if tables:
            views.append(ResourceView(f"Resources{place}", tables))
    return tuple(views)


def resource_tables(resources: Resources, ident: str = "resources") -> tuple[Table, ...]:
    """Tables of what was measured; none where nothing was. Their names begin with `ident`."""
    tables = (
        _sizes(f"{ident}-sizes", resources),
        _library(f"{ident}-linked", _LINKED, resources.linked),
        _library(f"{ident}-library", _UNLINKED, resources.library),
        _instructions(f"{ident}-instructions", resources),
        _update(f"{ident}-update", resources.update or Update()),
    )
    return tuple(table for table in tables if table.rows)


def _sizes(ident: str, resources: Resources) -> Table:
    rows = []
    for field, name, note in _SIZES:
        octets: int | None = getattr(resources, field)
        if octets:
            rows.append((Cell(name, note=note), Cell(size(octets), "number"), Cell(count(octets), "number")))
    for call, octets in (("open", resources.stack.open), ("run", resources.stack.run)):
        if octets is not None:
            cells = (Cell(size(octets), "number"), Cell(count(octets), "number"))
            rows.append((Cell(f"Stack of {call}", note="upper bound, from the call graph"), *cells))
    return Table(ident, "Memory", ("What", "Size", "Bytes"), tuple(rows))


_LINKED = "What the linked self-test has of each part, in bytes: flash of a program that uses the model"
_UNLINKED = "Static library in bytes, before the linker drops what is unused"


def _library(key: str, caption: str, library: dict[str, dict[str, int]]) -> Table:
    """Parts down, kinds of section across, with totals."""
    found = {kind for sizes in library.values() for kind in sizes}
    kinds = tuple(kind for kind in _KINDS if kind in found) + tuple(sorted(found.difference(_KINDS)))
    whole = sum(sum(sizes.values()) for sizes in library.values())
    rows = []
    for part, sizes in sorted(library.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        rows.append(_library_row(part, [sizes.get(kind, 0) for kind in kinds], whole))
    if len(rows) > 1:
        sums = [sum(sizes.get(kind, 0) for sizes in library.values()) for kind in kinds]
        rows.append(_library_row("all parts", sums, whole))
    return Table(key, caption, ("Part", *kinds, "Total"), tuple(rows))


def _library_row(part: str, octets: list[int], whole: int) -> tuple[Cell, ...]:
    total = sum(octets)
    sizes = [Cell(count(number), "number") for number in octets]
    return (Cell(part), *sizes, Cell(count(total), "number", graphic=share_bar(total, whole)))


def _update(ident: str, update: Update) -> Table:
    """The code that installs packages, which is in a program only when that calls it."""
    figures = (
        ("Code", sum(update.code.values()) or None, "bytes, constants included; all of ecu::update is used"),
        ("State", update.static, "bytes: ecu_update"),
        ("Stack", update.stack, "bytes, upper bound, without flash port, hooks and self-test"),
        (
            "Stack of the self-test",
            update.self_test_stack,
            "bytes, upper bound, on top of open or run of the model",
        ),
        ("Instructions of an install", update.instructions, "100 kB, to the record that stages it"),
    )
    rows = tuple(
        (Cell(name, note=note), Cell(count(n), "number")) for name, n, note in figures if n is not None
    )
    return Table(ident, "Update packages: what ecu::update adds", ("What", "Figure"), rows)


def _instructions(ident: str, resources: Resources) -> Table:
    instructions = resources.instructions
    measured = (
        ("Open", instructions.open, "once, at start"),
        ("Run", instructions.run, "mean per golden row"),
        ("Run", instructions.run_least, "cheapest golden row"),
        ("Run", instructions.run_most, "most expensive golden row"),
    )
    rows = tuple(
        (Cell(name, note=note), Cell(count(number), "number"))
        for name, number, note in measured
        if number is not None
    )
    trees = resources.trees
    if trees.splits_most is not None:
        same = trees.splits_least == trees.splits_most
        note = f"of {count(trees.count or 0)} trees together, proved" + (
            ", the same for every row" if same else ""
        )
        rows += ((Cell("Splits of a run, at most", note=note), Cell(count(trees.splits_most), "number")),)
    place = "the emulated board, in instructions and not cycles" if resources.linked else "the host"
    double = ", ".join(resources.symbols.double)
    note = f"; double arithmetic in software: {double}" if double else ""
    return Table(ident, f"Work on {place}{note}", ("Call", "Count"), rows)
