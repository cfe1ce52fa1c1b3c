"""Defects that were found in the conversion of trees, each once."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from ecu_bundle import BundleError, convert
from ecu_bundle.conversion.folding import fold_scalers, separate
from ecu_bundle.engine import Engine
from ecu_bundle.errors import UnsupportedModelError

X, Y = load_iris(return_X_y=True)
STEPS = np.repeat([[0.0], [1.0], [2.0]], 40, axis=0)


def test_a_score_of_zero_is_the_first_class_of_hist_boosting() -> None:
    labels = [0, 1] * 20 + [0] * 40 + [1] * 40
    fitted = HistGradientBoostingClassifier(max_iter=5).fit(STEPS, labels)
    with Engine.open(convert(fitted), "ort") as engine:
        np.testing.assert_array_equal(engine.run(STEPS)["label"], fitted.predict(STEPS))


@pytest.mark.parametrize(
    ("model", "leaves"),
    [
        (DecisionTreeRegressor(), [1e9, 1e-6, 2e-6]),
        (RandomForestRegressor(10, bootstrap=False), [1e15, 1.0, 2.0]),
        (RandomForestRegressor(10, bootstrap=False), [1e9, 1e-6, 3e-6]),
    ],
)
def test_small_leaves_beside_large_ones_are_kept(model: Any, leaves: list[float]) -> None:
    fitted = model.fit(STEPS, np.repeat(leaves, 40))
    with Engine.open(convert(fitted), "ort") as engine:
        expected = fitted.predict(STEPS).astype(np.float32)
        np.testing.assert_array_max_ulp(engine.run(STEPS)["variable"][:, 0], expected, maxulp=1)


@pytest.mark.parametrize(
    "model",
    [
        VotingClassifier([("a", make_pipeline(StandardScaler(), RandomForestClassifier(3)))]),
        BaggingClassifier(make_pipeline(StandardScaler(), RandomForestClassifier(3)), n_estimators=2),
        CalibratedClassifierCV(
            make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=2)), cv=2
        ),
        make_pipeline(StandardScaler(), IsolationForest(n_estimators=5)),
        make_pipeline(StandardScaler(), BaggingRegressor(n_estimators=3)),
    ],
    ids=lambda model: type(model).__name__,
)
def test_scalers_and_trees_inside_other_estimators_do_not_crash(model: Any) -> None:
    """Converted or refused by name, never an error that nobody foresaw."""
    fitted = model.fit(X, Y)
    try:
        assert convert(fitted).interface.outputs
    except BundleError as error:
        assert error.exit_code == 3


@pytest.mark.parametrize("strategy", ["stratified", "uniform"])
def test_a_start_that_differs_by_row_is_refused(strategy: str) -> None:
    fitted = GradientBoostingClassifier(init=DummyClassifier(strategy=strategy), n_estimators=2).fit(X, Y)
    with pytest.raises(UnsupportedModelError, match="another value in every row"):
        convert(fitted)


@pytest.mark.parametrize("strategy", ["prior", "most_frequent"])
def test_a_constant_start_is_kept(strategy: str) -> None:
    fitted = GradientBoostingClassifier(init=DummyClassifier(strategy=strategy), n_estimators=3).fit(X, Y)
    with Engine.open(convert(fitted), "ort") as engine:
        np.testing.assert_array_equal(engine.run(X)["label"], fitted.predict(X.astype(np.float32)))


def test_sums_beyond_float32_of_leaves_within_it() -> None:
    fitted = RandomForestRegressor(10, bootstrap=False).fit(STEPS, np.repeat([2e38, -3e38, 1e38], 40))
    with Engine.open(convert(fitted), "ort") as engine:
        expected = fitted.predict(STEPS).astype(np.float32)
        np.testing.assert_array_max_ulp(engine.run(STEPS)["variable"][:, 0], expected, maxulp=1)


def test_a_leaf_beyond_float32_is_refused() -> None:
    fitted = RandomForestRegressor(2, bootstrap=False).fit(STEPS, np.repeat([1e39, 0.0, 1.0], 40))
    with pytest.raises(UnsupportedModelError, match="no float32 number"):
        convert(fitted)


def test_a_selection_before_a_forest_leaves_no_tree_with_columns_that_it_does_not_know() -> None:
    """scikit-learn's compiled code writes beyond its memory for a feature that the tree does not have."""
    model = make_pipeline(StandardScaler(), SelectKBest(k=1), RandomForestClassifier(2)).fit(X, Y)
    twin = separate(copy.deepcopy(model))
    fold_scalers(twin)
    for member in twin.steps[-1][1].estimators_:
        assert member.tree_.feature.max() < member.tree_.n_features
