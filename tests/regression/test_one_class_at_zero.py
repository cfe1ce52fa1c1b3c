"""Where the score of an outlier detector is exactly 0 the label is -1 or 1, as scikit-learn has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import SGDOneClassSVM
from sklearn.svm import OneClassSVM

import ecu_bundle
from conversion.models import X
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity

ZERO = np.zeros((1, 2))


def lines() -> Any:
    """Scores x + y, without rounding."""
    model = SGDOneClassSVM(random_state=0).fit(X[:, :2])
    model.coef_, model.offset_ = np.array([1.0, 1.0]), np.array([0.0])
    return model


def vectors() -> Any:
    """Scores 0 at 0, by a linear kernel without an offset."""
    model = OneClassSVM(kernel="linear", nu=0.5).fit(X[:, :2])
    model.intercept_ = model._intercept_ = np.array([0.0])
    model.offset_ = np.array([0.0])
    return model


@pytest.mark.parametrize(("make", "label"), [(lines, 1), (vectors, -1)])
def test_a_score_of_zero(make: Any, label: int) -> None:
    model = make()
    assert model.decision_function(ZERO)[0] == 0.0
    assert model.predict(ZERO)[0] == label
    with ecu_bundle.Engine.open(ecu_bundle.convert(model)) as engine:
        assert engine.run(ZERO.astype(np.float32))["label"].tolist() == [label]


@pytest.mark.parametrize("kind", [OneClassSVM, SGDOneClassSVM])
def test_the_label_alone_passes_the_proof(kind: Any) -> None:
    model = ecu_bundle.convert(loaded := from_estimator(kind(nu=0.1).fit(X)), outputs=["label"])
    assert check_parity(loaded, model).passed
