"""Rows at the edges of neighbour models: where a training row stops being one of the neighbours.

The output of such a model changes only there. Rows drawn at random, and even rows on label boundaries, miss
the edges of most training rows, and with them an error in the place of one.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.interface import Rows
from ecu_bundle.parity.halving import halve, with_codes_of
from ecu_bundle.parity.reference import estimator_input, reference_outputs

POINTS = 150
_TARGETS = 4
"""Directions that are tried for each training row."""


def edge_rows(loaded: LoadedModel, model: OnnxModel, start: Rows, generator: np.random.Generator) -> Rows:
    """Pairs of rows, almost neighbours: at one a training row is among the neighbours, at the other not.

    Args:
        loaded, model: the estimator and its conversion.
        start: finite rows; between these the edges are looked for.
        generator: chooses.

    Returns:
        At most one pair for each of `POINTS` training rows, one with different outputs where there is
        one; no rows for a model without neighbours.
    """
    estimator: Any = loaded.estimator
    steps = getattr(estimator, "steps", None)
    last = steps[-1][1] if steps else estimator
    nothing = start.take(slice(0, 0))
    if not (hasattr(last, "kneighbors") and hasattr(last, "_y")):
        return nothing

    def neighbours(rows: Rows) -> NDArray[np.intp]:
        matrix = estimator_input(model.columns, model.interface, rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            matrix = estimator[:-1].transform(matrix) if steps else matrix
            found: NDArray[np.intp] = np.asarray(last.kneighbors(matrix, return_distance=False))
        return found

    def holds(rows: Rows, points: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.asarray((neighbours(rows) == points[:, None]).any(axis=1))

    first = neighbours(start)
    seen = generator.permutation(np.unique(first))[:POINTS]
    inside = np.array([np.flatnonzero((first == point).any(axis=1))[0] for point in seen])
    points, left = np.repeat(seen, _TARGETS), start.take(np.repeat(inside, _TARGETS))
    right = with_codes_of(model.interface, start.take(generator.integers(0, len(start), len(points))), left)
    apart = np.flatnonzero(~holds(right, points))
    if not len(apart):
        return nothing
    points, left, right = points[apart], left.take(apart), right.take(apart)
    left, right = halve(left, right, lambda middle: holds(middle, points))
    changes = _changes(reference_outputs(loaded, model, left), reference_outputs(loaded, model, right))
    order = np.lexsort((-changes, points))
    kept = order[np.unique(points[order], return_index=True)[1]]
    both = {n: np.concatenate([left.tensors[n][kept], right.tensors[n][kept]]) for n in left.tensors}
    return Rows(both, ("edge",) * (2 * len(kept)))


def _changes(left: dict[str, Any], right: dict[str, Any]) -> NDArray[np.intp]:
    """How many outputs differ, (rows,)."""
    differ = [(left[name] != right[name]).any(axis=1) for name in left]
    return np.asarray(np.sum(differ, axis=0))
