"""AdaBoost of decision trees: weighted votes, and the weighted median.

Every number that scikit-learn computes is computed again by the same float64 operations in the same
order, so that ties come out alike: trees only say which leaf is reached.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.emit import add_leaf_numbers
from ecu_bundle.conversion.trees.ensemble import of_tree
from ecu_bundle.conversion.trees.results import (
    Decision,
    both_sides,
    divided,
    number,
    running_sum,
    sign,
    whole,
)


def vote_decision(nodes: Nodes, matrix: str, model: Any) -> Decision:
    """AdaBoostClassifier: each tree gives its weight to one class and takes a share from the others."""
    classes, members = len(model.classes_), model.estimators_
    weights = model.estimator_weights_[: len(members)]
    if classes == 1:
        raise NotImplementedError("it was trained on a single class")
    table = np.concatenate(
        [np.where(np.eye(classes, dtype=bool), weight, -1 / (classes - 1) * weight) for weight in weights]
    )
    trees = []
    for position, member in enumerate(members):
        labels = member.classes_.take(np.argmax(member.tree_.value[:, 0, :], axis=1))
        votes = np.searchsorted(model.classes_, labels) + position * classes
        trees.append(of_tree(member.tree_, votes[:, np.newaxis].astype(np.float64)))
    vote = nodes.add("Gather", [nodes.constant(table), add_leaf_numbers(nodes, matrix, trees)], axis=0)
    total = nodes.add("Reshape", [running_sum(nodes, vote, len(trees)), whole(nodes, -1, classes)])
    scores = divided(nodes, total, float(model.estimator_weights_.sum()))
    if classes > 2:
        shares = nodes.add("Softmax", [divided(nodes, scores, classes - 1)], axis=1)
        return Decision(nodes.add("ArgMax", [scores], axis=1, keepdims=0), shares, scores)
    first, second = (nodes.add("Gather", [scores, whole(nodes, i)], axis=1) for i in (0, 1))
    score = nodes.add("Sub", [second, first])
    sides = both_sides(nodes, score)
    shares = nodes.add("Softmax", [divided(nodes, sides, 2.0)], axis=1)
    return Decision(sign(nodes, score, zero_is_second=False), shares, sides)


def median_values(nodes: Nodes, matrix: str, model: Any) -> str:
    """AdaBoostRegressor: the first prediction, in rising order, up to which half of the weight lies.

    The trees say the rank of their leaf among all distinct leaves; ranks are sorted in place of values.
    """
    members = model.estimators_
    count = len(members)
    weights: NDArray[np.float64] = np.asarray(model.estimator_weights_[:count], dtype=np.float64)
    values, ranks = np.unique(
        np.concatenate([member.tree_.value[:, 0, 0] for member in members]), return_inverse=True
    )
    ends = np.cumsum([member.tree_.node_count for member in members])
    trees = [
        of_tree(member.tree_, own[:, np.newaxis].astype(np.float64))
        for member, own in zip(members, np.split(ranks, ends[:-1]), strict=True)
    ]
    found = nodes.cast(add_leaf_numbers(nodes, matrix, trees), TensorProto.FLOAT)
    ordered, order = nodes.add_many("TopK", [found, whole(nodes, count)], 2, axis=1, largest=0, sorted=1)
    heavy = nodes.add("Gather", [nodes.constant(weights), order], axis=0)
    reached = nodes.add("CumSum", [heavy, nodes.constant(np.array(1, dtype=np.int64))])
    whole_weight = nodes.add("Gather", [reached, whole(nodes, count - 1)], axis=1)
    half = nodes.add("Mul", [whole_weight, number(nodes, 0.5)])
    enough = nodes.cast(nodes.add("GreaterOrEqual", [reached, half]), TensorProto.INT64)
    first = nodes.add("ArgMax", [enough], axis=1, keepdims=1)
    rank = nodes.cast(nodes.add("GatherElements", [ordered, first], axis=1), TensorProto.INT64)
    return nodes.add("Gather", [nodes.constant(values), rank], axis=0)
