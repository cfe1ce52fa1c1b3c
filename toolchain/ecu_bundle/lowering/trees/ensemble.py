"""The trees of an ONNX node as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.builder import CannotLowerError

_LESS_OR_EQUAL: Final = ("BRANCH_LEQ", "BRANCH_GT")
_MODES: Final = ("LEAF", "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE")


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Binary trees. A row goes left when ``x <= threshold``.

    Attributes:
        roots: node of each tree.
        element: (nodes,) input element that a split tests.
        threshold: (nodes,) float32.
        left, right: (nodes,) children; -1 for leaves.
        missing_left: (nodes,) NaN goes left.
        leaf: (nodes,) position among all leaves; -1 for splits.
        values: (leaves, targets) float64, each a float32 number: what a leaf adds.
        size: (nodes,) nodes below each, itself included.
    """

    roots: NDArray[np.int64]
    element: NDArray[np.int64]
    threshold: NDArray[np.float32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    leaf: NDArray[np.int64]
    values: NDArray[np.float64]
    size: NDArray[np.int64]

    def without_nan(self) -> Ensemble:
        """The same trees where no element is NaN: one rule for all splits."""
        return replace(self, missing_left=np.zeros_like(self.missing_left))

    def tree_of_leaf(self) -> NDArray[np.int64]:
        """Position of the tree that each leaf belongs to."""
        tree = np.empty(len(self.values), dtype=np.int64)
        for number, root in enumerate(self.roots.tolist()):
            pending = [root]
            while pending:
                node = pending.pop()
                if self.leaf[node] >= 0:
                    tree[self.leaf[node]] = number
                else:
                    pending += (int(self.left[node]), int(self.right[node]))
        return tree


def read_ensemble(attributes: Mapping[str, Any]) -> Ensemble:
    """The trees of a TreeEnsembleRegressor.

    Raises:
        CannotLowerError: an attribute that is not supported; names it.
    """
    for name, plain in (("aggregate_function", "SUM"), ("post_transform", "NONE")):
        if attributes.get(name, plain) != plain:
            raise CannotLowerError(f"{name} {attributes[name]}")
    if any(attributes.get("base_values", ())):
        raise CannotLowerError("base values of trees")
    modes = np.asarray(attributes["nodes_modes"]).astype(np.str_)  # ASCII
    if unknown := sorted(set(modes.tolist()) - set(_MODES)):
        raise CannotLowerError(f"splits of the mode {unknown[0]}")
    is_leaf = modes == "LEAF"
    trees = np.asarray(attributes["nodes_treeids"], dtype=np.int64)
    span = int(np.max(attributes["nodes_nodeids"])) + 1
    keys = trees * span + np.asarray(attributes["nodes_nodeids"], dtype=np.int64)
    order = np.argsort(keys, kind="stable")

    def places(tree: NDArray[np.int64], name: str) -> NDArray[np.int64]:
        wanted = tree * span + np.asarray(attributes[name], dtype=np.int64)
        found = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
        if not np.array_equal(keys[found][_relevant(name, is_leaf)], wanted[_relevant(name, is_leaf)]):
            raise CannotLowerError("trees whose nodes name missing nodes")
        return np.asarray(found, dtype=np.int64)

    yes, no = places(trees, "nodes_truenodeids"), places(trees, "nodes_falsenodeids")
    swapped = np.isin(modes, ("BRANCH_GT", "BRANCH_GTE"))
    threshold = np.asarray(attributes["nodes_values"], dtype=np.float32)
    strict = ~is_leaf & ~np.isin(modes, _LESS_OR_EQUAL)
    # Nothing is below -infinity, and no row is less than or equal to nothing.
    wild = ~is_leaf & (np.isnan(threshold) | (strict & np.isneginf(threshold)))
    if wild.any():
        first = int(wild.argmax())
        raise CannotLowerError(f"splits of the mode {modes[first]} at {threshold[first]}")
    threshold = np.where(strict, np.nextafter(threshold, np.float32(-np.inf)), threshold)
    tracks_true = np.asarray(
        attributes.get("nodes_missing_value_tracks_true", np.zeros(len(keys))), dtype=bool
    )
    leaf = np.where(is_leaf, np.cumsum(is_leaf) - 1, -1)
    roots = np.sort(np.unique(trees, return_index=True)[1])
    left = np.where(is_leaf, -1, np.where(swapped, no, yes))
    right = np.where(is_leaf, -1, np.where(swapped, yes, no))
    return Ensemble(
        roots=roots,
        element=np.where(is_leaf, 0, np.asarray(attributes["nodes_featureids"], dtype=np.int64)),
        threshold=threshold.astype(np.float32),
        left=left,
        right=right,
        missing_left=tracks_true != swapped,
        leaf=leaf,
        values=_values(attributes, places, leaf),
        size=sizes_of(roots, left, right),
    )


def sizes_of(
    roots: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(nodes,) nodes below each, itself included. Children are -1 for leaves."""
    levels = [roots]
    while len(levels[-1]):
        inner = levels[-1][left[levels[-1]] >= 0]
        levels.append(np.concatenate([left[inner], right[inner]]))
    size = np.ones(len(left), dtype=np.int64)
    for level in reversed(levels):
        inner = level[left[level] >= 0]
        size[inner] += size[left[inner]] + size[right[inner]]
    return size


def _relevant(name: str, is_leaf: NDArray[np.bool_]) -> Any:
    return ... if name == "target_nodeids" else ~is_leaf


def _values(attributes: Mapping[str, Any], places: Any, leaf: NDArray[np.int64]) -> NDArray[np.float64]:
    trees = np.asarray(attributes["target_treeids"], dtype=np.int64)
    at = leaf[places(trees, "target_nodeids")]
    if at.min(initial=0) < 0:
        raise CannotLowerError("weights on splits of trees")
    values = np.zeros((int(leaf.max()) + 1, int(attributes["n_targets"])))
    weights = np.asarray(attributes["target_weights"], dtype=np.float64)
    np.add.at(values, (at, np.asarray(attributes["target_ids"], dtype=np.int64)), weights)
    if not np.isfinite(values).all():
        raise CannotLowerError("leaves that are not finite")
    return values
