"""Write float64 leaf values as float32 limbs whose sums over trees are exact in any order.

A limb is a multiple of a power of two, its grid. When every partial sum of multiples of a grid q stays
at or below 2**24 * q, float32 holds it exactly, whatever the order of additions. The first limb takes
the leaf rounded to the grid that the largest possible sum allows, the next one what is left, on a finer
grid made the same way. The limbs are added at the end, in float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MANTISSA_BITS = 24
_SMALLEST_EXPONENT = -149
_RELATIVE_TARGET = 2.0**-44
"""Each limb adds about 20 bits; enough are taken that the sum is closer than this to the true one."""

MAX_LIMBS = 6


def split(leaves: Sequence[NDArray[np.float64]]) -> list[list[NDArray[np.float32]]]:
    """Splits the leaf values of an ensemble.

    Args:
        leaves: per tree the values of its leaves, (leaves, outputs).

    Returns:
        Per limb, the most significant first, and per tree: float32 values of the same shape. Their sum
        over limbs is the leaf up to the grid of the last one.
    """
    if len(leaves) == 1:
        # nothing is added: the nearest float32, and what it misses
        nearest = leaves[0].astype(np.float32)
        missed = (leaves[0] - nearest).astype(np.float32)
        return [[nearest], [missed]] if missed.any() else [[nearest]]
    rest = [values.astype(np.float64) for values in leaves]
    outputs = rest[0].shape[1] if rest else 0
    target = np.minimum(_largest_sum(rest, outputs) * _RELATIVE_TARGET, _smallest(rest, outputs) * 2.0**-30)
    limbs: list[list[NDArray[np.float32]]] = []
    while len(limbs) < MAX_LIMBS:
        bound = _largest_sum(rest, outputs)
        if limbs and bool(np.all(bound <= target)):
            break
        grid = _grid(bound)
        with np.errstate(invalid="ignore", divide="ignore"):
            limb = [np.where(grid > 0.0, np.round(values / grid) * grid, 0.0) for values in rest]
        limbs.append([values.astype(np.float32) for values in limb])
        rest = [values - part for values, part in zip(rest, limb, strict=True)]
    return limbs


def split_on_grid(
    leaves: Sequence[NDArray[np.float64]], finest: NDArray[np.float64]
) -> list[list[NDArray[np.float32]]]:
    """Splits leaf values rounded to a grid, without any rest.

    Args:
        leaves: per tree the values of its leaves, (leaves, outputs).
        finest: (outputs,) the power of two that values are rounded to, at least 2**-149.

    Returns:
        As `split`.
    """
    rest = [np.round(values / finest) * finest for values in leaves]
    limbs: list[list[NDArray[np.float32]]] = []
    while not limbs or any(values.any() for values in rest):
        grid = np.maximum(_grid(_largest_sum(rest, len(finest))), finest)
        limb = [np.round(values / grid) * grid for values in rest]
        limbs.append([values.astype(np.float32) for values in limb])
        rest = [values - part for values, part in zip(rest, limb, strict=True)]
    return limbs


def _smallest(leaves: Sequence[NDArray[np.float64]], outputs: int) -> NDArray[np.float64]:
    """Per output, the smallest leaf that is not 0: a sum may consist of such leaves alone."""
    smallest = np.full(outputs, np.inf)
    for values in leaves:
        sizes = np.where(values == 0.0, np.inf, np.abs(values))
        smallest = np.minimum(smallest, sizes.min(axis=0, initial=np.inf))
    return np.where(np.isfinite(smallest), smallest, 0.0)


def _largest_sum(leaves: Sequence[NDArray[np.float64]], outputs: int) -> NDArray[np.float64]:
    """Per output, an upper bound of the absolute value of every partial sum over trees."""
    total = np.zeros(outputs)
    for values in leaves:
        if len(values):
            total += np.abs(values).max(axis=0)
    return total


def _grid(bound: NDArray[np.float64]) -> NDArray[np.float64]:
    """The finest grid on which sums up to the bound, and one rounding per tree more, are exact."""
    with np.errstate(divide="ignore"):
        exponent = np.ceil(np.log2(bound * (1.0 + 2.0**-20))) + 1 - _MANTISSA_BITS
    exponent = np.maximum(exponent, _SMALLEST_EXPONENT)
    return np.where(bound > 0.0, np.exp2(np.where(np.isfinite(exponent), exponent, 0.0)), 0.0)
