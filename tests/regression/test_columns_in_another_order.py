"""A ColumnTransformer of one block that takes all columns in another order was read as no change at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor, StackingRegressor
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from conversion.models import NUMBERS, THREE, VALUE, proven

TURNED = ["spare", "load", "speed"]
BOTH = np.column_stack([VALUE, VALUE**2])
RIDGE = Ridge()


def columns(block: Any, names: list[str]) -> Any:
    return ColumnTransformer([("block", block, names)])


MODELS: dict[str, tuple[Any, Any]] = {
    "scaled": (make_pipeline(columns(StandardScaler(), TURNED), RIDGE), VALUE),
    "passed on": (make_pipeline(columns("passthrough", TURNED), LogisticRegression()), THREE),
    "trees": (make_pipeline(columns(StandardScaler(), TURNED), RandomForestRegressor(3)), VALUE),
    "alone": (columns(StandardScaler(), TURNED), VALUE),
    "some": (make_pipeline(columns(StandardScaler(), ["spare", "speed"]), RIDGE), VALUE),
    "chain": (make_pipeline(columns("passthrough", ["spare", "speed"]), RegressorChain(RIDGE)), BOTH),
    "chain of names": (RegressorChain(RIDGE), BOTH),
    "targets": (make_pipeline(columns("passthrough", ["load", "speed"]), MultiOutputRegressor(RIDGE)), BOTH),
    "elimination": (
        make_pipeline(columns("passthrough", ["spare", "speed"]), RFE(RIDGE, n_features_to_select=1)),
        VALUE,
    ),
    "selection": (
        make_pipeline(columns("passthrough", ["spare", "load"]), SelectFromModel(RIDGE), RIDGE),
        VALUE,
    ),
    "stack": (
        make_pipeline(
            columns("passthrough", TURNED), StackingRegressor([("a", RIDGE)], cv=2, passthrough=True)
        ),
        VALUE,
    ),
    "bag": (
        make_pipeline(
            columns("passthrough", TURNED), BaggingRegressor(RIDGE, max_features=2, n_estimators=2)
        ),
        VALUE,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_columns_arrive_in_the_order_of_the_block(name: str) -> None:
    estimator, y = MODELS[name]
    proven(estimator.fit(NUMBERS, y), data=NUMBERS)
