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
from sklearn.preprocessing import StandardScaler

from conversion.models import THREE, TWO, VALUE, X, proven

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
