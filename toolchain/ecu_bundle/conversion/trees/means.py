"""Means over decision trees: single trees, forests, extra trees, bagging of trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.emit import add_sums
from ecu_bundle.conversion.trees.ensemble import leaf_shares, members_of, of_tree
from ecu_bundle.conversion.trees.results import Decision, divided, largest


def mean_values(nodes: Nodes, matrix: str, model: Any) -> str:
    """What ``predict`` of a regressor gives, float64 (rows, outputs)."""
    trees = [of_tree(member.tree_, leaf_shares(member), columns) for member, columns in members_of(model)]
    return divided(nodes, add_sums(nodes, matrix, trees), len(trees))


def mean_decision(nodes: Nodes, matrix: str, model: Any) -> Decision:
    """The mean of class shares, and the first class with the largest mean."""
    count = len(model.classes_)
    trees = [
        of_tree(member.tree_, _spread(leaf_shares(member), member, count), columns)
        for member, columns in members_of(model)
    ]
    return largest(nodes, divided(nodes, add_sums(nodes, matrix, trees), len(trees)))


def _spread(shares: NDArray[np.float64], member: Any, count: int) -> NDArray[np.float64]:
    """Shares of all classes, for a member of a bagging ensemble whose sample missed some."""
    if shares.shape[1] == count:
        return shares
    spread = np.zeros((len(shares), count))
    spread[:, np.asarray(member.classes_, dtype=np.intp)] = shares
    return spread
