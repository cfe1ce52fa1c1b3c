"""FixedThresholdClassifier and TunedThresholdClassifierCV: two classes and a threshold of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.decisions.inner import Inner
from ecu_bundle.conversion.decisions.labels import (
    classifier_shape,
    two_sides,
    wants_scores,
    write_label,
    write_real,
)
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family


def convert_threshold(scope: Any, operator: Any, container: Any) -> None:
    """``score >= threshold`` in float64, where the score is that of the positive class.

    The second output may be another one than the score that decides.
    """
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner, variable = Inner(scope, container, nodes), operator.inputs[0]
    classifier = getattr(model, "estimator_", model.estimator)
    method = _response_method(model, classifier)
    positive_label = _positive_label(model)
    positive = 1 if positive_label is None else int(np.flatnonzero(model.classes_ == positive_label)[0])
    shown = "decision_function" if wants_scores(operator, container) else "predict_proba"
    values = {
        name: two_sides(nodes, inner.scores(classifier, variable), 2)
        if name == "decision_function"
        else inner.probabilities(classifier, variable)
        for name in sorted({method, shown})
    }
    score = inner.column(values[method], positive)
    limit = nodes.constant(np.array([_threshold(model, method)]))
    above = nodes.cast(nodes.add("GreaterOrEqual", [score, limit]), TensorProto.INT64)
    if positive == 0:
        above = nodes.add("Sub", [nodes.constant(np.array([1], dtype=np.int64)), above])
    write_label(nodes, operator, above)
    write_real(nodes, operator, values[shown], position=1)


def _response_method(model: Any, classifier: Any) -> str:
    if model.response_method != "auto":
        return str(model.response_method)
    return "predict_proba" if hasattr(classifier, "predict_proba") else "decision_function"


def _positive_label(model: Any) -> Any:
    """The class whose score is compared; None: the second one."""
    if hasattr(model, "_curve_scorer"):
        return model._curve_scorer._get_pos_label()
    return model.pos_label


def _threshold(model: Any, method: str) -> float:
    if hasattr(model, "best_threshold_"):
        return float(model.best_threshold_)
    if model.threshold == "auto":
        return 0.5 if method == "predict_proba" else 0.0
    return float(model.threshold)


def families() -> list[Family]:
    """The two classifiers with a threshold."""
    from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

    return [
        Family(kind, convert_threshold, shape=classifier_shape, options=CLASSIFIER_OPTIONS)
        for kind in (FixedThresholdClassifier, TunedThresholdClassifierCV)
    ]
