"""`inspect` shows what error messages send a reader to it for."""

from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from conversion.models import VALUE, X
from ecu_bundle.conversion import convert
from ecu_bundle.inspection import inspection_text
from ecu_bundle.parity.certify import interface_record


def text_of(model: object) -> str:
    interface = interface_record(convert(model).interface).model_dump()
    return inspection_text({"kind": "model", "interface": interface})


def test_inputs_that_accept_nan_are_marked() -> None:
    assert "accepts NaN" in text_of(HistGradientBoostingRegressor(max_iter=3).fit(X, VALUE))
    assert "accepts NaN" not in text_of(make_pipeline(LinearRegression()).fit(X, VALUE))
