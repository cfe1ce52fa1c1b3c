"""Votes and means over several models made of trees: Voting, and Bagging of other than single trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.results import Decision, divided, largest, number, whole

ValuesOf = Callable[[Nodes, str, Any], str]
DecisionOf = Callable[[Nodes, str, Any], Decision]


def average_values(nodes: Nodes, matrix: str, model: Any, of: ValuesOf) -> str:
    """The weighted mean of regressors, added in their order as scikit-learn does."""
    parts = [
        of(nodes, _columns(nodes, matrix, model, i), member) for i, member in enumerate(model.estimators_)
    ]
    return _average(nodes, parts, _weights(model))


def average_decision(nodes: Nodes, matrix: str, model: Any, of: DecisionOf) -> Decision:
    """The weighted mean of shares, or the weighted count of votes."""
    hard = getattr(model, "voting", "soft") == "hard"
    parts, scores = [], []
    for i, member in enumerate(model.estimators_):
        decision = of(nodes, _columns(nodes, matrix, model, i), member)
        parts.append(
            _one_hot(nodes, decision, model) if hard else _all_classes(nodes, decision, member, model)
        )
        if decision.scores and len(member.classes_) == len(model.classes_):
            scores.append(decision.scores)
    if not hard:
        found = largest(nodes, _average(nodes, parts, _weights(model)))
        mean = _average(nodes, scores, None) if len(scores) == len(parts) else ""
        return replace(found, scores=mean)  # the label follows the shares all the same
    return largest(nodes, _total(nodes, parts, _weights(model)))


def _columns(nodes: Nodes, matrix: str, model: Any, position: int) -> str:
    """What a member of a bagging ensemble sees of the input."""
    columns = list(getattr(model, "estimators_features_", {position: []})[position])
    if columns in ([], list(range(model.n_features_in_))):
        return matrix
    return nodes.add("Gather", [matrix, whole(nodes, *map(int, columns))], axis=1)


def _weights(model: Any) -> list[float] | None:
    weights = getattr(model, "_weights_not_none", None)
    return None if weights is None else [float(weight) for weight in weights]


def _one_hot(nodes: Nodes, decision: Decision, model: Any) -> str:
    index = nodes.add("Reshape", [decision.index, whole(nodes, -1, 1)])
    classes = nodes.constant(np.arange(len(model.classes_), dtype=np.int64).reshape(1, -1))
    return nodes.cast(nodes.add("Equal", [index, classes]), TensorProto.DOUBLE)


def _all_classes(nodes: Nodes, decision: Decision, member: Any, model: Any) -> str:
    """Shares of all classes, for a member whose sample missed some."""
    count = len(model.classes_)
    if len(member.classes_) == count:
        return decision.shares
    place = np.full(count, len(member.classes_), dtype=np.int64)
    place[np.asarray(member.classes_, dtype=np.intp)] = np.arange(len(member.classes_))
    first = nodes.add("Gather", [decision.shares, whole(nodes, 0)], axis=1)
    none = nodes.add("Mul", [first, number(nodes, 0.0)])
    return nodes.add(
        "Gather", [nodes.add("Concat", [decision.shares, none], axis=1), whole(nodes, *place)], axis=1
    )


def _total(nodes: Nodes, parts: list[str], weights: list[float] | None) -> str:
    total = ""
    for part, weight in zip(parts, weights or [1.0] * len(parts), strict=True):
        own = part if weights is None else nodes.add("Mul", [part, number(nodes, weight)])
        total = nodes.add("Add", [total, own]) if total else own
    return total


def _average(nodes: Nodes, parts: list[str], weights: list[float] | None) -> str:
    count = float(len(parts)) if weights is None else float(np.sum(weights))
    return divided(nodes, _total(nodes, parts, weights), count)
