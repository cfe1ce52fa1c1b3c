"""k nearest neighbours and neighbours within a radius.

Distances are float64: the k-th and the (k+1)-th neighbour may be equally far but for the rounding of
the inputs to float32 (rows on a grid, as sensors give them), and float32 arithmetic would take the
wrong one, which changes the output by a whole neighbour. Rows that are equally far in float64 are
taken in the order of the training rows; scikit-learn's own choice depends on its search tree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.decisions.labels import class_values, classifier_shape
from ecu_bundle.conversion.geometry import distances
from ecu_bundle.conversion.geometry.distances import Metric, metric_of
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Converter, Family
from ecu_bundle.conversion.signatures import shape_of_values


def metric_of_neighbours(model: Any) -> Metric:
    """The metric that a fitted model searches with."""
    return metric_of(model.effective_metric_, model.effective_metric_params_)


def training_rows(model: Any) -> NDArray[np.float64]:
    """What the model searches in, (points, features).

    Raises:
        NotImplementedError: training rows in a sparse matrix.
    """
    rows = model._fit_X
    if not isinstance(rows, np.ndarray):
        raise NotImplementedError("training on a sparse matrix is not supported; train on an array")
    return np.asarray(rows, dtype=np.float64)


def nearest(real: Arithmetic, values: str, count: int) -> tuple[str, str]:
    """The smallest ``count`` values of each row and their positions (rows, count), in rising order."""
    found, places = real.nodes.add_many(
        "TopK", [values, real.integers([count])], 2, axis=1, largest=0, sorted=1
    )
    return found, places


def inverse_distances(real: Arithmetic, whole: str) -> str:
    """Weights ``1 / distance`` along axis 1; where any distance is zero, 1 for those and 0 for the rest."""
    is_zero = real.op("Equal", whole, 0.0)
    exact = real.real(is_zero)
    inverse = real.op("Div", 1.0, real.op("Where", is_zero, 1.0, whole))
    any_exact = real.op("Greater", real.maximum(exact, 1, keep=True), 0.0)
    return real.op("Where", any_exact, exact, inverse)


def _by_distance(model: Any) -> bool:
    """Whether neighbours count by the inverse of their distance."""
    return bool(model.weights == "distance")


def _votes(real: Arithmetic, model: Any, values: NDArray[np.float64]) -> tuple[str, str]:
    """Weighted sum of the values of the k nearest rows, (rows, columns), and of the weights, (rows, 1)."""
    metric = metric_of_neighbours(model)
    reduced = distances.reduced(real, real.input(), training_rows(model), metric)
    found, places = nearest(real, reduced, model.n_neighbors)
    chosen = real.op("Gather", values, places, axis=0)
    if not _by_distance(model):
        return real.sum(chosen, 1), real.op("Identity", float(model.n_neighbors))
    weights = inverse_distances(real, distances.whole(real, found, metric))
    total = real.sum(real.op("Mul", chosen, real.at(weights, 2)), 1)
    return total, real.sum(weights, 1, keep=True)


def _votes_within(real: Arithmetic, model: Any, values: NDArray[np.float64]) -> tuple[str, str]:
    """As `_votes`, over all rows within the radius; both are 0 where there is none."""
    metric = metric_of_neighbours(model)
    reduced = distances.reduced(real, real.input(), training_rows(model), metric)
    near = real.op("LessOrEqual", reduced, metric.reduced(float(model.radius)))
    if _by_distance(model):
        inverse = inverse_distances(real, distances.whole(real, reduced, metric))
        weights = real.op("Where", near, inverse, 0.0)
    else:
        weights = real.real(near)
    return real.op("MatMul", weights, values), real.sum(weights, 1, keep=True)


def _targets(model: Any) -> NDArray[np.float64]:
    values = np.asarray(model._y, dtype=np.float64)
    return values.reshape(len(values), -1)


def _one_hot(model: Any) -> NDArray[np.float64]:
    """(training rows, classes)"""
    belongs = np.asarray(model._y)[:, None] == np.arange(len(model.classes_))
    return np.where(belongs, 1.0, 0.0)


def convert_nearest_regressor(scope: Any, operator: Any, container: Any) -> None:
    """KNeighborsRegressor: the weighted mean of the nearest targets."""
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    total, weight = _votes(real, model, _targets(model))
    real.write(real.op("Div", total, weight))


def convert_nearest_classifier(scope: Any, operator: Any, container: Any) -> None:
    """KNeighborsClassifier: the class with the largest weight; the first one of several."""
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    votes, weight = _votes(real, model, _one_hot(model))
    real.write_label(real.op("ArgMax", votes, axis=1, keepdims=0), class_values(model.classes_))
    real.write(real.op("Div", votes, weight), 1)


def convert_radius_regressor(scope: Any, operator: Any, container: Any) -> None:
    """RadiusNeighborsRegressor: the weighted mean of the targets in reach; NaN where there is none."""
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    if np.asarray(model._y).dtype.kind != "f":
        raise NotImplementedError(
            "with whole-number targets scikit-learn gives an undefined number where no neighbour is in "
            "reach; train on targets of type float"
        )
    total, weight = _votes_within(real, model, _targets(model))
    empty = real.op("Equal", weight, 0.0)
    mean = real.op("Div", total, real.op("Where", empty, 1.0, weight))
    real.write(real.op("Where", empty, np.nan, mean))


def convert_radius_classifier(scope: Any, operator: Any, container: Any) -> None:
    """RadiusNeighborsClassifier: as the nearest classifier; the outlier label where none is in reach."""
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    if model.outlier_label_ is None:
        raise NotImplementedError(
            "scikit-learn raises an error for a row without neighbours; train with an outlier_label"
        )
    outlier = np.asarray(model.classes_) == model.outlier_label_[0]
    if not outlier.any():
        raise NotImplementedError("its outlier_label is not one of the classes; train with one that is")
    votes, weight = _votes_within(real, model, _one_hot(model))
    empty = real.op("Equal", weight, 0.0)
    shares = real.op("Div", votes, real.op("Where", empty, 1.0, weight))
    probabilities = real.op("Where", empty, outlier.astype(np.float64)[None, :], shares)
    real.write_label(real.op("ArgMax", probabilities, axis=1, keepdims=0), class_values(model.classes_))
    real.write(probabilities, 1)


def families() -> list[Family]:
    """The neighbour models, in place of skl2onnx's converters."""
    from sklearn import neighbors

    regressors: dict[type, Converter] = {
        neighbors.KNeighborsRegressor: convert_nearest_regressor,
        neighbors.RadiusNeighborsRegressor: convert_radius_regressor,
    }
    classifiers: dict[type, Converter] = {
        neighbors.KNeighborsClassifier: convert_nearest_classifier,
        neighbors.RadiusNeighborsClassifier: convert_radius_classifier,
    }
    width = shape_of_values(lambda model: _targets(model).shape[1])
    return [Family(kind, converter, width, wide=True) for kind, converter in regressors.items()] + [
        Family(kind, converter, classifier_shape, options=CLASSIFIER_OPTIONS, wide=True)
        for kind, converter in classifiers.items()
    ]
