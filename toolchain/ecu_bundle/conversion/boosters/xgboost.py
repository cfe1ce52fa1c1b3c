"""Read a fitted XGBoost model, from the JSON form that XGBoost saves.

XGBoost rounds its input to float32, goes left where ``x < t`` with a float32 threshold, and adds leaves
one after another in float32. The JSON form writes every float32 so that it reads back as itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.boosters.ensemble import Ensemble, Link
from ecu_bundle.conversion.trees.ensemble import Tree

_LINKS: dict[str, Link] = {
    "reg:squarederror": "identity",
    "reg:absoluteerror": "identity",
    "reg:pseudohubererror": "identity",
    "reg:quantileerror": "identity",
    "reg:squaredlogerror": "identity",
    "reg:logistic": "sigmoid",
    "reg:gamma": "exp",
    "reg:tweedie": "exp",
    "count:poisson": "exp",
    "binary:logistic": "sigmoid",
    "multi:softprob": "softmax",
    "multi:softmax": "softmax",
}


def read_xgboost(model: Any) -> Ensemble:
    """The trees that ``predict`` of a fitted XGBRegressor or XGBClassifier uses, random forests too.

    Raises:
        NotImplementedError: a setting that is not converted; says which.
    """
    if not np.isnan(model.missing):
        raise NotImplementedError(f"missing={model.missing!r} takes a number for a missing value; use NaN")
    booster = model.get_booster()
    if "c" in (booster.feature_types or ()):
        raise NotImplementedError(
            "it splits on categories; encode them before, for instance by OneHotEncoder"
        )
    learner = json.loads(booster.save_raw("json"))["learner"]
    objective = learner["objective"]["name"]
    if objective not in _LINKS:
        raise NotImplementedError(f"there is no rule for the objective {objective}")
    gradient = learner["gradient_booster"]
    if gradient["name"] not in ("gbtree", "dart"):
        raise NotImplementedError(f"booster={gradient['name']!r} has no trees")
    inner = gradient["gbtree"]["model"] if gradient["name"] == "dart" else gradient["model"]
    weights = gradient.get("weight_drop", [1.0] * len(inner["trees"]))
    parameters = learner["learner_model_param"]
    outputs = max(int(parameters["num_class"]), int(parameters["num_target"]), 1)
    used = _trees_used(model, inner)
    return Ensemble(
        trees=tuple(
            _tree(tree, output, outputs, weight)
            for tree, output, weight in zip(
                inner["trees"][:used], inner["tree_info"][:used], weights[:used], strict=True
            )
        ),
        columns=int(parameters["num_feature"]),
        start=_start(parameters["base_score"], _LINKS[objective], outputs),
        divisor=1.0,
        link=_LINKS[objective],
        single=True,
    )


def _trees_used(model: Any, inner: Mapping[str, Any]) -> int:
    """How many trees ``predict`` adds: those up to the best iteration where training stopped early."""
    try:
        best = int(model.best_iteration)
    except AttributeError:
        return len(inner["trees"])
    return int(inner["iteration_indptr"][best + 1])


def _start(written: str, link: Link, outputs: int) -> NDArray[np.float64]:
    """``base_score``, which is saved in the unit of the result, in the unit of the sum."""
    score = np.array(written.strip("[]").split(","), dtype=np.float64)
    if link == "sigmoid":
        score = -np.log(1.0 / score - 1.0)
    elif link == "exp":
        score = np.log(score)
    return np.broadcast_to(score, (outputs,)).copy()


def _tree(tree: Mapping[str, Any], output: int, outputs: int, weight: float) -> Tree:
    """One tree without the nodes that pruning has cut off."""
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        raise NotImplementedError("multi_strategy='multi_output_tree' has leaves of several values")
    left = np.array(tree["left_children"], dtype=np.int64)
    right = np.array(tree["right_children"], dtype=np.int64)
    kept = _reachable(left, right)
    place = np.full(len(left) + 1, -1, dtype=np.int64)  # the last entry stands for "no child"
    place[kept] = np.arange(len(kept))
    left, right = place[left[kept]], place[right[kept]]
    leaf = left < 0
    condition = np.array(tree["split_conditions"], dtype=np.float32)[kept]
    values = np.zeros((len(kept), outputs))
    values[:, output] = np.where(leaf, condition.astype(np.float64) * weight, 0.0)
    below = np.nextafter(condition, np.float32(-np.inf)).astype(np.float64)
    return Tree(
        feature=np.where(leaf, 0, np.array(tree["split_indices"], dtype=np.int64)[kept]),
        threshold=np.where(leaf, 0.0, below),
        left=left,
        right=right,
        missing_left=np.array(tree["default_left"], dtype=bool)[kept] & ~leaf,
        values=values,
    )


def _reachable(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """The nodes below the root and the root itself, rising."""
    found = np.zeros(len(left), dtype=bool)
    level = np.array([0])
    while len(level):
        found[level] = True
        inner = level[left[level] >= 0]
        level = np.concatenate([left[inner], right[inner]])
    return np.flatnonzero(found)
