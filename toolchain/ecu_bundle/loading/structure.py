"""Check the numbers by which compiled code of scikit-learn walks its memory.

Trees keep indices of nodes and features that scikit-learn follows without a bounds check, so a hostile
or damaged file could crash the process or read beyond its arrays. What is checked here: decision trees
and the ensembles that call them directly, the trees of histogram gradient boosting, KD and ball trees,
and the support vectors of libsvm. Child nodes always come after their parent in files that scikit-learn
wrote; insisting on it also proves that every walk ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


class MalformedModelError(Exception):
    """An index inside the model points outside of it."""


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise MalformedModelError(what)


def _objects(root: object) -> Iterator[Any]:
    """All objects that are reachable through attributes and containers, each once."""
    pending: list[object] = [root]
    seen: dict[int, object] = {}
    while pending:
        value = pending.pop()
        if id(value) in seen or isinstance(value, str | bytes | int | float | type(None) | np.generic):
            continue
        seen[id(value)] = value
        yield value
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list | tuple | set):
            pending.extend(value)
        elif isinstance(value, np.ndarray):
            pending.extend(value.ravel() if value.dtype == object else ())
        elif not isinstance(value, type):
            pending.extend(getattr(value, "__dict__", {}).values())


def _check_children(
    left: NDArray[Any], right: NDArray[Any], inner: NDArray[np.bool_], feature: NDArray[Any], features: int
) -> None:
    """Inner nodes have two children behind them and a feature that exists."""
    count = len(inner)
    parents = np.flatnonzero(inner)
    for children in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        _require(bool(np.all((children > parents) & (children < count))), "a tree node has no valid child")
    used = feature[inner].astype(np.int64)
    _require(bool(np.all((used >= 0) & (used < features))), "a tree node uses a feature that does not exist")


def _check_decision_tree(estimator: Any) -> None:
    tree = estimator.tree_
    _require(0 < tree.node_count <= tree.capacity, "a tree has a wrong number of nodes")
    _require(tree.n_features == estimator.n_features_in_, "a tree has another number of features")
    left = tree.children_left
    # scikit-learn takes a node for a leaf when its left child is -1
    _check_children(left, tree.children_right, left != -1, tree.feature, tree.n_features)


def _check_ensemble(ensemble: Any) -> None:
    """Ensembles hand their rows to the trees without another check of the width."""
    from sklearn.ensemble import BaseEnsemble
    from sklearn.ensemble._bagging import BaseBagging
    from sklearn.tree import BaseDecisionTree

    if not isinstance(ensemble, BaseEnsemble) or not hasattr(ensemble, "estimators_"):
        return
    members = np.asarray(ensemble.estimators_, dtype=object)
    if members.ndim == 2:  # gradient boosting: one column for each raw score
        _require(members.shape[1] == ensemble.n_trees_per_iteration_, "a boosting model lacks trees")
    whole = ensemble.n_features_in_
    for index, member in enumerate(members.ravel()):
        expected = whole
        if isinstance(ensemble, BaseBagging):
            chosen = np.asarray(ensemble.estimators_features_[index])
            _require(bool(np.all((chosen >= 0) & (chosen < whole))), "an ensemble uses a missing feature")
            expected = len(chosen)
        if isinstance(member, BaseDecisionTree):
            _require(
                member.n_features_in_ == expected, "a tree of an ensemble has another number of features"
            )


def _check_hist_gradient_boosting(model: Any) -> None:
    rounds = getattr(model, "_predictors", [])
    for predictor in (tree for trees in rounds for tree in trees):
        nodes = predictor.nodes
        _require(len(nodes) > 0, "a tree has no nodes")
        inner = nodes["is_leaf"] == 0
        _check_children(nodes["left"], nodes["right"], inner, nodes["feature_idx"], model._n_features)
        used = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
        for bitsets in (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets):
            _require(bitsets.ndim == 2 and bitsets.shape[1] == 8, "a category table has a wrong shape")
            _require(
                bool(np.all(used < len(bitsets))), "a tree node uses a category table that does not exist"
            )
    for trees in rounds:
        _require(len(trees) == model.n_trees_per_iteration_, "a boosting model lacks trees")


def _check_neighbor_tree(tree: Any) -> None:
    data, index, nodes, bounds = (np.asarray(array) for array in tree.get_arrays())
    _, _, _, _, leaf_size, levels, count, *_ = tree.__getstate__()
    rows = len(data)
    _require(rows > 0 and leaf_size >= 1, "a neighbour tree is empty")
    _require(0 < levels < 64 and count == 2**levels - 1 == len(nodes), "a neighbour tree has a wrong size")
    _require(bounds.shape[1:] == (count, data.shape[1]), "a neighbour tree has bounds of a wrong shape")
    _require(len(index) == rows and bool(np.all((index >= 0) & (index < rows))), "a row does not exist")
    start, end = nodes["idx_start"], nodes["idx_end"]
    _require(bool(np.all((start >= 0) & (start <= end) & (end <= rows))), "a node covers missing rows")
    _require(bool(np.all(nodes["is_leaf"][count // 2 :] != 0)), "the last level of a tree is no leaf")


def _check_libsvm(model: Any) -> None:
    vectors, coefficients = model.support_vectors_, model._dual_coef_
    pairs = 1
    if model._impl in ("c_svc", "nu_svc"):
        classes = len(model.classes_)
        pairs = classes * (classes - 1) // 2
        _require(len(model._n_support) == classes and coefficients.shape[0] == classes - 1, "wrong classes")
        _require(bool(np.all(model._n_support >= 0)), "a class has a negative number of support vectors")
        _require(int(model._n_support.sum()) == vectors.shape[0], "support vectors are missing")
    else:
        _require(coefficients.shape[0] == 1, "an SVM has coefficients of a wrong shape")
    _require(coefficients.shape[1] == vectors.shape[0] == len(model.support_), "support vectors are missing")
    _require(len(model._intercept_) == pairs, "an SVM lacks intercepts")
    if model.kernel != "precomputed":
        _require(vectors.shape[1] == model.shape_fit_[1], "support vectors have another number of features")


def check_structure(root: object) -> None:
    """Check every tree and support vector machine that is reachable from `root`.

    Raises:
        MalformedModelError: an index points outside its array, or arrays do not fit together.
    """
    from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
    from sklearn.neighbors._ball_tree import BallTree32, BallTree64
    from sklearn.neighbors._kd_tree import KDTree32, KDTree64
    from sklearn.svm._base import BaseLibSVM
    from sklearn.tree import BaseDecisionTree

    for value in _objects(root):
        if isinstance(value, BaseDecisionTree):
            if hasattr(value, "tree_"):
                _check_decision_tree(value)
        elif isinstance(value, BaseHistGradientBoosting):
            _check_hist_gradient_boosting(value)
        elif isinstance(value, KDTree32 | KDTree64 | BallTree32 | BallTree64):
            _check_neighbor_tree(value)
        elif isinstance(value, BaseLibSVM):
            if hasattr(value, "support_vectors_"):
                _check_libsvm(value)
        else:
            _check_ensemble(value)
