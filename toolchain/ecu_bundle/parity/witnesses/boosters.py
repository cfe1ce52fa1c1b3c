"""The trees of LightGBM and XGBoost models, from the dumps that the packages make for people.

The conversion reads other forms of the models; nothing is shared with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ecu_bundle.parity.witnesses.forests import Forest, Table, Use, join

_ZERO = float(np.float32(1e-35))
"""LightGBM takes a value of at most this size for 0."""

_SINGLE_ROUNDOFF = 2.0**-24
_LOWEST = np.float32(-np.inf)

_Dump = dict[str, Any]
_Split = tuple[int, float, bool]
"""Column, threshold t of ``x <= t``, and whether NaN goes left."""


def booster_forest(model: Any) -> Forest | str:
    """The trees that ``predict`` uses; a sentence when they cannot be witnessed."""
    package = type(model).__module__.partition(".")[0]
    try:
        return _of_lightgbm(model) if package == "lightgbm" else _of_xgboost(model)
    except RecursionError:
        return f"trees of {type(model).__name__} are too deep for the dump that {package} makes"


def _of_lightgbm(model: Any) -> Forest | str:
    dump = model.booster_.dump_model()
    outputs = int(dump["num_tree_per_iteration"])
    roots = [tree["tree_structure"] for tree in dump["tree_info"]]
    splits = [node for root in roots for node, left, _ in _numbered(root, _lightgbm_children) if left >= 0]
    if any(split["decision_type"] != "<=" for split in splits):
        return f"{type(model).__name__} splits on categories"
    if any(split["missing_type"] == "Zero" for split in splits):
        return f"{type(model).__name__} takes 0 for a missing value"
    tables = [
        _table(
            root,
            _lightgbm_children,
            _lightgbm_split,
            value_of=lambda leaf: float(leaf["leaf_value"]),
            output=i % outputs,
            outputs=outputs,
        )
        for i, root in enumerate(roots)
    ]
    return join(type(model).__name__, tables, single=False, use=Use.ADDED)


def _lightgbm_children(node: _Dump) -> tuple[_Dump, ...]:
    return (node["left_child"], node["right_child"]) if "left_child" in node else ()


def _lightgbm_split(node: _Dump) -> _Split:
    """What is missing counts as 0, unless the split has a rule for it; and what is almost 0 is 0."""
    threshold = float(node["threshold"])
    zero_left = threshold >= 0.0
    missing_left = bool(node["default_left"]) if node["missing_type"] == "NaN" else zero_left
    if -_ZERO <= threshold < _ZERO:
        threshold = _ZERO if zero_left else float(np.nextafter(-_ZERO, -1.0))
    return int(node["split_feature"]), threshold, missing_left


def _of_xgboost(model: Any) -> Forest:
    booster = model.get_booster()
    learner = json.loads(booster.save_config())["learner"]
    shape, gradient = learner["learner_model_param"], learner["gradient_booster"]
    outputs = max(int(shape["num_class"]), int(shape["num_target"]), 1)
    together = int(gradient.get("gbtree", gradient)["gbtree_model_param"]["num_parallel_tree"])
    dumps = booster.get_dump(dump_format="json")
    best = booster.attr("best_iteration")
    if best is not None:
        dumps = dumps[: (int(best) + 1) * outputs * together]
    weights = [1.0] * len(dumps)
    if gradient["name"] == "dart":  # the dump leaves out how dart weighs its trees
        weights = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["weight_drop"]
    names = booster.feature_names or [f"f{i}" for i in range(booster.num_features())]
    places = {name: place for place, name in enumerate(names)}

    def split_of(node: _Dump) -> _Split:
        below = np.nextafter(np.float32(node["split_condition"]), _LOWEST)
        return places[node["split"]], float(below), node["missing"] == node["yes"]

    tables = [
        _table(
            json.loads(dump),
            _xgboost_children,
            split_of,
            value_of=partial(_xgboost_value, weights[i]),
            output=i // together % outputs,
            outputs=outputs,
        )
        for i, dump in enumerate(dumps)
    ]
    return join(type(model).__name__, tables, single=True, use=Use.ADDED, roundoff=_SINGLE_ROUNDOFF)


def _xgboost_value(weight: float, leaf: _Dump) -> float:
    return float(np.float32(leaf["leaf"])) * weight


def _xgboost_children(node: _Dump) -> tuple[_Dump, ...]:
    by_number = {child["nodeid"]: child for child in node.get("children", ())}
    return (by_number[node["yes"]], by_number[node["no"]]) if by_number else ()


def _numbered(
    root: _Dump, children: Callable[[_Dump], tuple[_Dump, ...]]
) -> Iterator[tuple[_Dump, int, int]]:
    """Every node with the numbers of its children (-1 for a leaf), level by level from the root 0."""
    level, start = [root], 0
    while level:
        following: list[_Dump] = []
        for node in level:
            first = start + len(level) + len(following)
            pair = children(node)
            following += pair
            yield (node, first, first + 1) if pair else (node, -1, -1)
        start += len(level)
        level = following


def _table(
    root: _Dump,
    children: Callable[[_Dump], tuple[_Dump, ...]],
    split_of: Callable[[_Dump], _Split],
    *,
    value_of: Callable[[_Dump], float],
    output: int,
    outputs: int,
) -> Table:
    nodes = list(_numbered(root, children))
    leaves = np.zeros((len(nodes), outputs))
    splits: list[_Split] = [(0, 0.0, False)] * len(nodes)
    for place, (node, left, _) in enumerate(nodes):
        if left < 0:
            leaves[place, output] = value_of(node)
        else:
            splits[place] = split_of(node)
    feature, threshold, missing_left = zip(*splits, strict=True)
    return Table(
        feature=np.array(feature, dtype=np.int64),
        threshold=np.array(threshold, dtype=np.float64),
        left=np.array([left for _, left, _ in nodes], dtype=np.int64),
        right=np.array([right for _, _, right in nodes], dtype=np.int64),
        missing_left=np.array(missing_left, dtype=bool),
        leaves=leaves,
    )
