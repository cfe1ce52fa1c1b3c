"""ONNX nodes for an ensemble of trees: one TreeEnsembleRegressor over limbs, added in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.ensemble import Tree
from ecu_bundle.conversion.trees.limbs import split


def add_sums(nodes: Nodes, matrix: str, trees: Sequence[Tree]) -> str:
    """Adds the exact sum of all trees.

    Args:
        nodes: where to add.
        matrix: name of the float32 input (rows, columns).
        trees: at least one.

    Returns:
        Name of a float64 tensor (rows, outputs).
    """
    limbs = split([tree.values[tree.is_leaf] for tree in trees])
    outputs = trees[0].values.shape[1]
    raw = nodes.add("TreeEnsembleRegressor", [matrix], **_attributes(trees, limbs))
    total = ""
    for position in reversed(range(len(limbs))):
        columns = np.arange(position * outputs, (position + 1) * outputs, dtype=np.int64)
        limb = nodes.add("Gather", [raw, nodes.constant(columns)], axis=1) if len(limbs) > 1 else raw
        part = nodes.cast(limb, TensorProto.DOUBLE)
        total = nodes.add("Add", [total, part]) if total else part
    return total


def _attributes(trees: Sequence[Tree], limbs: Sequence[Sequence[NDArray[np.float32]]]) -> dict[str, Any]:
    outputs = trees[0].values.shape[1]
    sizes = [len(tree.left) for tree in trees]
    leaf = np.concatenate([tree.is_leaf for tree in trees])
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    weights = np.concatenate([np.concatenate([limb[t] for limb in limbs], axis=1) for t in range(len(trees))])
    targets = outputs * len(limbs)
    used = (weights != 0.0) | (np.arange(targets) == 0)
    row, target = np.nonzero(used)
    missing = np.concatenate([tree.missing_left for tree in trees])
    thresholds = np.concatenate([round_down(tree.threshold) for tree in trees])
    return {
        "n_targets": targets,
        "aggregate_function": "SUM",
        "post_transform": "NONE",
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_featureids": np.concatenate([tree.feature for tree in trees]).tolist(),
        "nodes_values": thresholds.tolist(),
        "nodes_modes": ["LEAF" if is_leaf else "BRANCH_LEQ" for is_leaf in leaf],
        "nodes_truenodeids": np.maximum(np.concatenate([tree.left for tree in trees]), 0).tolist(),
        "nodes_falsenodeids": np.maximum(np.concatenate([tree.right for tree in trees]), 0).tolist(),
        "nodes_missing_value_tracks_true": missing.astype(int).tolist(),
        "target_treeids": tree_ids[leaf][row].tolist(),
        "target_nodeids": node_ids[leaf][row].tolist(),
        "target_ids": target.tolist(),
        "target_weights": weights[row, target].tolist(),
    }


def round_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 not above each float64: ``x <= t`` and ``x <= RD(t)`` agree for float32 x."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    lower = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > thresholds, lower, nearest).astype(np.float32)
