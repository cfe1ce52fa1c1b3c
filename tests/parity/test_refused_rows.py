"""Rows that were tried and have no reference are counted in the certificate, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from conversion.models import VALUE, X, prove
from ecu_bundle.parity.probes import BEYOND_NO_RESULT, NO_RESULT, RAISES

INFINITE_ROWS = 2 * X.shape[1]

CASES: list[tuple[Any, dict[str, int]]] = [
    (LinearRegression(), {RAISES: INFINITE_ROWS}),
    (HistGradientBoostingRegressor(max_iter=3), {}),
    (FunctionTransformer(), {NO_RESULT: INFINITE_ROWS}),
    (make_pipeline(FunctionTransformer(), LinearRegression()), {RAISES: INFINITE_ROWS}),
    (IsotonicRegression(), {BEYOND_NO_RESULT: 2, RAISES: 2}),
    # the scaler of the first column refuses infinities, the trees take those of the others
    (
        make_pipeline(
            ColumnTransformer([("first", StandardScaler(), [0])], remainder="passthrough"),
            HistGradientBoostingRegressor(max_iter=3),
        ),
        {RAISES: 2},
    ),
]


@pytest.mark.parametrize(("estimator", "refused"), CASES, ids=lambda value: str(value)[:20])
def test_rows_without_a_reference_are_counted(estimator: Any, refused: dict[str, int]) -> None:
    data = X[:, :1] if isinstance(estimator, IsotonicRegression) else X
    _, report = prove(estimator.fit(data, VALUE), data)
    (gate,) = report.comparisons
    assert gate.passed
    assert gate.refused == refused
    tried = report.rows.origins.count("infinite") + report.rows.origins.count("beyond")
    assert tried + sum(gate.refused.values()) == 4 * data.shape[1]
