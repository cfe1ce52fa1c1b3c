"""Linear classifiers whose probabilities are not what their label follows."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.decisions.labels import (
    classifier_shape,
    two_sides,
    wants_scores,
    write_label,
    write_real,
)
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family


def convert_linear(scope: Any, operator: Any, container: Any) -> None:
    """Label by the linear scores; scores, or the probabilities that the class makes of them."""
    model = operator.raw_operator
    # small logistic functions are divided by their small sum: exp makes of the scores' errors large ones
    fine = getattr(model, "loss", "") == "log_loss" and len(model.classes_) > 2
    real = Arithmetic(scope, operator, container, double=fine)
    weights = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    scores = real.op("MatMul", real.input(), weights.T.copy())
    scores = real.op("Add", scores, np.reshape(model.intercept_, (1, -1)))
    classes = len(model.classes_)
    if classes > 2:
        index = real.op("ArgMax", scores, axis=1, keepdims=0)
    else:
        index = real.nodes.cast(real.op("Greater", scores, 0.0), TensorProto.INT64)
    write_label(real.nodes, operator, index)
    if wants_scores(operator, container):
        values = two_sides(real.nodes, scores, classes)
    elif type(model).__name__ == "SGDClassifier":
        values = _of_loss(real, model.loss, scores, classes)
    else:
        values = _logistic(real, scores) if classes == 2 else real.op("Softmax", scores, axis=1)
    write_real(real.nodes, operator, values, position=1)


def _logistic(real: Arithmetic, score: str) -> str:
    yes = real.op("Sigmoid", score)
    return real.op("Concat", real.op("Sub", 1.0, yes), yes, axis=1)


def _of_loss(real: Arithmetic, loss: str, scores: str, classes: int) -> str:
    """``predict_proba`` of SGDClassifier: by logistic functions, or by scores between -1 and 1.

    More than two classes are divided by their sum; where modified_huber gives 0 for all of them, they
    share equally (Zadrozny and Elkan 2002, as scikit-learn cites it).
    """
    if loss == "log_loss":
        if classes == 2:
            return _logistic(real, scores)
        shares = real.op("Sigmoid", scores)
        return real.op("Div", shares, real.sum(shares, 1, keep=True))
    if loss != "modified_huber":
        raise NotImplementedError(f"loss={loss!r} has no probabilities")
    inside = real.op("Max", real.op("Min", scores, 1.0), -1.0)
    shares = real.op("Div", real.op("Add", inside, 1.0), 2.0)
    if classes == 2:
        return real.op("Concat", real.op("Sub", 1.0, shares), shares, axis=1)
    total = real.sum(shares, 1, keep=True)
    nothing = real.op("Equal", total, 0.0)
    return real.op(
        "Where", nothing, 1.0 / classes, real.op("Div", shares, real.op("Where", nothing, 1.0, total))
    )


def families() -> list[Family]:
    """SGDClassifier, and LinearDiscriminantAnalysis as a classifier."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import SGDClassifier

    return [
        Family(kind, convert_linear, shape=classifier_shape, options=CLASSIFIER_OPTIONS)
        for kind in (SGDClassifier, LinearDiscriminantAnalysis)
    ]
