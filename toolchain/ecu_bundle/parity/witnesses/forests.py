"""The trees of a fitted scikit-learn estimator as arrays, and what the estimator does with their leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CODES = 256
"""Codes of a categorical feature of histogram boosting are below this."""


UNIT = 2.0**-53
"""Unit roundoff of float64."""


class Use(Enum):
    """What an estimator does with the leaves that a row reaches.

    ADDED: their values are added, in any order. LISTED: values are looked up by the number of the leaf
    and added in the order of the trees. RANKED: values are looked up by numbers that were sorted.
    MARKED: each leaf sets one column of the result to 1.
    """

    ADDED = "added"
    LISTED = "listed"
    RANKED = "ranked"
    MARKED = "marked"


@dataclass(frozen=True, slots=True)
class Table:
    """One tree, children as numbers of its own nodes.

    Attributes:
        feature: column of the matrix that the estimator gets; 0 for leaves.
        threshold: float64; a row goes left when ``x <= threshold``.
        left, right: -1 for leaves.
        missing_left: NaN goes left.
        leaves: (nodes, outputs) float64, see `Forest`.
        sets: (sets, 256): for each set of categories whether a code goes left.
        set_of: for each node the set that it tests; -1 for a comparison.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    leaves: NDArray[np.float64]
    sets: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, MAX_CODES), dtype=bool))
    set_of: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Forest:
    """All trees of one estimator; arrays over their nodes, tree after tree.

    Attributes:
        name: class of the estimator.
        tree, node: number of the tree and scikit-learn's number of the node in it.
        feature, threshold, missing_left, sets, set_of: as in `Table`.
        left, right: positions of the children in these arrays; -1 for leaves.
        single: scikit-learn rounds the matrix to float32 before it compares.
        use: what the estimator does with the leaves.
        leaves: (nodes, outputs) float64: the value of a leaf; for MARKED (nodes, 1), the column that it
            sets, -1 for none. None where the trees have different outputs.
        weights: for RANKED the weight of each tree.
        roundoff: unit roundoff of what the estimator adds leaves in.
    """

    name: str
    tree: NDArray[np.int64]
    node: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    sets: NDArray[np.bool_]
    set_of: NDArray[np.int64]
    single: bool
    use: Use
    leaves: NDArray[np.float64] | None
    weights: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    roundoff: float = UNIT

    @property
    def roots(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.node == 0).astype(np.int64)

    @property
    def sizes(self) -> list[int]:
        """Nodes of each tree."""
        sizes: list[int] = np.unique(self.tree, return_counts=True)[1].tolist()
        return sizes

    def members(self) -> list[Forest]:
        """Each tree as a forest of its own; it keeps its number."""
        ends = np.cumsum(self.sizes)
        parts = [slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]
        return [
            replace(
                self,
                tree=self.tree[part],
                node=self.node[part],
                feature=self.feature[part],
                threshold=self.threshold[part],
                left=np.where(self.left[part] < 0, -1, self.left[part] - part.start),
                right=np.where(self.right[part] < 0, -1, self.right[part] - part.start),
                missing_left=self.missing_left[part],
                set_of=self.set_of[part],
                leaves=None if self.leaves is None else self.leaves[part],
            )
            for part in parts
        ]


def join(
    name: str,
    tables: Sequence[Table],
    *,
    single: bool,
    use: Use,
    weights: Any = (),
    roundoff: float = UNIT,
) -> Forest:
    """One forest of all trees."""
    sizes = np.array([len(table.left) for table in tables], dtype=np.int64)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)

    def children(side: str) -> NDArray[np.int64]:
        own = np.concatenate([getattr(table, side) for table in tables])
        return np.where(own < 0, -1, own + starts)

    widths = {table.leaves.shape[1] for table in tables}
    set_of, first_set = [], 0
    for table in tables:
        own = np.full(len(table.left), -1, dtype=np.int64) if table.set_of is None else table.set_of
        set_of.append(np.where(own < 0, -1, own + first_set))
        first_set += len(table.sets)
    return Forest(
        name=name,
        tree=np.repeat(np.arange(len(tables), dtype=np.int64), sizes),
        node=np.concatenate([np.arange(size, dtype=np.int64) for size in sizes]),
        feature=np.concatenate([table.feature for table in tables]),
        threshold=np.concatenate([table.threshold for table in tables]),
        left=children("left"),
        right=children("right"),
        missing_left=np.concatenate([table.missing_left for table in tables]),
        sets=np.concatenate([table.sets for table in tables]),
        set_of=np.concatenate(set_of),
        single=single,
        use=use,
        leaves=np.concatenate([table.leaves for table in tables]) if len(widths) == 1 else None,
        weights=np.asarray(weights, dtype=np.float64),
        roundoff=roundoff,
    )
