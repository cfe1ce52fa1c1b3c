"""Estimators that stand for LightGBM's and XGBoost's on the copy that is converted.

Their trees are plain arrays, into which scalers can be folded. What they compute serves to learn shapes;
the reference of every proof is the package itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

from ecu_bundle.conversion.boosters.ensemble import ZERO, Ensemble
from ecu_bundle.conversion.trees.ensemble import Tree


class _Twin(BaseEstimator):  # type: ignore[misc]
    """An estimator that is fitted from the beginning."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble = ensemble
        self.n_features_in_ = ensemble.columns

    def fit(self, X: Any, y: Any = None) -> _Twin:
        """Nothing: pipelines take an object with this method for an estimator."""
        del X, y
        return self


class BoostedRegressor(RegressorMixin, _Twin):  # type: ignore[misc]
    """A regressor over an `Ensemble`."""

    def predict(self, X: Any) -> NDArray[np.float64]:
        """(rows,) or, with several outputs, (rows, outputs)."""
        values = _linked(self.ensemble, _sums(self.ensemble, X))
        return values[:, 0] if values.shape[1] == 1 else values


class BoostedClassifier(ClassifierMixin, _Twin):  # type: ignore[misc]
    """A classifier over an `Ensemble`.

    Args:
        ensemble: of one output for two classes, else of one for each class.
        classes: labels in the order of the outputs.
        has_scores: the package's own classifier has a decision function.
    """

    def __init__(self, ensemble: Ensemble, classes: NDArray[Any], *, has_scores: bool) -> None:
        super().__init__(ensemble)
        self.classes = classes
        self.has_scores = has_scores
        self.classes_ = classes

    def predict(self, X: Any) -> NDArray[Any]:
        """Labels, (rows,)."""
        chosen: NDArray[Any] = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return chosen

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(rows, classes)."""
        shares = _linked(self.ensemble, _sums(self.ensemble, X))
        return np.concatenate([1.0 - shares, shares], axis=1) if shares.shape[1] == 1 else shares

    @available_if(lambda self: self.has_scores)  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """(rows,) for one output, else (rows, outputs)."""
        sums = _sums(self.ensemble, X)
        return sums[:, 0] if sums.shape[1] == 1 else sums


def _sums(ensemble: Ensemble, X: Any) -> NDArray[np.float64]:
    """What the link is given, (rows, outputs)."""
    matrix = np.asarray(X, dtype=np.float64)
    if ensemble.single:
        with np.errstate(over="ignore"):
            matrix = matrix.astype(np.float32).astype(np.float64)
    columns = [matrix]
    for category in ensemble.categories:
        value = matrix[:, category.source]
        place = np.where(np.isnan(value), len(category.edges), np.searchsorted(category.edges, value))
        columns.append(category.values[place][:, None])
    for column in ensemble.zero_missing:
        matrix[:, column][np.abs(matrix[:, column]) <= ZERO] = np.nan
    full = np.concatenate(columns, axis=1)
    total = np.zeros((len(full), len(ensemble.start)))
    for tree in ensemble.trees:
        total += tree.values[_leaves(tree, full)]
    return total / ensemble.divisor + ensemble.start


def _leaves(tree: Tree, matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    """The leaf that each row reaches."""
    rows = np.arange(len(matrix))
    node = np.zeros(len(matrix), dtype=np.int64)
    while (inner := ~tree.is_leaf[node]).any():
        value = matrix[rows, tree.feature[node]]
        left = np.where(np.isnan(value), tree.missing_left[node], value <= tree.threshold[node])
        node = np.where(inner, np.where(left, tree.left[node], tree.right[node]), node)
    return node


def _linked(ensemble: Ensemble, sums: NDArray[np.float64]) -> NDArray[np.float64]:
    if ensemble.link == "exp":
        return np.asarray(np.exp(sums))
    if ensemble.link == "signed square":
        return np.asarray(sums * np.abs(sums))
    if ensemble.link == "log1p exp":
        return np.asarray(np.log1p(np.exp(sums)))
    if ensemble.link == "sigmoid":
        return np.asarray(1.0 / (1.0 + np.exp(-ensemble.scale * sums)))
    if ensemble.link == "softmax":
        shares = np.exp(sums - sums.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))
    return sums
