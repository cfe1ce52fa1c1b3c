"""Rows on which scikit-learn does not agree with itself: another order of its own additions decides.

A label that changes when the trees of a forest are added in another order, or the output of a neighbour
model that changes with the way the neighbours are searched, is not defined by the model: the float64
roundings of one order chose it. Every order here is as much scikit-learn's as the one it happens to use.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDERS = 64
SEED = 5
_PARALLEL = ("estimators_", "estimator_weights_", "estimators_features_", "_predictors")
"""What an ensemble keeps for each of its members, in their order; the lists belong together."""

_SEARCHES = ("brute", "kd_tree")


def undecided(
    estimator: Any, rows: NDArray[np.float32], answers: Callable[[Any, NDArray[np.float64]], NDArray[Any]]
) -> NDArray[np.bool_]:
    """Which rows get another answer from the same model in some other order, (rows,).

    Args:
        estimator: a model of trees or neighbours, or a pipeline that ends in one; any other has no orders.
        rows: (rows, features).
        answers: of an estimator for rows in float64: labels, or values of which a part in 10,000 counts.
    """
    changed = np.zeros(len(rows), dtype=bool)
    if not len(rows):
        return changed
    matrix = rows.astype(np.float64)
    own = answers(estimator, matrix)
    for other in _in_other_orders(estimator):
        found = answers(other, matrix)
        same = np.isclose(own, found, rtol=0.0, atol=1e-4 * max(1.0, float(np.abs(own).max())))
        changed |= ~same.reshape(len(rows), -1).all(axis=1)
    return changed


def _in_other_orders(estimator: Any) -> Iterator[Any]:
    if hasattr(estimator, "steps"):
        for last in _in_other_orders(estimator[-1]):
            other = copy.copy(estimator)
            other.steps = [*estimator.steps[:-1], ("last", last)]
            yield other
        return
    if hasattr(estimator, "_fit_X"):
        for search in _SEARCHES:
            other = copy.copy(estimator).set_params(algorithm=search)
            targets = estimator._y if not hasattr(estimator, "classes_") else estimator.classes_[estimator._y]
            yield other.fit(estimator._fit_X, targets)
        return
    kept = {name: list(vars(estimator)[name]) for name in _PARALLEL if name in vars(estimator)}
    members = kept.get("estimators_") or kept.get("_predictors") or []
    generator = np.random.default_rng(SEED)
    for _ in range(ORDERS if len(members) > 1 else 0):
        order = generator.permutation(len(members))
        other = copy.copy(estimator)
        for name, values in kept.items():
            moved = [values[i] for i in order]
            setattr(other, name, np.array(moved) if isinstance(vars(estimator)[name], np.ndarray) else moved)
        yield other
