"""The split nodes of tree models, as views that write into the fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.boosters.ensemble import Ensemble
from ecu_bundle.conversion.folding.bisection import bisect
from ecu_bundle.conversion.folding.columnwise import Chain
from ecu_bundle.conversion.trees.ensemble import Tree

_ROWS_AT_ONCE = 4096
_TEST = np.dtype([("column", np.intp), ("threshold", np.float64)])


@dataclass(frozen=True, slots=True)
class Splits:
    """The split nodes of one tree.

    Attributes:
        feature, threshold: of all nodes.
        left, right: children.
        missing_left: NaN goes left; 0 or 1.
        nodes: positions of the nodes that compare with their threshold.
        columns: the column of the model's input for each feature of the tree; None: the same.
        single: the tree casts its input to float32 before it compares.
        fixed: columns of the model's input that the tree reads in another way than by a threshold.
    """

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    missing_left: NDArray[Any]
    nodes: NDArray[np.intp]
    columns: NDArray[np.intp] | None
    single: bool
    fixed: frozenset[int] = frozenset()

    def column_of(self) -> NDArray[np.intp]:
        features = self.feature[self.nodes].astype(np.intp)
        return features if self.columns is None else self.columns[features]


def splits_of(model: Any) -> list[Splits] | None:
    """The trees of a model that consists of trees alone; None for any other model."""
    from sklearn import ensemble, tree

    from ecu_bundle.conversion.boosters.twins import BoostedClassifier, BoostedRegressor

    if isinstance(model, BoostedClassifier | BoostedRegressor):
        return [_of_boosted(member, model.ensemble) for member in model.ensemble.trees]
    if isinstance(model, ensemble.HistGradientBoostingClassifier | ensemble.HistGradientBoostingRegressor):
        if not hasattr(model, "_predictors"):
            return None
        columns = None if model.is_categorical_ is None else model_columns(model)
        return [_of_predictor(p.nodes, columns) for iteration in model._predictors for p in iteration]
    known = (
        ensemble.AdaBoostClassifier,
        ensemble.AdaBoostRegressor,
        ensemble.BaggingClassifier,
        ensemble.BaggingRegressor,
        ensemble.ExtraTreesClassifier,
        ensemble.ExtraTreesRegressor,
        ensemble.GradientBoostingClassifier,
        ensemble.GradientBoostingRegressor,
        ensemble.IsolationForest,
        ensemble.RandomForestClassifier,
        ensemble.RandomForestRegressor,
        ensemble.RandomTreesEmbedding,
    )
    members = [model]
    if isinstance(model, known):
        members = _members(model)
    trees = tree.DecisionTreeClassifier | tree.DecisionTreeRegressor
    if not members or not all(isinstance(m, trees) and hasattr(m, "tree_") for m in members):
        return None
    parts = getattr(model, "estimators_features_", None) or [None] * len(members)
    return [_of_tree(member.tree_, part) for member, part in zip(members, parts, strict=True)]


def _members(model: Any) -> list[Any]:
    """The estimators of an ensemble, in boosting those of all stages."""
    members = getattr(model, "estimators_", [])
    return members.ravel().tolist() if isinstance(members, np.ndarray) else list(members)


def model_columns(hist: Any) -> NDArray[np.intp]:
    """The input column of each feature of HistGradientBoosting, which puts categorical ones first."""
    if hist.is_categorical_ is None:
        return np.arange(hist.n_features_in_)
    categorical = np.asarray(hist.is_categorical_, dtype=bool)
    return np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])


def _of_tree(tree: Any, columns: Any) -> Splits:
    return Splits(
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left,
        nodes=np.flatnonzero(tree.children_left != tree.children_right),
        columns=None if columns is None else np.asarray(columns, dtype=np.intp),
        single=True,
    )


def _of_boosted(tree: Tree, boosted: Ensemble) -> Splits:
    thresholds = ~tree.is_leaf & (tree.feature < boosted.columns)
    return Splits(
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.left,
        right=tree.right,
        missing_left=tree.missing_left,
        nodes=np.flatnonzero(thresholds),
        columns=None,
        single=boosted.single,
        fixed=boosted.fixed,
    )


def _of_predictor(nodes: NDArray[Any], columns: NDArray[np.intp] | None) -> Splits:
    inner = nodes["is_leaf"] == 0
    categorical = inner & (nodes["is_categorical"] != 0)
    return Splits(
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        left=nodes["left"],
        right=nodes["right"],
        missing_left=nodes["missing_go_to_left"],
        nodes=np.flatnonzero(inner & ~categorical),
        columns=columns,
        single=False,
        fixed=frozenset()
        if columns is None
        else frozenset(columns[nodes["feature_idx"][categorical]].tolist()),
    )


def foldable(chain: Chain, trees: Sequence[Splits]) -> bool:
    """False where a tree reads a column that the chain makes in another way than by a threshold."""
    fixed = sorted(set().union(*(tree.fixed for tree in trees)))
    if not fixed:
        return True
    same = len(chain.sources) == chain.width and bool(np.all(chain.sources == np.arange(chain.width)))
    return same and bool(chain.unchanged[fixed].all())


def fold(chain: Chain, model: Any, trees: Sequence[Splits]) -> None:
    """Writes the tests of a model that stands behind the chain as tests of the chain's input."""
    _fold_tests(chain, trees)
    _rewire(chain, model)


def _rewire(chain: Chain, model: Any) -> None:
    """The model takes the columns that go into the chain."""
    parts = getattr(model, "estimators_features_", None)
    if parts is not None:
        model.estimators_features_ = [chain.sources[np.asarray(part, dtype=np.intp)] for part in parts]
    else:
        for member in _members(model):
            member.n_features_in_ = chain.width
            member.tree_.n_features = chain.width  # sklearn's compiled code allocates by it
    model.n_features_in_ = chain.width
    if hasattr(model, "tree_"):
        model.tree_.n_features = chain.width
    vars(model).pop("feature_names_in_", None)


def _fold_tests(chain: Chain, trees: Sequence[Splits]) -> None:
    sources = chain.sources
    for single in (True, False):
        alike = [tree for tree in trees if tree.single is single and len(tree.nodes)]
        if not alike:
            continue
        tests = np.empty(sum(len(tree.nodes) for tree in alike), dtype=_TEST)
        tests["column"] = np.concatenate([tree.column_of() for tree in alike])
        tests["threshold"] = np.concatenate([tree.threshold[tree.nodes] for tree in alike])
        distinct, inverse = np.unique(tests, return_inverse=True)
        edges, falling, missing = _edges(chain, distinct["column"], distinct["threshold"], single=single)
        start = 0
        for tree in alike:
            own = inverse[start : start + len(tree.nodes)]
            start += len(tree.nodes)
            _write(tree, sources, edges[own], falling[own], missing[own])


def _edges(
    chain: Chain, columns: NDArray[np.intp], thresholds: NDArray[np.float64], *, single: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int8]]:
    """Per test: edge, whether the chain falls, and where NaN goes (-1: the tree's own rule)."""
    parts = []
    for start in range(0, len(columns), _ROWS_AT_ONCE):
        own = columns[start : start + _ROWS_AT_ONCE]
        limits = thresholds[start : start + _ROWS_AT_ONCE]

        def g(x: NDArray[np.float64], own: NDArray[np.intp] = own) -> NDArray[np.float64]:
            values = chain.values(own, x)
            with np.errstate(over="ignore"):
                return values.astype(np.float32).astype(np.float64) if single else values

        edges, falling = bisect(g, limits)
        filled = g(np.full(len(own), np.nan))
        goes = np.where(np.isnan(filled), -1, (filled <= limits) != falling)
        parts.append((edges, falling, goes.astype(np.int8)))
    return (
        np.concatenate([edges for edges, _, _ in parts]),
        np.concatenate([falling for _, falling, _ in parts]),
        np.concatenate([missing for _, _, missing in parts]),
    )


def _write(
    tree: Splits,
    sources: NDArray[np.intp],
    edges: NDArray[np.float64],
    falling: NDArray[np.bool_],
    missing: NDArray[np.int8],
) -> None:
    columns = sources[tree.column_of()]
    tree.threshold[tree.nodes] = edges
    turned = tree.nodes[falling]
    tree.left[turned], tree.right[turned] = tree.right[turned], tree.left[turned].copy()
    tree.missing_left[turned] = 1 - tree.missing_left[turned]
    ruled = missing >= 0
    tree.missing_left[tree.nodes[ruled]] = missing[ruled]
    if tree.columns is None:
        tree.feature[tree.nodes] = columns
