"""Constructs that random pipelines showed to be refused for no reason, or to end in an error of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from conversion.models import THREE, TWO, VALUE, X, proven, run_batched
from ecu_bundle.conversion import convert

HOLED = np.where(np.arange(X.size).reshape(X.shape) % 7 == 0, np.nan, X)
HOLED[:, 3] = X[:, 3]

INDICATED: dict[str, tuple[Any, Any]] = {
    "alone": (SimpleImputer(add_indicator=True), VALUE),
    "linear": (make_pipeline(SimpleImputer(add_indicator=True), Ridge()), VALUE),
    "scaled": (
        make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), LogisticRegression()
        ),
        THREE,
    ),
    "constant": (
        make_pipeline(SimpleImputer(strategy="constant", fill_value=-9.0, add_indicator=True), Ridge()),
        VALUE,
    ),
    "trees": (
        make_pipeline(SimpleImputer(add_indicator=True), RandomForestClassifier(3, random_state=0)),
        TWO,
    ),
}


@pytest.mark.parametrize("name", INDICATED)
def test_an_imputer_says_where_values_were_missing(name: str) -> None:
    estimator, y = INDICATED[name]
    model = proven(estimator.fit(HOLED, y), data=HOLED)
    assert model.interface.inputs[0].accepts_nan


@pytest.mark.parametrize("indicated", [False, True])
@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.filterwarnings("ignore:Skipping features")
def test_an_empty_column_is_left_out_or_zero(kept: bool, indicated: bool) -> None:
    empty = HOLED.copy()
    empty[:, 1] = np.nan
    imputer = SimpleImputer(keep_empty_features=kept, add_indicator=indicated)
    model = proven(imputer.fit(empty))
    assert model.interface.outputs[0].elements == (4 if kept else 3) + (3 if indicated else 0)
    proven(make_pipeline(imputer, Ridge()).fit(empty, VALUE))


@pytest.mark.parametrize("weights", [None, [2.0, 1.0]])
def test_a_vote_of_regressors_has_weights_in_a_list(weights: list[float] | None) -> None:
    members = [("a", Ridge()), ("b", KNeighborsRegressor(3))]
    proven(VotingRegressor(members, weights=weights).fit(X, VALUE), data=X)


@pytest.mark.parametrize(
    ("function", "low", "high", "behind"),
    [
        (np.tanh, 7.0, 9.5, KNeighborsRegressor(1)),
        (np.tanh, 3.0, 9.5, DecisionTreeRegressor()),
        (np.expm1, -12.0, -8.0, DecisionTreeRegressor()),
    ],
    ids=["nearest", "split", "exponential"],
)
def test_what_a_flat_function_leaves_is_told_apart(
    function: Any, low: float, high: float, behind: Any
) -> None:
    """tanh of 8 and of 9 are 1 in float32, and two numbers for scikit-learn."""
    x = np.linspace(low, high, 400).astype(np.float32).astype(np.float64)[:, None]
    fitted = make_pipeline(FunctionTransformer(function), behind).fit(x, np.arange(400.0))
    rows = np.random.default_rng(0).uniform(low, high, (4_000, 1)).astype(np.float32)
    found = run_batched(convert(fitted), rows, threads=1, batch=len(rows))["variable"].ravel()
    assert (np.abs(found - fitted.predict(rows.astype(np.float64))) < 0.6).all()
