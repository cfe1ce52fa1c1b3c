"""Read a fitted LightGBM model, from the text form that LightGBM saves.

The text holds every number with 17 digits. The rules are those of ``Tree::NumericalDecision`` and
``Tree::CategoricalDecision`` of LightGBM 4 (``include/LightGBM/tree.h``), and of its prediction on
matrices, which takes every value of at most `ZERO` for 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.boosters.ensemble import ZERO, Category, Ensemble, Link
from ecu_bundle.conversion.trees.ensemble import Tree

_CATEGORICAL = 1
_DEFAULT_LEFT = 2
_MISSING_SHIFT, _MISSING_MASK = 2, 3
_MISSING_ZERO, _MISSING_NAN = 1, 2
_BITS = 32
_BETWEEN = 0.5
"""Threshold between the two values of a column of categories."""

_LINKS: dict[str, Link] = {
    "regression": "identity",
    "regression_l1": "identity",
    "huber": "identity",
    "fair": "identity",
    "quantile": "identity",
    "mape": "identity",
    "poisson": "exp",
    "gamma": "exp",
    "tweedie": "exp",
    "binary": "sigmoid",
    "cross_entropy": "sigmoid",
    "cross_entropy_lambda": "log1p exp",
    "multiclass": "softmax",
    "multiclassova": "sigmoid",
}


def read_lightgbm(model: Any) -> Ensemble:
    """The trees that ``predict`` of a fitted LGBMRegressor or LGBMClassifier uses.

    Raises:
        NotImplementedError: a setting that is not converted; says which.
    """
    booster = model.booster_
    if booster.pandas_categorical:
        raise NotImplementedError("it was trained on columns of a category type; pass whole numbers instead")
    if model.get_params().get("pred_early_stop"):
        raise NotImplementedError("pred_early_stop leaves out trees")
    head, blocks = _sections(booster.model_to_string())
    words = head.get("objective", "").split()
    if not words or words[0] not in _LINKS:
        raise NotImplementedError(f"there is no rule for the objective {' '.join(words) or 'of the user'}")
    link = "signed square" if "sqrt" in words[1:] else _LINKS[words[0]]
    sigmoid = [float(word.partition(":")[2]) for word in words[1:] if word.startswith("sigmoid:")]
    outputs = int(head["num_tree_per_iteration"])
    reader = _Reader(columns=int(head["max_feature_idx"]) + 1, outputs=outputs)
    trees = tuple(reader.tree(block, number) for number, block in enumerate(blocks))
    return Ensemble(
        trees=trees,
        columns=reader.columns,
        start=np.zeros(outputs),
        divisor=float(len(trees) // outputs) if "average_output" in head else 1.0,
        link=link,
        scale=sigmoid[0] if sigmoid else 1.0,
        zero_missing=tuple(sorted(reader.zero_missing)),
        categories=tuple(reader.categories.values()),
    )


def _sections(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The head and the trees as ``key=value`` tables; a line without ``=`` is a key of its own."""
    sections: list[dict[str, str]] = [{}]
    for line in text.split("\nend of trees", maxsplit=1)[0].splitlines():
        key, _, value = line.partition("=")
        if key == "Tree":
            sections.append({})
        sections[-1][key] = value
    return sections[0], sections[1:]


@dataclass(slots=True)
class _Reader:
    """Reads trees one after another, and collects what they need beside the input.

    Attributes:
        columns: of the input.
        outputs: trees of one iteration; each adds to its own output.
        zero_missing: see `Ensemble`.
        categories: by source and set of left categories; their columns follow the input in this order.
    """

    columns: int
    outputs: int
    zero_missing: set[int] = field(default_factory=set)
    categories: dict[tuple[int, tuple[int, ...]], Category] = field(default_factory=dict)

    def tree(self, block: dict[str, str], number: int) -> Tree:
        if block.get("is_linear", "0") != "0":
            raise NotImplementedError("linear_tree=True puts linear models into the leaves")
        added = _reals(block["leaf_value"])
        splits = int(block["num_leaves"]) - 1
        kind = _wholes(block.get("decision_type", ""))
        feature = _wholes(block.get("split_feature", ""))
        written = _reals(block.get("threshold", ""))
        missing = (kind >> _MISSING_SHIFT) & _MISSING_MASK
        default_left = (kind & _DEFAULT_LEFT) != 0
        threshold = _effective(written)
        missing_left = np.where(missing == 0, written >= 0.0, default_left)
        categorical = (kind & _CATEGORICAL) != 0
        self.zero_missing |= set(feature[(missing == _MISSING_ZERO) & ~categorical].tolist())
        for node in np.flatnonzero(categorical):
            chosen = _members(block, int(written[node]))
            feature[node] = self._category_column(int(feature[node]), chosen)
            threshold[node], missing_left[node] = _BETWEEN, False
        leaves = np.full(len(added), -1)
        values = np.zeros((splits + len(added), self.outputs))
        values[splits:, number % self.outputs] = added
        return Tree(
            feature=np.concatenate([feature, np.zeros(len(added), dtype=np.int64)]),
            threshold=np.concatenate([threshold, np.zeros(len(added))]),
            left=np.concatenate([_children(block, "left_child", splits), leaves]),
            right=np.concatenate([_children(block, "right_child", splits), leaves]),
            missing_left=np.concatenate([missing_left, np.zeros(len(added), dtype=bool)]),
            values=values,
        )

    def _category_column(self, source: int, chosen: tuple[int, ...]) -> int:
        key = (source, chosen)
        if key not in self.categories:
            self.categories[key] = _ranges(source, chosen)
        return self.columns + list(self.categories).index(key)


def _effective(threshold: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thresholds for values as they are, where LightGBM compares 0 in place of values up to `ZERO`."""
    within = (threshold >= -ZERO) & (threshold < ZERO)
    outside = np.where(threshold >= 0.0, ZERO, np.nextafter(-ZERO, -np.inf))
    return np.where(within, outside, threshold)


def _children(block: dict[str, str], key: str, splits: int) -> NDArray[np.int64]:
    """Positions of children; LightGBM writes leaf i as ``-1 - i``, here leaves stand behind the splits."""
    written = _wholes(block.get(key, ""))
    return np.where(written < 0, splits - 1 - written, written)


def _members(block: dict[str, str], number: int) -> tuple[int, ...]:
    """The categories of one split that go left, rising."""
    bounds = _wholes(block["cat_boundaries"])
    words = _wholes(block["cat_threshold"])[bounds[number] : bounds[number + 1]]
    return tuple(
        place * _BITS + bit
        for place, word in enumerate(words.tolist())
        for bit in range(_BITS)
        if word >> bit & 1
    )


def _ranges(source: int, chosen: Sequence[int]) -> Category:
    """LightGBM cuts a value to a whole number: category k > 0 is [k, k + 1), category 0 is (-1, 1)."""
    edges: list[float] = []
    for category in chosen:
        start = float(np.nextafter(float(category), -np.inf)) if category else -1.0
        end = float(np.nextafter(category + 1.0, -np.inf))
        if edges and edges[-1] == start:
            edges[-1] = end
        else:
            edges += [start, end]
    values = np.ones(len(edges) + 1)
    values[1::2] = 0.0
    return Category(source, np.array(edges), values)


def _wholes(text: str) -> NDArray[np.int64]:
    return np.array(text.split(), dtype=np.int64)


def _reals(text: str) -> NDArray[np.float64]:
    return np.array(text.split(), dtype=np.float64)
