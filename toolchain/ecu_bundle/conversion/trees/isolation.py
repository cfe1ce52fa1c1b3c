"""IsolationForest: path lengths added one after another, and a label decided on their sum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.emit import add_leaf_numbers
from ecu_bundle.conversion.trees.ensemble import members_of, of_tree
from ecu_bundle.conversion.trees.results import number, running_sum

_INLIER, _OUTLIER = 1, -1


def isolation_scores(nodes: Nodes, matrix: str, model: Any) -> tuple[str, str]:
    """Label, int64 (rows, 1), and ``decision_function``, float64 (rows, 1).

    The label follows from the sum of path lengths alone: the least sum that is an inlier is found with
    scikit-learn's own arithmetic, so that no implementation of the power function decides.
    """
    lengths = [
        depths + average - 1.0
        for depths, average in zip(
            model._decision_path_lengths, model._average_path_length_per_tree, strict=True
        )
    ]
    distinct, places = np.unique(np.concatenate(lengths), return_inverse=True)
    ends = np.cumsum([len(own) for own in lengths])
    trees = [
        of_tree(member.tree_, own[:, np.newaxis].astype(np.float64), columns)
        for (member, columns), own in zip(members_of(model), np.split(places, ends[:-1]), strict=True)
    ]
    found = nodes.add("Gather", [nodes.constant(distinct), add_leaf_numbers(nodes, matrix, trees)], axis=0)
    depth = running_sum(nodes, found, len(trees))
    limit = number(nodes, _least_inlier(model))
    inlier = nodes.cast(nodes.add("GreaterOrEqual", [depth, limit]), TensorProto.INT64)
    signs = nodes.constant(np.array([_OUTLIER, _INLIER], dtype=np.int64))
    label = nodes.add("Gather", [signs, inlier], axis=0)
    denominator = _denominator(model)
    if denominator == 0.0:
        share = nodes.add("Add", [nodes.add("Mul", [depth, number(nodes, 0.0)]), number(nodes, -1.0)])
    else:
        share = nodes.add("Neg", [nodes.add("Div", [depth, number(nodes, denominator)])])
    score = nodes.add("Neg", [nodes.add("Pow", [number(nodes, 2.0), share])])
    return label, nodes.add("Sub", [score, number(nodes, float(model.offset_))])


def _denominator(model: Any) -> float:
    from sklearn.ensemble._iforest import _average_path_length

    return float(len(model.estimators_) * _average_path_length([model._max_samples])[0])


def _decisions(model: Any, depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """scikit-learn's own arithmetic from sums of path lengths to ``decision_function``."""
    denominator = _denominator(model)
    share = np.divide(depth, denominator, out=np.ones_like(depth), where=denominator != 0)
    decisions: NDArray[np.float64] = -(2 ** (-share)) - model.offset_
    return decisions


def _least_inlier(model: Any) -> float:
    """The least sum of path lengths whose decision is not negative; infinite when there is none."""

    def inlier(depth: float) -> bool:
        return bool(_decisions(model, np.array([depth]))[0] >= 0)

    low, high = 0.0, float(np.finfo(np.float64).max)
    if inlier(low):
        return -np.inf
    if not inlier(high):
        return np.inf
    while True:
        # halve the number of float64 numbers between, whose bits are in the order of their values
        bits = np.array([low, high]).view(np.int64)
        if bits[1] - bits[0] <= 1:
            return high
        middle = float((bits[:1] + (bits[1:] - bits[:1]) // 2).view(np.float64)[0])
        low, high = (low, middle) if inlier(middle) else (middle, high)
