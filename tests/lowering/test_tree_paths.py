"""Splits that a row passes at least and at most, against the trees of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import ecu_bundle
from ecu_bundle.lowering import lower
from ecu_bundle.lowering.trees.paths import Paths, paths_of

CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def depths(tree: Any) -> NDArray[np.int64]:
    """Depth of each leaf of a scikit-learn tree."""
    depth = np.zeros(tree.node_count, dtype=np.int64)
    for node in range(tree.node_count):  # children have larger numbers
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    leaves: NDArray[np.int64] = depth[tree.children_left < 0]
    return leaves


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (DecisionTreeClassifier(random_state=0), CANCER),
        (RandomForestClassifier(7, max_depth=6, random_state=0), CANCER),
        (RandomForestRegressor(5, max_depth=9, random_state=0), DIABETES),
    ],
)
def test_the_longest_ways_are_those_of_the_trees(model: Any, data: Any) -> None:
    model.fit(*data)
    leaves = [depths(member.tree_) for member in getattr(model, "estimators_", [model])]
    found = paths_of(lower(ecu_bundle.convert(model)))
    assert found == Paths(len(leaves), sum(d.min() for d in leaves), sum(d.max() for d in leaves))


def test_boosting_of_one_depth_takes_as_long_for_every_row() -> None:
    model = GradientBoostingRegressor(n_estimators=30, max_depth=3, random_state=0).fit(*DIABETES)
    found = paths_of(lower(ecu_bundle.convert(model)))
    assert found == Paths(30, 90, 90)
    assert found.constant


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (LinearRegression(), DIABETES),
        (make_pipeline(StandardScaler(), LogisticRegression()), load_wine(return_X_y=True)),
    ],
)
def test_a_model_without_trees_has_no_ways(model: Any, data: Any) -> None:
    """The words of its kernels may be groups of numbers, as many as the shapes need."""
    assert paths_of(lower(ecu_bundle.convert(model.fit(*data)))) is None
