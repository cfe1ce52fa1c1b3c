"""Values that a table does not have: missing ones, and categories that the model does not know.

The model has a rule for both, so they are no error; but a result that rests on them is to be told from
one that rests on data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import MISSING_CODE, UNKNOWN_CODE, Array, Code, Interface, Rows, Tensor
from ecu_bundle.rows import Source, column_text

_LISTED = 12


@dataclass(frozen=True, slots=True)
class Gap:
    """What one column of a table lacks.

    Attributes:
        column: input name, and the position in it where the input has several values.
        kind: ``missing``: NaN or no category; ``unknown``: a category that training did not have.
        rows: number of rows.
        first: place of the first.
    """

    column: str
    kind: Literal["missing", "unknown"]
    rows: int
    first: str


def find_gaps(rows: Rows, interface: Interface, source: Source) -> tuple[Gap, ...]:
    """The gaps of a table by column, in interface order.

    Args:
        rows: in device form.
        interface: what the model takes.
        source: where the rows come from.
    """
    found = []
    for tensor in interface.inputs:
        for kind, mask in _masks(tensor, rows.tensors[tensor.name]):
            for element in np.flatnonzero(mask.any(axis=0)).tolist():
                column = column_text(tensor, element)
                (index,) = np.nonzero(mask[:, element])
                found.append(Gap(column, kind, len(index), source.cell(int(index[0]), column)))
    return tuple(found)


def _masks(tensor: Tensor, values: Array) -> list[tuple[Literal["missing", "unknown"], NDArray[np.bool_]]]:
    if tensor.dtype == "float32":
        return [("missing", np.isnan(values))]
    masks: list[tuple[Literal["missing", "unknown"], NDArray[np.bool_]]] = []
    if Code(MISSING_CODE, "missing") in tensor.codes:
        masks.append(("missing", values == MISSING_CODE))
    if Code(UNKNOWN_CODE, "unknown") in tensor.codes:
        masks.append(("unknown", values == UNKNOWN_CODE))
    return masks


def gap_notes(gaps: Sequence[Gap], rows: int) -> list[str]:
    """The gaps in words, one line each, the rest counted."""
    words = {
        "missing": "no value (NaN)",
        "unknown": "a category that the model does not know",
    }
    notes = [f"{gap.rows} of {rows} rows hold {words[gap.kind]}, the first: {gap.first}" for gap in gaps]
    more = len(notes) - _LISTED
    return notes[:_LISTED] + ([f"and so do {more} more columns"] if more > 0 else [])
