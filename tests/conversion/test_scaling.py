"""Scalers in front of models that compute in float64 are not rounded to float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import SVR

from ecu_bundle.conversion import convert

from .models import THREE, VALUE, X, prove, proven

ROWS = 300
generator = np.random.default_rng(5)
CYLINDERS = generator.choice([4.0, 6.0, 8.0], ROWS)
NARROW = np.column_stack([CYLINDERS, 500.0 * CYLINDERS + generator.normal(0.0, 200.0, ROWS)]).astype(
    np.float32
)
"""One column takes three values, so that the components of a mixture are very narrow along it."""

SCALERS: list[Any] = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    RobustScaler(),
    RobustScaler(with_centering=False, with_scaling=False),
    MinMaxScaler((-1.0, 3.0)),
    MinMaxScaler(clip=True),
    MaxAbsScaler(),
    MaxAbsScaler(clip=True),
]


def largest_ulp(estimator: Any, data: Any) -> int:
    _, report = prove(estimator, data)
    assert report.passed
    (gate,) = report.comparisons
    assert gate.on_decision == 0
    return max(output.max_ulp for output in gate.outputs)


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_every_scaler_keeps_the_bits_of_scikit_learn(scaler: Any) -> None:
    fitted = make_pipeline(scaler, KNeighborsRegressor(weights="distance")).fit(X, VALUE)
    assert largest_ulp(fitted, X) <= 1


def test_a_narrow_component_behind_a_scaler() -> None:
    mixture = GaussianMixture(3, random_state=0)
    model, report = prove(make_pipeline(StandardScaler(), mixture).fit(NARROW), NARROW)
    (gate,) = report.comparisons
    assert gate.passed
    label, probabilities = gate.outputs
    assert label.label_differences == 0
    assert probabilities.max_abs_error < 1e-6
    assert "Scaler" not in {node.op_type for node in model.proto.graph.node}


def test_scalers_one_after_another() -> None:
    chain = make_pipeline(RobustScaler(), make_pipeline(MinMaxScaler(), KNeighborsClassifier()))
    proven(chain.fit(X, THREE), data=X)
    flat = make_pipeline(RobustScaler(), MinMaxScaler(), KNeighborsClassifier()).fit(X, THREE)
    kinds = [node.op_type for node in proven(flat, data=X).proto.graph.node]
    assert "Scaler" not in kinds


def test_a_model_in_float32_keeps_the_cheap_scaler() -> None:
    model = convert(make_pipeline(StandardScaler(), SVR()).fit(X, VALUE))
    assert "Scaler" in {node.op_type for node in model.proto.graph.node}
