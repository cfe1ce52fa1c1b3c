"""OneVsOneClassifier and OutputCodeClassifier: one class out of many by answers to binary questions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.decisions.inner import Inner
from ecu_bundle.conversion.decisions.labels import classifier_shape, write_best, write_label, write_real
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family


def convert_one_vs_one(scope: Any, operator: Any, container: Any) -> None:
    """Votes of the pairs, and their confidences to break ties."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner, variable = Inner(scope, container, nodes), operator.inputs[0]
    if model.pairwise_indices_ is not None:
        raise NotImplementedError("its members take a matrix of kernel values")
    answers = [nodes.cast(inner.labels(m, variable), TensorProto.DOUBLE) for m in model.estimators_]
    confidences = [inner.binary_scores(member, variable) for member in model.estimators_]
    yes = nodes.add("Concat", answers, axis=1)
    scores = votes_and_confidences(nodes, yes, nodes.add("Concat", confidences, axis=1), len(model.classes_))
    if len(model.classes_) > 2:
        write_best(nodes, operator, scores)
        return
    score = inner.column(scores, 1)
    from sklearn.multiclass import _threshold_for_binary_predict

    limit = nodes.constant(np.array([float(_threshold_for_binary_predict(model.estimators_[0]))]))
    write_label(nodes, operator, nodes.cast(nodes.add("Greater", [score, limit]), TensorProto.INT64))
    write_real(nodes, operator, nodes.add("Concat", [nodes.add("Neg", [score]), score], axis=1), position=1)


def votes_and_confidences(nodes: Nodes, yes: str, confidences: str, classes: int) -> str:
    """Votes of the pairs, and their summed confidence c as ``c / (3 * (|c| + 1))``, (rows, classes).

    The formula is that of ``sklearn.utils.multiclass._ovr_decision_function``.

    Args:
        nodes: where to add.
        yes: float64 (rows, pairs): 1 where a pair votes for its second class, else 0.
        confidences: float64 (rows, pairs): in the second class of a pair.
        classes: how many.
    """
    first, second = pairs_of(classes)
    one = nodes.constant(np.array([1.0]))
    no = nodes.add("Sub", [one, yes])
    votes = nodes.add(
        "Add",
        [
            nodes.add("MatMul", [no, nodes.constant(first)]),
            nodes.add("MatMul", [yes, nodes.constant(second)]),
        ],
    )
    confidence = nodes.add("MatMul", [confidences, nodes.constant(second - first)])
    size = nodes.add("Add", [nodes.add("Abs", [confidence]), one])
    share = nodes.add("Div", [confidence, nodes.add("Mul", [nodes.constant(np.array([3.0])), size])])
    return nodes.add("Add", [votes, share])


def pairs_of(classes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each pair of classes, in scikit-learn's order, a 1 at its first and at its second class."""
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    unit = np.eye(classes)
    return unit[[i for i, _ in pairs]], unit[[j for _, j in pairs]]


def convert_output_code(scope: Any, operator: Any, container: Any) -> None:
    """The class whose code word is nearest to the answers; half the squared distance is compared."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner, variable = Inner(scope, container, nodes), operator.inputs[0]
    answers = [inner.binary_scores(member, variable) for member in model.estimators_]
    words = np.asarray(model.code_book_, dtype=np.float64)
    products = nodes.add("MatMul", [nodes.add("Concat", answers, axis=1), nodes.constant(words.T.copy())])
    lengths = nodes.constant(0.5 * (words**2).sum(axis=1)[None, :])
    write_best(nodes, operator, nodes.add("Sub", [products, lengths]))


def families() -> list[Family]:
    """The classifiers by votes and by code words."""
    from sklearn.multiclass import OneVsOneClassifier, OutputCodeClassifier

    return [
        Family(kind, converter, shape=classifier_shape, options=CLASSIFIER_OPTIONS)
        for kind, converter in (
            (OneVsOneClassifier, convert_one_vs_one),
            (OutputCodeClassifier, convert_output_code),
        )
    ]
