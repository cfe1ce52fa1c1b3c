"""ONNX nodes for an ensemble of trees: one TreeEnsembleRegressor over limbs, added in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.ensemble import Tree
from ecu_bundle.conversion.trees.limbs import split

_LARGEST = float(np.finfo(np.float32).max)
_SAFE_SHARE = 0.25
"""Of the largest float32, what the sum of the largest leaves may reach: rounding to a grid adds to it."""

_WHOLE_LIMIT = 2**24


def add_sums(nodes: Nodes, matrix: str, trees: Sequence[Tree]) -> str:
    """Adds the exact sum of all trees.

    Args:
        nodes: where to add.
        matrix: name of the float32 input (rows, columns).
        trees: at least one.

    Returns:
        Name of a float64 tensor (rows, outputs).

    Raises:
        NotImplementedError: a leaf that is not a float32 number; names the value.
    """
    leaves = [tree.values[tree.is_leaf] for tree in trees]
    shrink = _shrink(leaves)
    limbs = split([values * shrink for values in leaves])
    outputs = trees[0].values.shape[1]
    targets = outputs * len(limbs)
    weights = np.concatenate([np.concatenate([limb[t] for limb in limbs], axis=1) for t in range(len(trees))])
    used = (weights != 0.0) | (np.arange(targets) == 0)
    leaf, target = np.nonzero(used)
    raw = add_trees(nodes, matrix, trees, Weights(leaf, target, weights[leaf, target], targets))
    total = ""
    for position in reversed(range(len(limbs))):
        columns = np.arange(position * outputs, (position + 1) * outputs, dtype=np.int64)
        limb = nodes.add("Gather", [raw, nodes.constant(columns)], axis=1) if len(limbs) > 1 else raw
        part = nodes.cast(limb, TensorProto.DOUBLE)
        total = nodes.add("Add", [total, part]) if total else part
    return total if shrink == 1.0 else nodes.add("Mul", [total, nodes.constant(np.array([1.0 / shrink]))])


def add_leaf_numbers(nodes: Nodes, matrix: str, trees: Sequence[Tree]) -> str:
    """Adds the number that each tree's leaf holds, a whole number below 2**24, side by side.

    Args:
        nodes: where to add.
        matrix: name of the float32 input (rows, columns).
        trees: at least one, of one output.

    Returns:
        Name of an int64 tensor (rows, trees).
    """
    numbers = [tree.values[tree.is_leaf, 0] for tree in trees]
    largest = max(values.max() for values in numbers)
    if largest >= _WHOLE_LIMIT:
        raise NotImplementedError(f"{int(largest)} distinct leaf values are more than float32 can number")
    target = np.repeat(np.arange(len(trees)), [len(values) for values in numbers])
    values = np.concatenate(numbers).astype(np.float32)
    weights = Weights(np.arange(len(values)), target, values, len(trees))
    return nodes.cast(add_trees(nodes, matrix, trees, weights), TensorProto.INT64)


@dataclass(frozen=True, slots=True)
class Weights:
    """What leaves add to targets; one entry for each leaf at least.

    Attributes:
        leaf: position among the leaves of all trees.
        target: column of the result.
        value: float32.
        targets: how many columns there are.
    """

    leaf: NDArray[np.intp]
    target: NDArray[np.intp]
    value: NDArray[np.float32]
    targets: int


def add_trees(nodes: Nodes, matrix: str, trees: Sequence[Tree], weights: Weights) -> str:
    """Adds one TreeEnsembleRegressor; returns the name of its float32 result (rows, targets)."""
    sizes = [len(tree.left) for tree in trees]
    leaf = np.concatenate([tree.is_leaf for tree in trees])
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    missing = np.concatenate([tree.missing_left for tree in trees])
    thresholds = np.concatenate([round_down(tree.threshold) for tree in trees])
    return nodes.add(
        "TreeEnsembleRegressor",
        [matrix],
        n_targets=weights.targets,
        aggregate_function="SUM",
        post_transform="NONE",
        nodes_treeids=tree_ids.tolist(),
        nodes_nodeids=node_ids.tolist(),
        nodes_featureids=np.concatenate([tree.feature for tree in trees]).tolist(),
        nodes_values=thresholds.tolist(),
        nodes_modes=["LEAF" if is_leaf else "BRANCH_LEQ" for is_leaf in leaf],
        nodes_truenodeids=np.maximum(np.concatenate([tree.left for tree in trees]), 0).tolist(),
        nodes_falsenodeids=np.maximum(np.concatenate([tree.right for tree in trees]), 0).tolist(),
        nodes_missing_value_tracks_true=missing.astype(int).tolist(),
        target_treeids=tree_ids[leaf][weights.leaf].tolist(),
        target_nodeids=node_ids[leaf][weights.leaf].tolist(),
        target_ids=weights.target.tolist(),
        target_weights=weights.value.tolist(),
    )


def _shrink(leaves: Sequence[NDArray[np.float64]]) -> float:
    """A power of two that keeps every sum of leaves finite in float32; 1 for almost every model."""
    largest = [float(np.abs(values).max(initial=0.0)) for values in leaves]
    if not all(value <= _LARGEST for value in largest):
        raise NotImplementedError(f"a leaf holds {max(largest):g}, which is no float32 number")
    total = sum(value / _LARGEST for value in largest)
    return 1.0 if total < _SAFE_SHARE else float(2.0 ** -np.ceil(np.log2(total / _SAFE_SHARE)))


def round_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 not above each float64: ``x <= t`` and ``x <= RD(t)`` agree for float32 x."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    lower = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > thresholds, lower, nearest).astype(np.float32)
