"""Bagging and voting of any members: the label follows the mean probabilities, or the votes.

The decision function of a bagging ensemble is a mean of its own; scikit-learn's label never follows it.
Ensembles of trees alone are converted by `ecu_bundle.conversion.trees`, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.decisions.inner import Inner
from ecu_bundle.conversion.decisions.labels import (
    two_sides,
    wants_scores,
    write_best,
    write_label,
    write_real,
)
from ecu_bundle.conversion.nodes import Nodes, real_input


def convert_bagging(scope: Any, operator: Any, container: Any) -> None:
    """BaggingClassifier: the class with the largest mean probability, whatever the second output is."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner, source = Inner(scope, container, nodes), real_input(nodes, operator)
    classes = len(model.classes_)
    variables = [
        operator.inputs[0]
        if list(columns) == list(range(model.n_features_in_))
        else inner.taken(operator, source, columns)
        for columns in model.estimators_features_
    ]
    parts = [
        _shares(nodes, inner, member, variable, classes)
        for member, variable in zip(model.estimators_, variables, strict=True)
    ]
    shares = _mean(nodes, parts)
    if not wants_scores(operator, container):
        write_best(nodes, operator, shares)
        return
    write_label(nodes, operator, nodes.add("ArgMax", [shares], axis=1, keepdims=0))
    for member in model.estimators_:
        if len(member.classes_) != classes:
            raise NotImplementedError("the sample of a member lacks a class, and its scores are not complete")
    scores = [inner.scores(m, variable) for m, variable in zip(model.estimators_, variables, strict=True)]
    write_real(nodes, operator, two_sides(nodes, _mean(nodes, scores), classes), position=1)


def convert_voting(scope: Any, operator: Any, container: Any) -> None:
    """VotingClassifier: the weighted mean of probabilities, or the weighted count of labels."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner, variable = Inner(scope, container, nodes), operator.inputs[0]
    members, count = model.estimators_, len(model.classes_)
    weights = model._weights_not_none
    if model.voting == "hard":
        votes = [_vote(nodes, inner.labels(member, variable), count) for member in members]
        write_best(nodes, operator, _total(nodes, votes, weights))
    else:
        parts = [inner.probabilities(member, variable) for member in members]
        write_best(nodes, operator, _mean(nodes, parts, weights))


def convert_voting_regressor(scope: Any, operator: Any, container: Any) -> None:
    """VotingRegressor: the weighted mean of what its members predict."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner = Inner(scope, container, nodes)
    parts = [inner.values(member, operator.inputs[0]) for member in model.estimators_]
    write_real(nodes, operator, _mean(nodes, parts, model._weights_not_none))


def _shares(nodes: Nodes, inner: Inner, member: Any, variable: Any, classes: int) -> str:
    """Probabilities of a member over all classes; 1 for its label where it has no probabilities.

    The classes of a member are positions among those of the ensemble; its sample may lack some.
    """
    if not hasattr(member, "predict_proba"):
        return _vote(nodes, inner.labels(member, variable), classes)
    own = inner.probabilities(member, variable)
    if len(member.classes_) == classes:
        return own
    places = np.zeros((len(member.classes_), classes))
    places[np.arange(len(member.classes_)), np.asarray(member.classes_, dtype=np.intp)] = 1.0
    return nodes.add("MatMul", [own, nodes.constant(places)])


def _vote(nodes: Nodes, labels: str, classes: int) -> str:
    """1 at the position that the label (rows, 1) names, float64 (rows, classes)."""
    every = nodes.constant(np.arange(classes, dtype=np.int64)[None, :])
    return nodes.cast(nodes.add("Equal", [labels, every]), TensorProto.DOUBLE)


def _mean(nodes: Nodes, parts: Sequence[str], weights: Sequence[float] | None = None) -> str:
    total = float(len(parts) if weights is None else np.sum(weights))
    return nodes.add("Div", [_total(nodes, parts, weights), nodes.constant(np.array([total]))])


def _total(nodes: Nodes, parts: Sequence[str], weights: Sequence[float] | None = None) -> str:
    """The parts added in their order, as scikit-learn does."""
    total = ""
    for position, part in enumerate(parts):
        own = part
        if weights is not None:
            own = nodes.add("Mul", [part, nodes.constant(np.array([float(weights[position])]))])
        total = nodes.add("Add", [total, own]) if total else own
    return total


SMOOTH: dict[str, Callable[[Any, Any, Any], None]] = {
    "BaggingClassifier": convert_bagging,
    "VotingClassifier": convert_voting,
    "VotingRegressor": convert_voting_regressor,
}
"""Converters of ensembles that are not of trees alone, by class."""
