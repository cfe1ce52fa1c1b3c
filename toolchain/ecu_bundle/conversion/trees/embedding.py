"""RandomTreesEmbedding: one column for each leaf, 1 for the leaves that a row reaches."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.emit import Weights, add_trees
from ecu_bundle.conversion.trees.ensemble import of_tree


def leaf_columns(nodes: Nodes, matrix: str, model: Any, output: str) -> None:
    """Writes what ``transform`` gives, dense, as float32 (rows, leaves of all trees)."""
    trees = [of_tree(member.tree_, np.zeros((member.tree_.node_count, 1))) for member in model.estimators_]
    target, value = [], []
    start = 0
    for tree, known in zip(trees, model.one_hot_encoder_.categories_, strict=True):
        leaves = np.flatnonzero(tree.is_leaf)
        target.append(start + np.minimum(np.searchsorted(known, leaves), len(known) - 1))
        value.append(np.isin(leaves, known).astype(np.float32))
        start += len(known)
    targets, values = np.concatenate(target), np.concatenate(value)
    found = add_trees(nodes, matrix, trees, Weights(np.arange(len(targets)), targets, values, start))
    nodes.add("Identity", [found], output)
