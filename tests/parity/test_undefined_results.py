"""A model that gives NaN or infinity for ordinary inputs is refused; a right one that may is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import PoissonRegressor
from sklearn.neighbors import KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from conversion.models import FRAME, POSITIVE, TWO, VALUE, X
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity


def process() -> Any:
    model = GaussianProcessRegressor().fit(X, VALUE)
    model.alpha_[3] = np.nan
    return model


def quadratic() -> Any:
    model = QuadraticDiscriminantAnalysis().fit(X, TWO)
    model.rotations_[0][0, 0] = np.nan
    return model


def scales() -> Any:
    model = QuadraticDiscriminantAnalysis().fit(X, TWO)
    model.scalings_[1][0] = np.nan
    return model


def boosting() -> Any:
    model = HistGradientBoostingRegressor(max_iter=3).fit(X, VALUE)
    model._baseline_prediction[:] = np.nan
    return model


def target() -> Any:
    model = KNeighborsRegressor().fit(X, VALUE)
    model._y = np.where(np.arange(len(VALUE)) == 5, np.inf, VALUE)
    return model


DAMAGED: list[tuple[Callable[[], Any], tuple[str, ...]]] = [
    (process, ()),
    (quadratic, ()),
    (quadratic, ("label",)),
    (scales, ()),
    (scales, ("label",)),
    (boosting, ()),
    (target, ()),
]


@pytest.mark.parametrize(("make", "outputs"), DAMAGED)
def test_a_model_without_finite_results_is_refused(make: Callable[[], Any], outputs: tuple[str, ...]) -> None:
    loaded = from_estimator(make())
    with pytest.raises(UnsupportedModelError) as caught:
        check_parity(loaded, convert(loaded, outputs=outputs))
    assert caught.value.exit_code == 3
    assert type(loaded.estimator).__name__ in caught.value.place


def test_the_refusal_names_output_and_row() -> None:
    loaded = from_estimator(scales())
    with pytest.raises(UnsupportedModelError) as caught:
        check_parity(loaded, convert(loaded, outputs=["label"]))
    assert "gives NaN as probabilities for " in caught.value.cause
    assert "row 0 (range): inputs X=[" in caught.value.place


def encoded() -> Any:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("gear", codes, ["gear"])], remainder="passthrough").fit(
        FRAME[["speed", "gear", "load"]]
    )


RIGHT: list[Callable[[], Any]] = [
    lambda: RadiusNeighborsRegressor(0.9).fit(X, VALUE),  # most rows have no neighbour
    lambda: FunctionTransformer(np.log).fit(X),  # NaN below zero
    lambda: FunctionTransformer(np.reciprocal).fit(X),  # infinite at zero
    lambda: PoissonRegressor().fit(X, POSITIVE),
    lambda: IsotonicRegression().fit(X[:, 0], VALUE),  # NaN beyond the training values
    encoded,  # an unknown category is NaN
]


@pytest.mark.parametrize(
    "make", RIGHT, ids=["radius", "logarithm", "reciprocal", "exponential", "isotonic", "unknown"]
)
def test_a_right_model_with_such_results_passes(make: Callable[[], Any]) -> None:
    loaded = from_estimator(make())
    report = check_parity(loaded, convert(loaded))
    assert report.passed
    values = report.expected["variable"]
    assert make is RIGHT[3] or not np.isfinite(values).all()
