"""The trees of fitted scikit-learn models as plain arrays, in float64 as scikit-learn has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tree:
    """One binary tree; node 0 is the root.

    Attributes:
        feature: input column that a split tests; 0 for leaves.
        threshold: float64; a row goes left when ``x <= threshold``.
        left, right: positions of the children; -1 for leaves.
        missing_left: NaN goes left.
        values: (nodes, outputs) float64: what a leaf adds; ignored for splits.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float64]

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        return self.left < 0


def of_tree(tree: Any, values: NDArray[np.float64], columns: Any = None) -> Tree:
    """A ``sklearn.tree._tree.Tree``.

    Args:
        tree: fitted.
        values: (nodes, outputs): what each leaf adds to the sum.
        columns: input column of each feature, for members that see a part of the columns.
    """
    leaf = tree.children_left == tree.children_right
    feature = np.where(leaf, 0, tree.feature).astype(np.int64)
    if columns is not None:
        feature = np.where(leaf, 0, np.asarray(columns, dtype=np.int64)[feature])
    return Tree(
        feature=feature,
        threshold=np.where(leaf, 0.0, tree.threshold),
        left=np.where(leaf, -1, tree.children_left).astype(np.int64),
        right=np.where(leaf, -1, tree.children_right).astype(np.int64),
        missing_left=np.asarray(tree.missing_go_to_left, dtype=bool) & ~leaf,
        values=np.asarray(values, dtype=np.float64),
    )


def members_of(model: Any) -> list[tuple[Any, Any]]:
    """The trees of a forest or a bagging ensemble, or the model itself, with their columns or None."""
    members = list(getattr(model, "estimators_", [model]))
    columns = getattr(model, "estimators_features_", None) or [None] * len(members)
    return list(zip(members, columns, strict=True))


def leaf_shares(member: Any) -> NDArray[np.float64]:
    """(nodes, outputs) of a decision tree: what ``predict`` gives, or the shares of ``predict_proba``."""
    values: NDArray[np.float64] = member.tree_.value
    flat = values.reshape(len(values), -1) if values.shape[1] > 1 else values[:, 0, :]
    if hasattr(member, "classes_"):
        total = flat.sum(axis=1, keepdims=True)
        return np.divide(flat, np.where(total == 0.0, 1.0, total))
    return flat
