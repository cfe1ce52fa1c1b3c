"""Sums of limbs as whole numbers.

A limb of an output is a multiple of a power of two in every leaf. All limbs of an output together are a
multiple of the smallest one, so that their sum over trees is a sum of whole numbers, exact in any order. ONNX
adds the limbs in float64, the finest first: rounding happens where a partial sum has more than 53 bits.
One whole number gives the same bits when only the last addition can round, and so do two, one for the
coarsest limb and one for the rest, when only the last two can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WORD_BITS: Final = 62
"""Of a sum and of each leaf: one less than i64 holds."""

_DOUBLE_BITS: Final = 53
LARGEST_EXPONENT: Final = 400
"""Of a grid and of a start value; the kernel that makes float64 numbers of sums takes no more."""

_LEAST_SINGLE: Final = -126
_LARGEST_SINGLE: Final = 63
"""Exponents with which every whole number of a word is a normal float32, or 0."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Leaves as whole numbers.

    Attributes:
        words: whole numbers for each output: 1, or 2 with the finer one first.
        values: (leaves, outputs * words) int64.
        exponents: (outputs * words,) of the power of two that each is a multiple of.
    """

    words: int
    values: NDArray[np.int64]
    exponents: NDArray[np.int64]


def to_fixed(limbs: Sequence[NDArray[np.float64]], tree: NDArray[np.int64]) -> Fixed | None:
    """Leaves as whole numbers whose sums give the bits of the float64 additions.

    Args:
        limbs: each (leaves, outputs), in the order in which they are added.
        tree: (leaves,) the tree of each leaf.

    Returns:
        None when two words are too few.
    """
    for words in (1, 2):
        found = _with_words(limbs, tree, words)
        if found is not None:
            return found
    return None


def _with_words(limbs: Sequence[NDArray[np.float64]], tree: NDArray[np.int64], words: int) -> Fixed | None:
    if words > len(limbs):
        return None
    fine = list(limbs[: len(limbs) + 1 - words])
    exact = fine[:-1]  # partial sums that must not round
    if exact and not sums_fit(exact, tree, _DOUBLE_BITS):
        return None
    parts = [fine] if words == 1 else [fine, [limbs[-1]]]
    if not all(sums_fit(part, tree, _WORD_BITS) for part in parts):
        return None
    columns = [_whole(part) for part in parts]
    values = np.stack([numbers for numbers, _ in columns], axis=2)
    exponents = np.stack([grid for _, grid in columns], axis=1)
    if np.abs(exponents).max() > LARGEST_EXPONENT:
        return None
    return Fixed(words, values.reshape(len(values), -1), exponents.ravel())


def whole_start(
    fixed: Fixed, tree: NDArray[np.int64], start: NDArray[np.float64] | None
) -> NDArray[np.int64] | None:
    """The start values in units of the sums of one word, where sum and start are exact in float64.

    The rounding of that float64 number to float32 is then the only one, and the whole number can be rounded
    instead.

    Args:
        fixed: of one word.
        tree: (leaves,) the tree of each leaf.
        start: (outputs,) or None for 0.

    Returns:
        None when the float64 number is not exact, or a float32 number might not be normal.
    """
    exponents = fixed.exponents
    values = fixed.values.astype(np.float64)
    first = np.zeros(len(exponents)) if start is None else np.ldexp(start, -exponents)
    if exponents.min() < _LEAST_SINGLE or exponents.max() > _LARGEST_SINGLE:
        return None
    if not np.array_equal(first, np.trunc(first)) or np.abs(first).max() > 2.0 ** (_DOUBLE_BITS - 1):
        return None
    own = np.zeros((int(tree.max()) + 1, values.shape[1]))
    np.maximum.at(own, tree, np.abs(values))
    fits = own.sum(axis=0) * (1.0 + 2.0**-20) + np.abs(first) <= 2.0**_DOUBLE_BITS
    return first.astype(np.int64) if fits.all() else None


def sums_fit(limbs: Sequence[NDArray[np.float64]], tree: NDArray[np.int64], bits: int) -> bool:
    """Whether no partial sum over trees of these limbs needs more bits."""
    grid = _grid(limbs)
    largest = np.zeros((int(tree.max()) + 1, limbs[0].shape[1]))
    for limb in limbs:
        own = np.zeros_like(largest)
        np.maximum.at(own, tree, np.abs(limb))
        largest += own
    return bool(np.all(largest.sum(axis=0) * (1.0 + 2.0**-20) <= np.ldexp(1.0, grid + bits)))


def _grid(limbs: Sequence[NDArray[np.float64]]) -> NDArray[np.int64]:
    """(outputs,) exponent of the largest power of two that divides every leaf; 0 where all are 0."""
    lowest = np.full(limbs[0].shape[1], np.iinfo(np.int64).max)
    for limb in limbs:
        mantissa, exponent = np.frexp(limb)
        whole = np.abs(np.ldexp(mantissa, _DOUBLE_BITS)).astype(np.int64)
        trailing = np.frexp((whole & -whole).astype(np.float64))[1] - 1
        own = np.where(whole == 0, np.iinfo(np.int64).max, trailing + exponent - _DOUBLE_BITS)
        lowest = np.minimum(lowest, own.min(axis=0))
    return np.where(lowest == np.iinfo(np.int64).max, 0, lowest)


def _whole(limbs: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The leaves in units of their grid, and the exponent of the grid."""
    grid = _grid(limbs)
    whole = np.zeros(limbs[0].shape, dtype=np.int64)
    for limb in limbs:
        whole += np.ldexp(limb, -grid).astype(np.int64)
    return whole, grid
