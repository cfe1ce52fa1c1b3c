"""Extreme models, and the same bytes every time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ecu_bundle.conversion import convert

from .models import FRAME, THREE, TWO, VALUE, WORDS, X, proven

CONSTANT = np.full(len(X), 2.5)
FLAT = np.column_stack([X[:, 0], np.full(len(X), 7.0), np.zeros(len(X))])
ONE = X[:, :1]
WIDE = np.random.default_rng(0).normal(size=(60, 300)).astype(np.float32)

ONE_LEAF: list[Any] = [
    DecisionTreeRegressor(),
    RandomForestRegressor(3, random_state=0),
    ExtraTreesRegressor(3, random_state=0),
    GradientBoostingRegressor(n_estimators=3),
    HistGradientBoostingRegressor(max_iter=3),
    BaggingRegressor(n_estimators=3, random_state=0),
    LinearRegression(),
]


@pytest.mark.parametrize("estimator", ONE_LEAF, ids=lambda e: type(e).__name__)
def test_a_model_that_learned_a_constant(estimator: Any) -> None:
    proven(estimator.fit(X, CONSTANT), data=X)


SCALERS: list[Any] = [StandardScaler(), MinMaxScaler(), RobustScaler(), MaxAbsScaler()]


@pytest.mark.parametrize("scaler", SCALERS, ids=lambda s: type(s).__name__)
def test_constant_features_behind_a_scaler(scaler: Any) -> None:
    proven(make_pipeline(scaler, LogisticRegression()).fit(FLAT, TWO), data=FLAT)


TINY: list[Any] = [
    DecisionTreeClassifier(max_depth=4, random_state=0),
    RandomForestClassifier(3, random_state=0),
    HistGradientBoostingClassifier(max_iter=3),
    GradientBoostingClassifier(n_estimators=3, random_state=0),
    LogisticRegression(),
    SVC(),
    KNeighborsClassifier(),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


@pytest.mark.parametrize("estimator", TINY, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("named", [False, True], ids=["array", "frame"])
def test_one_feature(estimator: Any, named: bool) -> None:
    data: Any = pd.DataFrame(ONE, columns=["speed"]) if named else ONE
    model = proven(estimator.fit(data, TWO), data=data)
    assert model.interface.features == 1


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (LinearRegression(), True),
        (RandomForestRegressor(3, random_state=0), False),
        (HistGradientBoostingRegressor(max_iter=3), False),
    ],
    ids=["linear frame", "forest array", "boosting array"],
)
def test_three_hundred_features(estimator: Any, named: bool) -> None:
    data: Any = pd.DataFrame(WIDE, columns=[f"signal {i}" for i in range(300)]) if named else WIDE
    model = proven(estimator.fit(data, WIDE[:, 0]), data=data)
    assert model.interface.features == 300
    assert len(model.interface.inputs) == (300 if named else 1)


@pytest.mark.slow
def test_ten_thousand_trees() -> None:
    model = GradientBoostingRegressor(n_estimators=10_000, max_depth=2, learning_rate=0.01, random_state=0)
    proven(model.fit(X, VALUE), data=X)


def test_four_hundred_trees() -> None:
    model = GradientBoostingRegressor(n_estimators=400, max_depth=2, learning_rate=0.01, random_state=0)
    proven(model.fit(X, VALUE), data=X)


LARGE: list[tuple[str, Callable[[Any], Any]]] = [
    ("large values", lambda x: x * 1e30),
    ("small values", lambda x: x * 1e-38),
    ("far from zero", lambda x: x + 1e7),
]


@pytest.mark.parametrize(("name", "change"), LARGE, ids=[name for name, _ in LARGE])
def test_a_tree_on_extreme_inputs(name: str, change: Callable[[Any], Any]) -> None:  # noqa: ARG001
    data = change(X).astype(np.float32).astype(np.float64)
    proven(DecisionTreeClassifier(random_state=0).fit(data, TWO), data=data)


def test_a_single_class() -> None:
    model = proven(DecisionTreeClassifier().fit(X, np.zeros(len(X), dtype=int)), data=X)
    assert model.interface.outputs[1].elements == 1


def test_two_hundred_classes() -> None:
    y = np.arange(400) % 200
    data = np.random.default_rng(0).normal(size=(400, 3))
    model = proven(DecisionTreeClassifier(random_state=0).fit(data, y))
    assert model.interface.outputs[1].elements == 200


def columns() -> Any:
    encoder = ColumnTransformer([("o", OneHotEncoder(), ["gear", "fuel"])], remainder="passthrough")
    return make_pipeline(encoder, LogisticRegression()).fit(FRAME, TWO)


SAME: list[Callable[[], Any]] = [
    lambda: RandomForestClassifier(5, random_state=0).fit(X, WORDS),
    lambda: HistGradientBoostingClassifier(max_iter=3).fit(X, THREE),
    lambda: AdaBoostRegressor(n_estimators=3, random_state=0).fit(X, VALUE),
    lambda: IsolationForest(n_estimators=3, random_state=0).fit(X),
    lambda: SVC().fit(X, THREE),
    lambda: KNeighborsClassifier().fit(X, THREE),
    columns,
]


@pytest.mark.parametrize("make", SAME, ids=range(len(SAME)))
def test_converting_twice_gives_the_same_bytes(make: Callable[[], Any]) -> None:
    estimator = make()
    first, second, third = convert(estimator), convert(estimator), convert(make())
    assert first.data == second.data == third.data
    assert first.interface == second.interface == third.interface
    assert first.columns == second.columns


PROGRAM = """
from conversion.test_degenerate import SAME
from ecu_bundle.conversion import convert
print([convert(make()).digest for make in SAME])
"""


def test_another_process_gives_the_same_bytes() -> None:
    """Hash seeds and what ran before must not matter."""
    here = Path(__file__).parents[1]
    results = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=here,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{here}:{here.parent}:{here.parent / 'toolchain'}"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "4711")
    }
    assert results == {f"{[convert(make()).digest for make in SAME]}\n"}
