"""A row is undecided only when scikit-learn itself answers otherwise in another order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.truth.orders import undecided
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X = np.arange(12.0).reshape(6, 2)
ROWS = X.astype(np.float32)


def is_positive(estimator: Any, rows: NDArray[np.float64]) -> NDArray[Any]:
    return np.asarray(estimator.predict(rows) > 0.0)


def forest(*leaves: float) -> Any:
    """One tree for each leaf, whose prediction is that number for every row."""
    fitted = RandomForestRegressor(len(leaves), max_depth=1, random_state=0).fit(X, X[:, 0])
    for tree, leaf in zip(fitted.estimators_, leaves, strict=True):
        tree.tree_.value[:] = leaf
    return fitted


@pytest.mark.parametrize(
    ("leaves", "expected"),
    [
        ((1e16, 1.0, -1e16), True),  # 1e16 + 1 rounds to 1e16
        ((1e15, 1.0, -1e15), False),
        ((1.0, 2.0, 3.0), False),
        ((2.0,), False),
    ],
)
def test_an_order_of_additions_decides_or_does_not(leaves: tuple[float, ...], expected: bool) -> None:
    assert undecided(forest(*leaves), ROWS, is_positive).tolist() == [expected] * len(ROWS)


def test_the_last_step_of_a_pipeline_counts() -> None:
    model = make_pipeline(StandardScaler(), forest(1e16, 1.0, -1e16))
    model[0].fit(X)
    assert undecided(model, ROWS, is_positive).all()


def test_boosting_keeps_its_trees_in_an_array() -> None:
    fitted = GradientBoostingRegressor(n_estimators=5, random_state=0).fit(X, X[:, 0])
    assert not undecided(fitted, ROWS, lambda e, rows: e.predict(rows)).any()


def test_a_model_without_an_order_is_never_undecided() -> None:
    assert not undecided(LinearRegression().fit(X, X[:, 0]), ROWS, is_positive).any()


def test_neighbours_in_a_true_order_are_decided() -> None:
    fitted = KNeighborsClassifier(1).fit(X, [0, 0, 0, 1, 1, 1])
    assert not undecided(fitted, ROWS, lambda e, rows: e.predict_proba(rows)).any()
    assert undecided(fitted, ROWS[:0], lambda e, rows: e.predict_proba(rows)).shape == (0,)
