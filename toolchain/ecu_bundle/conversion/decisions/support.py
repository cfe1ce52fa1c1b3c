"""SVC and NuSVC: scores beside fitted probabilities, and ties that are broken by the scores."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ecu_bundle.conversion.decisions.inner import Inner
from ecu_bundle.conversion.decisions.labels import wants_scores, write_label, write_real
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Converter, Family


def _convert_with(other: Converter) -> Converter:
    """skl2onnx's converter with what it does not know of: it gives either votes or probabilities."""

    def convert(scope: Any, operator: Any, container: Any) -> None:
        model = operator.raw_operator
        if model.break_ties and model.decision_function_shape == "ovr" and len(model.classes_) > 2:
            _convert_broken_ties(scope, operator, container)
        elif wants_scores(operator, container) and len(model.probA_):
            operator.raw_operator = _without_probabilities(model)
            container.add_options(id(operator.raw_operator), {"raw_scores": True})
            other(scope, operator, container)
        else:
            other(scope, operator, container)

    return convert


def _without_probabilities(model: Any) -> Any:
    plain = copy.copy(model)
    plain.probability = False
    plain._probA = plain._probB = np.empty(0)
    return plain


def _convert_broken_ties(scope: Any, operator: Any, container: Any) -> None:
    """The label is the first class with the largest score, not the one with the most votes."""
    nodes, plain = Nodes(scope, container), copy.copy(operator.raw_operator)
    inner, variable = Inner(scope, container, nodes), operator.inputs[0]
    plain.break_ties = False
    scores = inner.scores(plain, variable)
    write_label(nodes, operator, nodes.add("ArgMax", [scores], axis=1, keepdims=0))
    shown = scores if wants_scores(operator, container) else inner.probabilities(plain, variable)
    write_real(nodes, operator, shown, position=1)


def families() -> list[Family]:
    """The two classifiers by support vectors."""
    from skl2onnx.common._registration import get_converter
    from sklearn.svm import SVC, NuSVC

    other = _convert_with(get_converter("SklearnSVC"))
    return [Family(kind, other, options=CLASSIFIER_OPTIONS) for kind in (SVC, NuSVC)]
