"""StackingClassifier and StackingRegressor: an estimator on what other estimators say."""

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
from ecu_bundle.conversion.nodes import Nodes, real_input
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family
from ecu_bundle.conversion.signatures import shape_of_values


def convert_stacked_classifier(scope: Any, operator: Any, container: Any) -> None:
    """StackingClassifier: label, and probabilities or scores, of the final estimator."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner = Inner(scope, container, nodes)
    final, classes = model.final_estimator_, len(model.classes_)
    if len(final.classes_) != classes:
        raise NotImplementedError("its final estimator does not know every class")
    variable = _seen(nodes, inner, operator)
    write_label(nodes, operator, inner.labels(final, variable))
    if wants_scores(operator, container):
        values = two_sides(nodes, inner.scores(final, variable), classes)
    else:
        values = inner.probabilities(final, variable)
    write_real(nodes, operator, values, position=1)


def convert_stacked_regressor(scope: Any, operator: Any, container: Any) -> None:
    """StackingRegressor: what the final estimator predicts."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner = Inner(scope, container, nodes)
    variable = _seen(nodes, inner, operator)
    write_real(nodes, operator, inner.values(model.final_estimator_, variable, _targets(model)))


def _seen(nodes: Nodes, inner: Inner, operator: Any) -> Any:
    """The input of the final estimator: what each member says, then the columns that are passed on."""
    model, variable = operator.raw_operator, operator.inputs[0]
    two = len(getattr(model, "classes_", ())) == 2
    parts = []
    for member, method in zip(model.estimators_, model.stack_method_, strict=True):
        if method == "predict_proba":
            shares = inner.probabilities(member, variable)
            parts.append(inner.column(shares, 1) if two else shares)
        elif method == "decision_function":
            parts.append(inner.scores(member, variable))
        elif hasattr(model, "classes_"):
            parts.append(nodes.cast(inner.labels(member, variable), TensorProto.DOUBLE))
        else:
            parts.append(inner.values(member, variable))
    if model.passthrough:
        parts.append(nodes.cast(real_input(nodes, operator), TensorProto.DOUBLE))
    whole = parts[0] if len(parts) == 1 else nodes.add("Concat", parts, axis=1)
    return inner.variable(operator, int(model.final_estimator_.n_features_in_), whole)


def _targets(model: Any) -> int:
    return int(np.prod(np.shape(model.final_estimator_.predict(_one_row(model)))))


def _one_row(model: Any) -> Any:
    return np.zeros((1, int(model.final_estimator_.n_features_in_)))


def families() -> list[Family]:
    """The two stacks."""
    from sklearn.ensemble import StackingClassifier, StackingRegressor

    return [
        Family(
            StackingClassifier,
            convert_stacked_classifier,
            shape=classifier_shape,
            options=CLASSIFIER_OPTIONS,
        ),
        Family(StackingRegressor, convert_stacked_regressor, shape=shape_of_values(_targets)),
    ]
