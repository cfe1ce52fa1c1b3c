"""What leaves add, without repetitions. Formats: ``docs/native_trees.md``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.trees.layouts import LAST_LINK
from ecu_bundle.lowering.views import View, constant_view

_MAX_VALUES: Final = 2**15
_MAX_COLUMNS: Final = 2**16
_VALUE_SHIFT: Final = 16
_LAST: Final = 1 << 31
LISTED: Final = ("values", "values40", "values48", "pairs")
"""Leaves that are numbers of one output."""

_HIGH: Final[dict[str, np.dtype[Any]]] = {"values40": np.dtype("<i1"), "values48": np.dtype("<i2")}
"""What stands above the low word of a leaf; the narrower one first."""

_PAIR: Final = np.dtype([("low", "<i8"), ("high", "<i4")])


@dataclass(frozen=True, slots=True)
class Leaves:
    """The leaf part of a record.

    Attributes:
        name: second part of the kernel's name: ``values``, ``values40``, ``values48``, ``pairs``, ``shares``,
            ``rows`` or ``numbers``.
        number: (leaves,) number of each leaf, within its tree.
        bases: for each tree, by how much the numbers of the next one are larger.
        words: numbers and constants after the common part of the record.
        size: bytes of flash.
        order: trees in the order that the kernel wants them.
        counters: words of workspace besides the slots.
        row: columns of each leaf of ``rows``.
    """

    name: str
    number: NDArray[np.int64]
    bases: tuple[int, ...]
    words: tuple[int | View | None, ...]
    size: int
    order: tuple[int, ...]
    counters: int = 0
    row: int = 0


def encode_leaves(
    values: NDArray[np.int64],
    tree: NDArray[np.int64],
    *,
    words: int,
    complete: NDArray[np.int64] | None = None,
) -> list[Leaves]:
    """All forms that the leaves can take.

    Args:
        values: (leaves, columns) whole numbers.
        tree: (leaves,) the tree of each.
        words: columns of one output, 1 or 2.
        complete: for complete trees (trees, 2**depth): the leaf at each end.
    """
    order = _groups(values, tree, words)
    forms = []
    if order is not None:
        own = _own_output(values, tree, words, order)
        listed = _listed(own, values.shape[1], tree, order, complete)
        forms += [listed] if listed else []
    if complete is None:
        shares = _shares(values, tree)
        forms += [shares] if shares else []
        forms += [_rows(values, tree)] if values.shape[1] > 1 else []
    return forms


def encode_numbers(numbers: NDArray[np.int64], tree: NDArray[np.int64]) -> Leaves:
    """One number for each leaf; the trees are in the order of the result."""
    distinct, place = np.unique(numbers, return_inverse=True)
    order = tuple(range(int(tree.max()) + 1))
    number, bases, rows = _numbered(place, tree, order)
    table = constant_view(distinct[rows], "i32")
    return Leaves("numbers", number, bases, (table, len(rows)), 4 * len(rows), order)


def is_grouped(values: NDArray[np.int64], tree: NDArray[np.int64], words: int) -> bool:
    """Whether every tree adds to one output, so that leaves can be listed; arguments as `encode_leaves`."""
    return _groups(values, tree, words) is not None


def _groups(values: NDArray[np.int64], tree: NDArray[np.int64], words: int) -> tuple[int, ...] | None:
    """Trees output by output, when every tree adds to one output only and all outputs have as many."""
    outputs = values.shape[1] // words
    trees = int(tree.max()) + 1
    used = np.zeros((trees, outputs), dtype=bool)
    np.logical_or.at(used, tree, values.reshape(len(values), outputs, words).any(axis=2))
    if (used.sum(axis=1) > 1).any() or trees % outputs:
        return None
    free = np.flatnonzero(~used.any(axis=1)).tolist()  # trees that add nothing go anywhere
    queues = [np.flatnonzero(used[:, output]).tolist() for output in range(outputs)]
    for queue in queues:
        while len(queue) < trees // outputs and free:
            queue.append(free.pop())
    if any(len(queue) != trees // outputs for queue in queues):
        return None
    return tuple(number for queue in queues for number in queue)


def _own_output(
    values: NDArray[np.int64], tree: NDArray[np.int64], words: int, order: tuple[int, ...]
) -> NDArray[np.int64]:
    """(leaves, words): what each leaf adds to the output of its tree."""
    outputs = values.shape[1] // words
    output = np.empty(len(order), dtype=np.int64)
    output[list(order)] = np.repeat(np.arange(outputs), len(order) // outputs)
    return values.reshape(len(values), outputs, words)[np.arange(len(values)), output[tree]]


def _listed(
    rows: NDArray[np.int64],
    columns: int,
    tree: NDArray[np.int64],
    order: tuple[int, ...],
    complete: NDArray[np.int64] | None,
) -> Leaves | None:
    """``values`` of as few bits as hold them, or ``pairs`` for outputs of two words.

    Returns:
        None when the second word is too large.
    """
    if complete is None:
        distinct, place = np.unique(rows, axis=0, return_inverse=True)
        number, bases, kept = _numbered(place.ravel(), tree, order)
        table = distinct[kept]
    else:
        number, bases = np.zeros(len(rows), dtype=np.int64), (0,) * len(order)
        table = rows[complete[list(order)].ravel()]
    if rows.shape[1] == 1:
        name, size, tables = _of_one_word(table.ravel())
        return Leaves(name, number, bases, (columns, *tables, len(table)), size * len(table), order)
    highs = np.zeros((len(order), 1), dtype=np.int64)
    np.maximum.at(highs, tree, np.abs(rows[:, 1:]))
    if highs.sum() > np.iinfo(np.int32).max:  # an upper bound of the sum of any output
        return None
    pairs = np.zeros(len(table), dtype=_PAIR)
    pairs["low"], pairs["high"] = table[:, 0], table[:, 1]
    words = (columns, constant_view(pairs.view("<i4"), "i32"), len(table))
    return Leaves("pairs", number, bases, words, _PAIR.itemsize * len(table), order)


def _of_one_word(values: NDArray[np.int64]) -> tuple[str, int, list[View]]:
    """The kind of the leaves, bytes of each, and their tables."""
    highs = values >> 32
    for name, dtype in _HIGH.items():
        if np.array_equal(highs.astype(dtype), highs):
            stored = highs.astype(dtype).tobytes()
            padded = np.frombuffer(stored + bytes(-len(stored) % 4), "<i4")
            lows = (values & 0xFFFFFFFF).astype("<u4").view("<i4")
            return name, 4 + dtype.itemsize, [constant_view(lows, "i32"), constant_view(padded, "i32")]
    return "values", 8, [constant_view(values, "i64")]


def _numbered(
    place: NDArray[np.int64], tree: NDArray[np.int64], order: tuple[int, ...]
) -> tuple[NDArray[np.int64], tuple[int, ...], NDArray[np.int64]]:
    """Numbers of leaves for the whole ensemble where links can hold them, else for each tree.

    Args:
        place: (leaves,) row of what each leaf adds, among the distinct ones.

    Returns:
        (leaves,) numbers, the step of each tree, and the rows in order of number.
    """
    count = int(place.max()) + 1
    if count <= LAST_LINK + 1:
        return place, (0,) * len(order), np.arange(count)
    number = np.zeros(len(place), dtype=np.int64)
    kept, bases = [], [0] * len(order)
    members = np.split(np.argsort(tree, kind="stable"), np.cumsum(np.bincount(tree))[:-1])
    for position in order:
        rows, number[members[position]] = np.unique(place[members[position]], return_inverse=True)
        kept.append(rows)
        bases[position] = len(rows)
    return number, tuple(bases), np.concatenate(kept)


def _rows(values: NDArray[np.int64], tree: NDArray[np.int64]) -> Leaves:
    """A leaf is a row of all columns: of any number of leaves, however different they are."""
    distinct, place = np.unique(values, axis=0, return_inverse=True)
    order = tuple(range(int(tree.max()) + 1))
    number, bases, kept = _numbered(place.ravel(), tree, order)
    table = constant_view(distinct[kept], "i64")
    words = (values.shape[1], table, len(kept))
    return Leaves("rows", number, bases, words, 8 * table.elements, order, row=values.shape[1])


def _shares(values: NDArray[np.int64], tree: NDArray[np.int64]) -> Leaves | None:
    """A leaf that adds one unit to one column is that column's number; others are lists of entries."""
    columns = values.shape[1]
    rows, place = np.unique(values, axis=0, return_inverse=True)
    place = place.ravel()
    units = _units(rows, np.bincount(place, minlength=len(rows)))
    filled = rows != 0
    column = np.argmax(filled, axis=1)
    is_unit = (filled.sum(axis=1) == 1) & (rows[np.arange(len(rows)), column] == units[column])
    filled[:, 0] |= ~filled.any(axis=1)  # a leaf that adds nothing adds 0 to the first column
    known = np.unique(rows[~is_unit][filled[~is_unit]])
    sizes = np.where(is_unit, 0, filled.sum(axis=1))
    number = np.where(is_unit, column, columns + np.cumsum(sizes) - sizes)
    if len(known) > _MAX_VALUES or columns > _MAX_COLUMNS or number.max() > LAST_LINK:
        return None
    row, used = np.nonzero(filled & ~is_unit[:, np.newaxis])
    entries = used | np.searchsorted(known, rows[row, used]) << _VALUE_SHIFT
    entries[np.cumsum(sizes[sizes > 0]) - 1] |= _LAST
    words = (
        *(columns, constant_view(units, "i64")),
        *(constant_view(entries.astype("<u4").view("<i4"), "i32") if len(entries) else None, len(entries)),
        *(constant_view(known, "i64") if len(known) else None, len(known)),
    )
    order = tuple(range(int(tree.max()) + 1))
    size = 8 * columns + 4 * len(entries) + 8 * len(known)
    return Leaves("shares", number[place], (0,) * len(order), words, size, order, counters=columns)


def _units(rows: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each column the most frequent value of leaves that add to it alone."""
    filled = rows != 0
    alone = filled.sum(axis=1) == 1
    units = np.zeros(rows.shape[1], dtype=np.int64)
    for column in range(rows.shape[1]):
        mine = np.flatnonzero(alone & filled[:, column])
        if len(mine):
            units[column] = rows[mine[np.argmax(weight[mine])], column]
    return units
