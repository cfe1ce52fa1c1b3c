"""NearestCentroid: the class of the nearest centroid, or of the largest discriminant score.

All in float64: the label is the outcome of comparisons that the probabilities do not show, and the
scores, squared distances in units of a standard deviation, may be large while their differences, on
which the probabilities depend, are small.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.decisions.labels import class_values, classifier_shape
from ecu_bundle.conversion.geometry import distances
from ecu_bundle.conversion.geometry.distances import EUCLIDEAN, Metric, metric_of
from ecu_bundle.conversion.geometry.mixtures import write_scores
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family
from ecu_bundle.conversion.signatures import outputs


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Label, and for the Euclidean metric probabilities or, where they are asked for, scores."""
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    rows = real.input()
    metric = metric_of(model.metric)
    scores = _discriminant(real, rows, model, metric)
    if np.isclose(model.class_prior_, 1 / len(model.classes_)).all():
        nearest = distances.reduced(real, rows, model.centroids_, metric)
        best = real.op("ArgMin", nearest, axis=1, keepdims=0)
    else:
        best = real.op("ArgMax", scores, axis=1, keepdims=0)
    real.write_label(best, class_values(model.classes_))
    write_scores(real, container, model, scores)


def _discriminant(real: Arithmetic, rows: str, model: Any, metric: Metric) -> str:
    """Scores (rows, classes), equation 18.2 of Hastie, Tibshirani, Friedman (2009), as scikit-learn."""
    deviation = np.where(model.within_class_std_dev_ == 0.0, 1.0, model.within_class_std_dev_)
    difference = real.op("Div", distances.differences(real, rows, model.centroids_), deviation)
    if metric is EUCLIDEAN:
        squares = distances.squared(real, difference)
    else:
        lengths = distances.absolute(real, difference)
        squares = real.op("Mul", lengths, lengths)
    with np.errstate(divide="ignore"):
        prior = 2.0 * np.log(model.class_prior_)
    return real.op("Sub", prior[None, :], squares)


def families() -> list[Family]:
    """NearestCentroid alone."""
    from sklearn.neighbors import NearestCentroid

    return [
        Family(
            NearestCentroid,
            convert,
            classifier_shape,
            outputs("label", "probabilities"),
            CLASSIFIER_OPTIONS,
            wide=True,
        )
    ]
