"""Witness the leaves: the value that each means in the graph against scikit-learn's float64.

Limbs are added in exact arithmetic; leaf numbers are followed to the table that they are looked up in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.parity.witnesses.forests import UNIT, Forest, Use
from ecu_bundle.parity.witnesses.graph import GraphTrees
from ecu_bundle.parity.witnesses.numbers import Lookup
from ecu_bundle.parity.witnesses.splits import Matched

TOLERANCE = 2.0**-40
"""Leaves that miss scikit-learn's by more than this, relative to the largest sum, are wrong."""


@dataclass(frozen=True, slots=True)
class SumBound:
    """What is proved of the sum of leaves for one output of one estimator, before the final rounding.

    Attributes:
        name: class of the estimator.
        output: column of the sum.
        trees: number of trees.
        largest: bound of the absolute value of the sum.
        leaf_error: bound of |sum of the graph's leaves - sum of scikit-learn's leaves|, both exact.
        addition_error: bound of what adding the graph's leaves loses: 0 while every partial sum of limbs
            is exact, and one float64 rounding for each limb after the first.
        reference_error: bound of what scikit-learn's own float64 sum loses, in any order of the trees.
        exact: every partial sum of every limb is a float32, so the order of the trees does not matter.
    """

    name: str
    output: int
    trees: int
    largest: float
    leaf_error: float
    addition_error: float
    reference_error: float
    exact: bool

    @property
    def absolute(self) -> float:
        """Bound of |sum that the graph computes - scikit-learn's exact sum|."""
        return self.leaf_error + self.addition_error


def leaf_errors(limbs: NDArray[np.float64], leaves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bound of |sum of limbs - leaf| for each leaf; exact but for roundings of the bound itself.

    Each addition is an error-free transformation (Knuth, TwoSum): the rounding error of an addition is
    again a float64. The exact difference is the last sum plus all rounding errors.

    Args:
        limbs: (limbs, leaves, outputs).
        leaves: (leaves, outputs).
    """
    total = -leaves
    lost = np.zeros_like(leaves)
    for limb in limbs:
        added = total + limb
        back = added - total
        error = (total - (added - back)) + (limb - back)
        lost = lost + np.abs(error)
        total = added
    # scaled, not compared for equality: a leaf that is met exactly gives exactly 0
    bound: NDArray[np.float64] = (np.abs(total) + lost) * (1.0 + 2.0**-48)
    return bound


@dataclass(frozen=True, slots=True)
class Leaves:
    """What is known of the leaves of a forest.

    Attributes:
        bounds: of the sums of limbs; empty for other uses, or when the leaves are not known.
        errors: (leaves, outputs): bound of what each misses scikit-learn's by; empty when not known.
        reason: why they are not known.
        worst: position in the forest of a leaf that has another value; -1 when there is none.
    """

    bounds: tuple[SumBound, ...] = ()
    errors: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    reason: str = ""
    worst: int = -1


def witness_leaves(forest: Forest, graph: GraphTrees, matched: Matched, lookup: Lookup | None) -> Leaves:
    """Compares all leaves of a forest with those of the graph.

    Args:
        forest, graph, matched: the trees, and which leaf is which.
        lookup: what becomes of the results of the graph's ensemble, where they are numbers.
    """
    if forest.leaves is None:
        return Leaves(reason="the members have different outputs")
    ensemble = int(graph.ensemble[matched.graph_leaves[0]])
    table = graph.weights[ensemble]
    if table is None:
        return Leaves(reason=f"{graph.names[ensemble]} does not add leaves of its own")
    weights = table[matched.graph_leaves - graph.starts[ensemble]]
    leaves = forest.leaves[matched.leaves]
    tree = np.unique(forest.tree[matched.leaves], return_inverse=True)[1].astype(np.int64)
    if forest.use is Use.ADDED:
        return _added(forest, matched, weights, leaves, tree)
    if forest.use is Use.MARKED:
        return _judged(matched, _marks(weights, leaves))
    return _numbered(forest, matched, weights, tree, lookup)


def _added(
    forest: Forest,
    matched: Matched,
    weights: NDArray[np.float32],
    leaves: NDArray[np.float64],
    tree: NDArray[np.int64],
) -> Leaves:
    """Leaves as limbs, (leaves, limbs * outputs)."""
    outputs = leaves.shape[1]
    if weights.shape[1] % outputs:
        return Leaves(reason="the graph adds another number of outputs")
    limbs = weights.reshape(len(weights), -1, outputs).transpose(1, 0, 2).astype(np.float64)
    errors = leaf_errors(limbs, leaves)
    trees = int(tree.max()) + 1
    largest = _over_trees(np.abs(leaves), tree, trees)
    error = _over_trees(errors, tree, trees)
    beyond = errors > TOLERANCE * np.maximum(largest, np.finfo(np.float32).tiny)
    if beyond.any():
        worst = int(matched.leaves[np.argmax(beyond.any(axis=1))])
        return Leaves(reason="the graph's are not scikit-learn's", worst=worst)
    exact = [sums_are_exact(limb, tree, trees) for limb in limbs]
    bounds = []
    for output in range(outputs):
        adding = 0.0
        for position, limb in enumerate(limbs):
            size = float(_over_trees(np.abs(limb), tree, trees)[output])
            adding += 0.0 if exact[position][output] else _gamma(trees, 2.0**-24) * size
        adding += _gamma(len(limbs) - 1, UNIT) * float(largest[output])
        bounds.append(
            SumBound(
                name=forest.name,
                output=output,
                trees=trees,
                largest=float(largest[output]),
                leaf_error=float(error[output]),
                addition_error=adding * (1.0 + 2.0**-40),
                reference_error=_gamma(trees - 1, forest.roundoff) * float(largest[output]),
                exact=bool(all(e[output] for e in exact)),
            )
        )
    return Leaves(tuple(bounds), errors)


def _marks(weights: NDArray[np.float32], leaves: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest error of each leaf that sets one column to 1, or none; (leaves, 1)."""
    rest = weights.astype(np.float64)
    column = leaves[:, 0].astype(np.int64)
    if int(column.max(initial=-1)) >= rest.shape[1]:
        return np.full((len(leaves), 1), np.inf)
    marked = np.flatnonzero(column >= 0)
    rest[marked, column[marked]] -= 1.0
    error: NDArray[np.float64] = np.abs(rest).max(axis=1, initial=0.0)[:, None]
    return error


def _numbered(
    forest: Forest,
    matched: Matched,
    weights: NDArray[np.float32],
    tree: NDArray[np.int64],
    lookup: Lookup | None,
) -> Leaves:
    """Leaves that hold a number in the column of their tree; what the table has for it, exactly."""
    trees = len(forest.roots)
    ranked = forest.use is Use.RANKED
    if lookup is None or weights.shape[1] != trees or lookup.ranked != (trees if ranked else 0):
        return Leaves(reason="the graph does not look them up")
    if ranked and not (np.diff(lookup.table, axis=0) > 0.0).all():
        return Leaves(reason="the graph sorts them in another order")
    if ranked and not np.array_equal(lookup.weights, forest.weights):
        return Leaves(reason="the graph has other weights of the trees")
    others = weights.copy()
    others[np.arange(len(tree)), tree] = 0.0
    number = weights[np.arange(len(tree)), tree]
    place = number.astype(np.int64)
    inside = (place == number) & (place >= 0) & (place < len(lookup.table)) & ~others.any(axis=1)
    values = lookup.table[np.where(inside, place, 0)].reshape(len(place), -1)
    if forest.leaves is None or values.shape[1] != forest.leaves.shape[1]:
        return Leaves(reason="the graph has values of another shape for them")
    return _judged(
        matched, np.where(inside[:, None] & (values == forest.leaves[matched.leaves]), 0.0, np.inf)
    )


def _judged(matched: Matched, errors: NDArray[np.float64]) -> Leaves:
    """Leaves that have to be met exactly."""
    wrong = np.flatnonzero(errors.any(axis=1))
    if len(wrong):
        return Leaves(reason="the graph's are not scikit-learn's", worst=int(matched.leaves[wrong[0]]))
    return Leaves(errors=errors)


def _over_trees(values: NDArray[np.float64], tree: NDArray[np.int64], trees: int) -> NDArray[np.float64]:
    """Sum over trees of the largest value in each tree, by output."""
    largest = np.zeros((trees, values.shape[1]))
    np.maximum.at(largest, tree, values)
    total: NDArray[np.float64] = largest.sum(axis=0) * (1.0 + 2.0**-40)
    return total


def sums_are_exact(limb: NDArray[np.float64], tree: NDArray[np.int64], trees: int) -> NDArray[np.bool_]:
    """Per output: all weights are multiples of a grid q, and no partial sum can pass ``2**24 * q``.

    The leaf of a single tree is not added to anything.
    """
    mantissa, exponent = np.frexp(limb)
    whole = np.abs(mantissa * 2.0**24).astype(np.int64)
    lowest = np.where(whole == 0, 1, whole & -whole).astype(np.float64)
    grid = np.where(whole == 0, np.inf, np.ldexp(lowest, exponent - 24)).min(axis=0)
    exact: NDArray[np.bool_] = (_over_trees(np.abs(limb), tree, trees) <= 2.0**24 * grid) | (trees == 1)
    return exact


def _gamma(count: int, unit: float) -> float:
    """``n u / (1 - n u)``: relative error of n roundings (Higham 2002, lemma 3.1)."""
    return count * unit / (1.0 - count * unit)
