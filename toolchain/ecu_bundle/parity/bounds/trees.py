"""The rule for TreeEnsembleRegressor."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from ecu_bundle.parity.bounds.bounded import Attributes, Bounded, NoBoundError, Real
from ecu_bundle.parity.witnesses.graph import GraphTrees, trees_of
from ecu_bundle.parity.witnesses.leaves import sums_are_exact

_FLOAT = 2.0**-24


def walk(attributes: Attributes, a: Bounded) -> Bounded:
    """Sum of the leaves that the rows reach, (rows, targets)."""
    trees = _trees(attributes)
    table = trees.weights[0]
    if table is None:
        raise NoBoundError("no bound for TreeEnsembleRegressor with an aggregate or a transform of its own")
    weights = table.astype(np.float64)
    leaf = trees.true_child < 0
    exact = sums_are_exact(weights[leaf], trees.tree[leaf], len(trees.roots))
    if a.radius.any() and not a.error.any():
        return _anywhere(weights, trees, len(a.value), exact)
    position = np.broadcast_to(trees.roots, (len(a.value), len(trees.roots))).copy()
    lost = np.zeros(len(a.value), dtype=bool)
    reach = a.radius + a.error
    while True:
        inner = trees.true_child[position] >= 0
        if not inner.any():
            break
        row, column = np.nonzero(inner)
        node = position[row, column]
        value = a.value[row, trees.feature[node]]
        edge = trees.edge[node].astype(np.float64)
        own = reach[row, trees.feature[node]]
        # a threshold is rounded, which matters only where the input is not exact
        near = (own > 0.0) & (np.abs(value - edge) <= own + np.abs(edge) * 2.0 * _FLOAT)
        lost[row[near]] = True
        true = np.where(np.isnan(value), trees.missing_true[node], value <= edge)
        position[row, column] = np.where(true, trees.true_child[node], trees.false_child[node])
    total = np.zeros((len(a.value), weights.shape[1]))
    sizes = np.zeros_like(total)
    for tree in range(position.shape[1]):
        reached = weights[position[:, tree]]
        total += reached
        sizes += np.abs(reached)
    error = np.where(exact, 0.0, len(trees.roots) * _FLOAT * 1.01 * sizes)
    error = error + np.where(lost, np.inf, 0.0)[:, None]
    return Bounded(total, np.zeros_like(total), error, "float32")


def _trees(attributes: Attributes) -> GraphTrees:
    node = helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **attributes)
    return trees_of(onnx.ModelProto(graph=onnx.GraphProto(node=[node])))


def _anywhere(weights: Real, trees: GraphTrees, rows: int, exact: NDArray[np.bool_]) -> Bounded:
    """Any leaf of each tree; the engine and exact arithmetic reach the same one."""
    low = np.full((len(trees.roots), weights.shape[1]), np.inf)
    high = np.full_like(low, -np.inf)
    leaf = trees.true_child < 0
    np.minimum.at(low, trees.tree[leaf], weights[leaf])
    np.maximum.at(high, trees.tree[leaf], weights[leaf])
    sizes = np.maximum(np.abs(low), np.abs(high)).sum(axis=0)
    ends: Any = low.sum(axis=0), high.sum(axis=0)
    value = np.tile((ends[0] + ends[1]) / 2.0, (rows, 1))
    radius = np.tile((ends[1] - ends[0]) / 2.0 + 2.0**-45 * sizes, (rows, 1))
    error = np.tile(np.where(exact, 0.0, len(trees.roots) * _FLOAT * 1.01 * sizes), (rows, 1))
    return Bounded(value, radius, error, "float32")
