"""Rows that were tried and have no reference are counted in the certificate, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from conversion.models import VALUE, X, prove
from ecu_bundle.parity.probes import NO_RESULT, RAISES

INFINITE_ROWS = 2 * X.shape[1]

CASES: list[tuple[Any, dict[str, int]]] = [
    (LinearRegression(), {RAISES: INFINITE_ROWS}),
    (HistGradientBoostingRegressor(max_iter=3), {}),
    (FunctionTransformer(), {NO_RESULT: INFINITE_ROWS}),
    (make_pipeline(FunctionTransformer(), LinearRegression()), {RAISES: INFINITE_ROWS}),
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
    _, report = prove(estimator.fit(X, VALUE), X)
    (gate,) = report.comparisons
    assert gate.passed
    assert gate.refused == refused
    tried = report.rows.origins.count("infinite")
    assert tried + sum(gate.refused.values()) == INFINITE_ROWS
