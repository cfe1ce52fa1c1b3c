"""Two rows moved together until they are neighbours on both sides of a change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface, Rows

_HALVINGS = 50
"""Enough to come from any float32 to its neighbour: 24 bits of mantissa and some of exponent."""


def with_codes_of(interface: Interface, rows: Rows, other: Rows) -> Rows:
    """Between two categories there is nothing: both ends of a pair have the same."""
    coded = {tensor.name for tensor in interface.inputs if tensor.codes}
    tensors = {n: other.tensors[n].copy() if n in coded else array for n, array in rows.tensors.items()}
    return Rows(tensors, rows.origins)


def halve(left: Rows, right: Rows, is_left: Callable[[Rows], NDArray[np.bool_]]) -> tuple[Rows, Rows]:
    """Bisects between pairs of rows.

    Args:
        left, right: rows that differ in what is asked; of categories both have the same.
        is_left: which rows still are as the left ones.

    Returns:
        Rows on both sides, (almost) neighbours.
    """
    for _ in range(_HALVINGS):
        middle = _middle(left, right)
        same = is_left(middle)
        left, right = _choose(same, middle, left), _choose(same, right, middle)
    return left, right


def _middle(left: Rows, right: Rows) -> Rows:
    tensors = {}
    for name, a in left.tensors.items():
        b = right.tensors[name]
        if a.dtype == np.float32:
            tensors[name] = ((a.astype(np.float64) + b.astype(np.float64)) / 2.0).astype(np.float32)
        else:
            tensors[name] = a
    return Rows(tensors, left.origins)


def _choose(condition: NDArray[np.bool_], yes: Rows, no: Rows) -> Rows:
    tensors = {
        name: np.where(condition[:, None], array, no.tensors[name]) for name, array in yes.tensors.items()
    }
    return Rows(tensors, yes.origins)
