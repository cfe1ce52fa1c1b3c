"""A file whose trees point outside of themselves is refused before anything walks them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import load

from .models import DIABETES, IRIS, edit_array, skops_bytes, tree

Array = np.ndarray[Any, Any]


def _forest() -> Any:
    return RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0).fit(*IRIS)


def _boosting() -> Any:
    return GradientBoostingClassifier(n_estimators=2, random_state=0).fit(*IRIS)


def _histogram() -> Any:
    rows = DIABETES[0].copy()
    rows[:, 1] = (rows[:, 0] * 100).astype(int) % 5
    return HistGradientBoostingRegressor(max_iter=2, categorical_features=[1], random_state=0).fit(
        rows, DIABETES[1]
    )


def _neighbors(algorithm: str) -> Any:
    return KNeighborsClassifier(algorithm=algorithm).fit(*IRIS)


def _has(field: str) -> Callable[[Array], bool]:
    return lambda array: field in (array.dtype.names or ())


def _set(field: str, position: int, value: object) -> Callable[[Array], None]:
    def edit(array: Array) -> None:
        array[field][position] = value

    return edit


def _rows(array: Array) -> bool:
    """The order in which a neighbour tree keeps its rows: a permutation."""
    return array.shape == (150,) and array.dtype == np.int64 and len(np.unique(array)) == 150


def _first(value: int) -> Callable[[Array], None]:
    def edit(array: Array) -> None:
        array[0] = value

    return edit


DAMAGE: dict[str, tuple[Callable[[], Any], Callable[[Array], bool], Callable[[Any], Any]]] = {
    "tree, left child beyond the end": (tree, _has("left_child"), _set("left_child", 0, 1 << 40)),
    "tree, right child beyond the end": (tree, _has("left_child"), _set("right_child", 0, 9999)),
    "tree, negative right child": (tree, _has("left_child"), _set("right_child", 0, -5)),
    "tree, negative left child": (tree, _has("left_child"), _set("left_child", 0, -2)),
    "tree, a cycle": (tree, _has("left_child"), _set("left_child", 2, 0)),
    "tree, no such feature": (tree, _has("left_child"), _set("feature", 0, 4)),
    "tree, negative feature": (tree, _has("left_child"), _set("feature", 0, -3)),
    "forest, child beyond the end": (_forest, _has("left_child"), _set("left_child", 0, 9999)),
    "boosting, no such feature": (_boosting, _has("left_child"), _set("feature", 0, 4)),
    "inside a pipeline": (
        lambda: make_pipeline(StandardScaler(), tree()).fit(*IRIS),
        _has("left_child"),
        _set("left_child", 0, 9999),
    ),
    "inside bagging": (
        lambda: BaggingClassifier(n_estimators=2, max_features=2, random_state=0).fit(*IRIS),
        _has("left_child"),
        _set("feature", 0, 2),
    ),
    "inside an isolation forest": (
        lambda: IsolationForest(n_estimators=2, random_state=0).fit(IRIS[0]),
        _has("left_child"),
        _set("right_child", 0, 9999),
    ),
    "histogram, child beyond the end": (_histogram, _has("bitset_idx"), _set("left", 0, 9999)),
    "histogram, a cycle": (_histogram, _has("bitset_idx"), _set("right", 0, 0)),
    "histogram, no such feature": (_histogram, _has("bitset_idx"), _set("feature_idx", 0, 10)),
    "histogram, the last leaf made inner": (_histogram, _has("bitset_idx"), _set("is_leaf", -1, 0)),
    "histogram, no nodes": (_histogram, _has("bitset_idx"), lambda array: array[:0]),
    "KD tree, no such row": (lambda: _neighbors("kd_tree"), _rows, _first(150)),
    "KD tree, negative row": (lambda: _neighbors("kd_tree"), _rows, _first(-1)),
    "ball tree, no such row": (lambda: _neighbors("ball_tree"), _rows, _first(10**9)),
    "KD tree, a node beyond the rows": (
        lambda: _neighbors("kd_tree"),
        _has("idx_end"),
        _set("idx_end", 0, 10**6),
    ),
    "KD tree, the last level no leaf": (
        lambda: _neighbors("kd_tree"),
        _has("idx_end"),
        _set("is_leaf", -1, 0),
    ),
    "KD tree, nodes missing": (lambda: _neighbors("kd_tree"), _has("idx_end"), lambda array: array[:1]),
    "SVC, coefficients missing": (
        lambda: SVC().fit(*IRIS),
        lambda array: array.dtype == np.float64 and array.shape[:1] == (2,) and array.ndim == 2,
        lambda array: array[:, :-1].copy(),
    ),
    "SVC, counts beyond the vectors": (
        lambda: SVC().fit(*IRIS),
        lambda array: array.dtype == np.int32 and array.shape == (3,),
        _first(10**6),
    ),
    "SVC, features missing": (
        lambda: SVC().fit(*IRIS),
        lambda array: array.ndim == 2 and array.shape[1] == 4,
        lambda array: array[:, :3].copy(),
    ),
}


@pytest.mark.parametrize("damage", sorted(DAMAGE))
def test_a_damaged_model_is_refused(tmp_path: Path, damage: str) -> None:
    make, choose, edit = DAMAGE[damage]
    whole = skops_bytes(make())
    path = tmp_path / "model.skops"
    path.write_bytes(whole)
    assert load(path).estimator is not None
    path.write_bytes(edit_array(whole, choose, edit))
    with pytest.raises(UnsupportedModelError, match=r"the model is damaged|cannot be restored"):
        load(path)


def _other_width(ensemble: Any) -> Any:
    """Replace one tree by one that was trained on more columns."""
    wide = tree().set_params(max_depth=2).fit(np.hstack([IRIS[0], IRIS[0]]), IRIS[1])
    ensemble.estimators_[0] = wide
    return ensemble


def _fewer_scores(boosting: Any) -> Any:
    boosting.n_trees_per_iteration_ = 2
    return boosting


def _no_nodes(broken: Any) -> Any:
    broken.n_features_in_ = 7
    return broken


def _more_scores(histogram: Any) -> Any:
    histogram.n_trees_per_iteration_ = 3
    return histogram


def _no_intercept(machine: Any) -> Any:
    machine._intercept_ = machine._intercept_[:0]
    return machine


@pytest.mark.parametrize(
    "make",
    [
        lambda: _other_width(_forest()),
        lambda: _other_width(BaggingClassifier(n_estimators=2, max_features=2, random_state=0).fit(*IRIS)),
        lambda: _fewer_scores(_boosting()),
        lambda: _no_nodes(tree()),
        lambda: _more_scores(_histogram()),
        lambda: _no_intercept(SVR().fit(*DIABETES)),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path, make: Callable[[], Any]) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(skops_bytes(make()))
    with pytest.raises(UnsupportedModelError, match="the model is damaged"):
        load(path)
