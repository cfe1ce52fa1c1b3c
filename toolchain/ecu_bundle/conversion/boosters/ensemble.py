"""A boosted model as arrays: what it tests, what its leaves add, and what it makes of the sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.trees.ensemble import Tree

Link = Literal["identity", "exp", "signed square", "log1p exp", "sigmoid", "softmax"]
"""What a model makes of the sum x: x, exp(x), x |x|, log(1 + exp(x)), 1 / (1 + exp(-x)), softmax."""


@dataclass(frozen=True, slots=True)
class Category:
    """A split on categories, as a column that is 0 for what goes left and 1 for everything else.

    Attributes:
        source: column of the input.
        edges: rising float64; a value on an edge belongs to the range before it.
        values: (edges + 1,) 0 or 1: of each range. NaN belongs to the last one.
    """

    source: int
    edges: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ensemble:
    """A fitted model of LightGBM or XGBoost.

    Attributes:
        trees: in the order of training. Columns from ``columns`` on are those of ``categories``.
        columns: of the input.
        start: (outputs,) float64: what is added to the sum of leaves.
        divisor: what the sum is divided by before that.
        link: see `Link`.
        scale: what the sum is multiplied with before a sigmoid.
        single: the model rounds its input to float32 before it compares, and computes in float32.
        zero_missing: columns in which a value of at most `ZERO` counts as missing.
        categories: the columns behind the input.
    """

    trees: tuple[Tree, ...] = field(repr=False)
    columns: int
    start: NDArray[np.float64]
    divisor: float
    link: Link
    scale: float = 1.0
    single: bool = False
    zero_missing: tuple[int, ...] = ()
    categories: tuple[Category, ...] = field(default=(), repr=False)

    @property
    def fixed(self) -> frozenset[int]:
        """Columns that are read in another way than by a threshold."""
        return frozenset(self.zero_missing) | {category.source for category in self.categories}


ZERO = float(np.float32(1e-35))
"""LightGBM's ``kZeroThreshold``: a value of at most this size is 0 to it."""
