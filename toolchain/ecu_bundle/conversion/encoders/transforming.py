"""Models that predict, used inside a pipeline for their ``transform``: discriminants, distances to centres.

skl2onnx converts such a model to its predictions wherever it stands, so the step behind it would get labels
and probabilities. Where the transform counts, the model is replaced by a twin that does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.geometry import distances
from ecu_bundle.conversion.geometry.distances import EUCLIDEAN
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parts import walk


class _Twin(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A transformer that is made fitted; scikit-learn takes none without ``fit``."""

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any = None) -> _Twin:
        del X, y
        return self


class Discriminants(_Twin):
    """``(X - centre) matrix``: what LinearDiscriminantAnalysis makes of rows.

    Args:
        centre: (features), or None for zero.
        matrix: (features, outputs).
    """

    def __init__(self, centre: NDArray[np.float64] | None, matrix: NDArray[np.float64]) -> None:
        self.centre = centre
        self.matrix = matrix

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """(rows, outputs) float64."""
        centred = X if self.centre is None else X - self.centre
        product: NDArray[Any] = centred @ self.matrix
        return product


class CentreDistances(_Twin):
    """Euclidean distances to centres: what KMeans and its kin make of rows.

    Args:
        centres: (centres, features).
    """

    def __init__(self, centres: NDArray[np.float64]) -> None:
        self.centres = centres

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """(rows, centres) float64."""
        from sklearn.metrics.pairwise import euclidean_distances

        found: NDArray[Any] = euclidean_distances(X, self.centres)
        return found


def _discriminants(model: Any) -> Discriminants:
    """``transform`` of LinearDiscriminantAnalysis; solver='lsqr' has none."""
    centre = np.asarray(model.xbar_, dtype=np.float64) if model.solver == "svd" else None
    return Discriminants(centre, np.asarray(model.scalings_[:, : model._max_components], dtype=np.float64))


def _distances(model: Any) -> CentreDistances:
    centres = model.subcluster_centers_ if type(model).__name__ == "Birch" else model.cluster_centers_
    return CentreDistances(np.asarray(centres, dtype=np.float64))


_TWINS: dict[str, Callable[[Any], Any]] = {
    "Birch": _distances,
    "BisectingKMeans": _distances,
    "KMeans": _distances,
    "LinearDiscriminantAnalysis": _discriminants,
    "MiniBatchKMeans": _distances,
}

_REFUSED = {
    "StackingClassifier": "one StackingClassifier at the end, with a stack as its final_estimator",
    "StackingRegressor": "one StackingRegressor at the end, with a stack as its final_estimator",
    "VotingClassifier": "a StackingClassifier at the end",
    "VotingRegressor": "a StackingRegressor at the end",
}


def transforming(estimator: Any) -> Any:
    """Replaces models whose ``transform`` is used, in place; returns the estimator.

    Raises:
        UnsupportedModelError: such a model has no twin; names it and what to use instead.
    """
    for part in list(walk(estimator)):
        if hasattr(part, "steps"):
            last = len(part.steps) - 1
            part.steps = [
                (name, _transforming(step) if position < last else step)
                for position, (name, step) in enumerate(part.steps)
            ]
        if hasattr(part, "transformer_list"):
            part.transformer_list = [(name, _transforming(inner)) for name, inner in part.transformer_list]
        if hasattr(part, "transformers_"):
            part.transformers_ = [
                (n, _transforming(inner), columns) for n, inner, columns in part.transformers_
            ]
            part.transformers = [t for t in part.transformers_ if t[0] != "remainder"]
    return estimator


def _transforming(step: Any) -> Any:
    """A step that is used for its transform, or what replaces it."""
    if hasattr(step, "steps"):
        name, last = step.steps[-1]
        step.steps = [*step.steps[:-1], (name, _transforming(last))]
        return step
    kind = type(step).__name__
    if not hasattr(step, "n_features_in_"):  # a word, or a template beside its fitted copies
        return step
    if hasattr(step, "best_estimator_"):
        return _transforming(step.best_estimator_)
    if kind in _TWINS:
        return _TWINS[kind](step)
    if kind in _REFUSED:
        raise UnsupportedModelError(
            "convert",
            f"{kind} in the middle of a pipeline is used for its transform, and only what it predicts "
            "can be converted",
            place=f"{type(step).__module__}.{kind}",
            hint=f"use instead: {_REFUSED[kind]}",
        )
    return step


def convert_discriminants(scope: Any, operator: Any, container: Any) -> None:
    """The difference to the centre is taken before the product, as in scikit-learn."""
    model, real = operator.raw_operator, Arithmetic(scope, operator, container)
    rows = real.input()
    if model.centre is not None:
        rows = real.offset(rows, model.centre[None, :])
    real.write(real.op("MatMul", rows, np.ascontiguousarray(model.matrix)))


def convert_centre_distances(scope: Any, operator: Any, container: Any) -> None:
    """The distance to each centre, (rows, centres)."""
    real = Arithmetic(scope, operator, container)
    squared = distances.reduced(real, real.input(), operator.raw_operator.centres, EUCLIDEAN)
    real.write(real.op("Sqrt", squared))


def families() -> list[Family]:
    """The twins."""
    discriminants = shape_of_values(lambda model: model.matrix.shape[1])
    centres = shape_of_values(lambda model: len(model.centres))
    variable = outputs("variable")
    return [
        Family(Discriminants, convert_discriminants, discriminants, variable),
        Family(CentreDistances, convert_centre_distances, centres, variable),
    ]
