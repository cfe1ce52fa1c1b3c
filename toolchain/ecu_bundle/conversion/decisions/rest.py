"""OneVsRestClassifier: one question for each class; the label follows the scores, not the probabilities."""

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
from ecu_bundle.conversion.decisions.lookup import constant_rows
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family


def convert_one_vs_rest(scope: Any, operator: Any, container: Any) -> None:
    """The class whose question has the largest score; probabilities are normalized after the fact."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    if model.multilabel_:
        raise NotImplementedError("it gives several labels a row")
    inner, variable = Inner(scope, container, nodes), operator.inputs[0]
    scores = [inner.binary_scores(member, variable) for member in model.estimators_]
    binary = len(scores) == 1
    every = scores[0] if binary else nodes.add("Concat", scores, axis=1)
    if binary:
        from sklearn.multiclass import _threshold_for_binary_predict

        limit = nodes.constant(np.array([float(_threshold_for_binary_predict(model.estimators_[0]))]))
        write_label(nodes, operator, nodes.cast(nodes.add("Greater", [every, limit]), TensorProto.INT64))
    else:
        write_label(nodes, operator, nodes.add("ArgMax", [every], axis=1, keepdims=0))
    if wants_scores(operator, container):
        values = two_sides(nodes, every, len(model.classes_))
    else:
        values = _probabilities(nodes, inner, model, variable)
    write_real(nodes, operator, values, position=1)


def _probabilities(nodes: Nodes, inner: Inner, model: Any, variable: Any) -> str:
    """Probability of yes to each question, divided by their sum where that is not 0."""
    parts = [_yes(nodes, inner, member, variable) for member in model.estimators_]
    one = nodes.constant(np.array([1.0]))
    if len(parts) == 1:
        return nodes.add("Concat", [nodes.add("Sub", [one, parts[0]]), parts[0]], axis=1)
    every = nodes.add("Concat", parts, axis=1)
    total = nodes.add("ReduceSum", [every, nodes.constant(np.array([1], dtype=np.int64))], keepdims=1)
    nothing = nodes.add("Equal", [total, nodes.constant(np.array([0.0]))])
    return nodes.add("Div", [every, nodes.add("Where", [nothing, one, total])])


def _yes(nodes: Nodes, inner: Inner, member: Any, variable: Any) -> str:
    if type(member).__name__ == "_ConstantPredictor":
        constant = np.reshape(member.y_, (1, 1)).astype(np.float64)
        return constant_rows(nodes, variable.full_name, constant)
    return inner.column(inner.probabilities(member, variable), 1)


def families() -> list[Family]:
    """OneVsRestClassifier alone."""
    from sklearn.multiclass import OneVsRestClassifier

    return [
        Family(OneVsRestClassifier, convert_one_vs_rest, shape=classifier_shape, options=CLASSIFIER_OPTIONS)
    ]
