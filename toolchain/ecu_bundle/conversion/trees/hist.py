"""The trees of HistGradientBoosting, with splits on categories as splits on looked-up columns.

A split on categories sends a set of them left. For every such split a column is added behind the input:
0 for the categories that go left, 1 for the others, so that ``column <= 0.5`` is the split. Values that
were not seen in training, and NaN, go where the split sends missing values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.folding.splits import model_columns
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.ensemble import Tree
from ecu_bundle.conversion.trees.results import whole

_BETWEEN = 0.5
"""Threshold between the two values of a looked-up column."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The columns that are looked up from one categorical input.

    Attributes:
        column: of the input.
        keys: float32 categories; a value that is none of them is unknown.
        table: float32 (categories + 1, splits): 0 left, 1 right; the last row is for unknown values.
    """

    column: int
    keys: NDArray[np.float32]
    table: NDArray[np.float32]


def hist_matrix(nodes: Nodes, matrix: str, model: Any) -> str:
    """The input with the looked-up columns behind it; the input itself without categories."""
    lookups, _ = _lookups(model)
    parts = [matrix]
    for lookup in lookups:
        value = nodes.add("Gather", [matrix, whole(nodes, lookup.column)], axis=1)
        unknown = len(lookup.keys)
        known = lookup.keys.tolist()
        place = nodes.add(
            "LabelEncoder",
            [value],
            keys_floats=known or [0.0],  # the operator needs a key; without any, 0 is unknown too
            values_int64s=list(range(unknown)) or [unknown],
            default_int64=unknown,
        )
        flat = nodes.add("Reshape", [place, whole(nodes, -1)])
        parts.append(nodes.add("Gather", [nodes.constant(lookup.table), flat], axis=0))
    return matrix if len(parts) == 1 else nodes.add("Concat", parts, axis=1)


def hist_trees(model: Any) -> list[Tree]:
    """Every tree, over the columns of `hist_matrix`, each adding to its own output."""
    outputs = model.n_trees_per_iteration_
    columns = model_columns(model)
    _, places = _lookups(model)
    trees: list[Tree] = []
    for iteration in model._predictors:
        for output, predictor in enumerate(iteration):
            values = np.zeros((len(predictor.nodes), outputs))
            values[:, output] = np.where(predictor.nodes["is_leaf"], predictor.nodes["value"], 0.0)
            trees.append(_tree(predictor.nodes, values, columns, places, len(trees)))
    return trees


def _tree(
    nodes: NDArray[Any],
    values: NDArray[np.float64],
    columns: NDArray[np.intp],
    places: dict[tuple[int, int], int],
    number: int,
) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    feature = np.where(leaf, 0, columns[np.where(leaf, 0, nodes["feature_idx"])]).astype(np.int64)
    threshold = np.where(leaf, 0.0, nodes["num_threshold"])
    for node in np.flatnonzero(_categorical(nodes)):
        feature[node], threshold[node] = places[number, int(node)], _BETWEEN
    return Tree(
        feature=feature,
        threshold=threshold,
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~leaf,
        values=values,
    )


def _categorical(nodes: NDArray[Any]) -> NDArray[np.bool_]:
    splits: NDArray[np.bool_] = (nodes["is_leaf"] == 0) & (nodes["is_categorical"] != 0)
    return splits


def _lookups(model: Any) -> tuple[list[_Lookup], dict[tuple[int, int], int]]:
    """The lookups, and the looked-up column of each split on categories, by (tree, node)."""
    if model.is_categorical_ is None:
        return [], {}
    known_sets, known_place = model._bin_mapper.make_known_categories_bitsets()
    columns = model_columns(model)
    sides: dict[int, dict[bytes, NDArray[np.float32]]] = {}
    wanted: dict[tuple[int, int], tuple[int, bytes]] = {}
    keys = _keys(model)
    predictors = [predictor for iteration in model._predictors for predictor in iteration]
    for number, predictor in enumerate(predictors):
        for position in np.flatnonzero(_categorical(predictor.nodes)):
            node = predictor.nodes[position]
            feature = int(node["feature_idx"])
            codes = np.arange(len(keys[feature]))
            lefts = _members(predictor.raw_left_cat_bitsets[node["bitset_idx"]], codes)
            known = _members(known_sets[known_place[feature]], codes)
            missing = 0.0 if node["missing_go_to_left"] else 1.0
            side = np.append(np.where(lefts, 0.0, np.where(known, 1.0, missing)), missing).astype(np.float32)
            sides.setdefault(feature, {})[side.tobytes()] = side
            wanted[number, int(position)] = feature, side.tobytes()
    lookups = []
    start = int(model.n_features_in_)
    place: dict[tuple[int, bytes], int] = {}
    for feature in sorted(sides):
        for offset, side_key in enumerate(sides[feature]):
            place[feature, side_key] = start + offset
        start += len(sides[feature])
        table = np.stack(list(sides[feature].values()), axis=1)
        exact = np.flatnonzero(keys[feature].astype(np.float32) == keys[feature])
        rows = np.append(exact, len(keys[feature]))
        lookups.append(_Lookup(int(columns[feature]), keys[feature][exact].astype(np.float32), table[rows]))
    return lookups, {node: place[split] for node, split in wanted.items()}


def _keys(model: Any) -> list[NDArray[np.float64]]:
    """The categories of each categorical feature in the order of scikit-learn's codes, without NaN.

    A category that float32 does not hold can never come from the device; `_lookups` leaves it out.
    """
    encoder = model._preprocessor.named_transformers_["encoder"]
    keys = []
    for categories in encoder.categories_:
        numbers = np.asarray(categories, dtype=np.float64)
        keys.append(numbers[~np.isnan(numbers)])
    return keys


def _members(bits: NDArray[np.uint32], codes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which codes are in a set of 256 bits."""
    inside: NDArray[np.bool_] = (bits[codes // 32] >> (codes % 32).astype(np.uint32)) & 1 == 1
    return inside
