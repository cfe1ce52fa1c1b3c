"""How far the outputs of two models are apart on the same rows, and how far they may be."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Tensor


@dataclass(frozen=True, slots=True)
class Move:
    """Rows whose label changes from one class to another, both by name."""

    before: str
    after: str
    rows: int


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one output of B is from A on the same rows.

    Attributes:
        output: name of the output in both bundles.
        unit: of A's output; empty when it has none.
        is_label: an int32 output, of which rows are counted; else the changes are measured.
        rows: number of rows with another value; NaN is the same as NaN, and 0 as -0.
        largest, mean: of the absolute changes in the unit of the output; None for labels, and where a
            result of one side alone is not finite.
        worst_row: the row with the largest change or the first other label; None when all agree.
        moves: of a label, the most frequent first.
    """

    output: str
    unit: str
    is_label: bool
    rows: int
    largest: float | None
    mean: float | None
    worst_row: int | None
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much drift is allowed.

    Attributes:
        general: for every output without a limit of its own; None sets none.
        own: by output. Of a label the number of rows that may give another one, else the largest
            change in the unit of the output.
    """

    general: float | None = None
    own: Mapping[str, float] | None = None

    def of(self, output: str) -> float | None:
        return (self.own or {}).get(output, self.general)

    def __bool__(self) -> bool:
        return self.general is not None or bool(self.own)


def read_limits(words: Iterable[str], outputs: Sequence[str]) -> Limits:
    """Limits from the command line, ``LIMIT`` or ``OUTPUT=LIMIT``; the last word counts.

    Args:
        words: as given.
        outputs: names of the outputs that a limit may have.

    Raises:
        UsageError: a limit that is no number of at least 0, or an output that is not there.
    """
    general: float | None = None
    own: dict[str, float] = {}
    for word in words:
        name, separator, number = word.rpartition("=")
        value = _limit(number, word)
        if not separator:
            general = value
        elif name in outputs:
            own[name] = value
        else:
            close = difflib.get_close_matches(name, outputs, n=1)
            raise UsageError(
                "usage",
                f"A has no output {name!r}",
                place=f"--max-drift {word}",
                hint=(f"did you mean {close[0]!r}? " if close else "") + "outputs: " + ", ".join(outputs),
            )
    return Limits(general, own)


def _limit(text: str, word: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0.0):
        raise UsageError(
            "usage",
            f"{text!r} is not a limit",
            place=f"--max-drift {word}",
            hint="give a number of at least 0: `--max-drift 0`, or `--max-drift mpg=0.5` for one output",
        )
    return value


def measure(tensor: Tensor, a: NDArray[Any], b: NDArray[Any]) -> Drift:
    """The drift of one output.

    Args:
        tensor: the output of A.
        a, b: results of the two models, int32 or float32 (rows, elements).
    """
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    differs = ~same.all(axis=1)
    count = int(differs.sum())
    first = int(np.argmax(differs)) if count else None
    if tensor.dtype == "int32":
        moves = _moves(tensor, a, b)
        return Drift(tensor.name, tensor.unit, True, count, None, None, first, moves)
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore"):
        changes = np.where(same, 0.0, np.abs(wide_a - wide_b)).max(axis=1)
    if not np.isfinite(changes).all():
        worst = int(np.argmin(np.isfinite(changes)))
        return Drift(tensor.name, tensor.unit, False, count, None, None, worst)
    worst_row = int(np.argmax(changes)) if count else None
    return Drift(
        tensor.name, tensor.unit, False, count, float(changes.max()), float(changes.mean()), worst_row
    )


def _moves(tensor: Tensor, a: NDArray[Any], b: NDArray[Any]) -> tuple[Move, ...]:
    names = {code.value: code.name for code in tensor.codes}
    pairs = Counter((int(old), int(new)) for old, new in zip(a.ravel(), b.ravel(), strict=True) if old != new)
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Move(names.get(old, str(old)), names.get(new, str(new)), rows) for (old, new), rows in ordered
    )


def excesses(drift: Iterable[Drift], limits: Limits) -> tuple[str, ...]:
    """The outputs that drift more than they may, in words."""
    found = []
    for one in drift:
        limit = limits.of(one.output)
        if limit is None:
            continue
        if one.is_label and one.rows > limit:
            rows = math.floor(limit)
            counted = "" if rows == limit else f" (the limit of a label counts rows: {limit:g})"
            found.append(f"{one.output}: {one.rows} rows give another label, allowed are {rows}{counted}")
        elif not one.is_label and one.largest is None:
            found.append(f"{one.output}: a result is not finite in one of the two alone")
        elif one.largest is not None and one.largest > limit:
            unit = f" {one.unit}" if one.unit else ""
            found.append(
                f"{one.output}: changes by up to {one.largest:.6g}{unit}, allowed is {limit:g}{unit}"
            )
    return tuple(found)
