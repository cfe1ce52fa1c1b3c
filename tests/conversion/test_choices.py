"""What a user may choose of a conversion: the precision of smooth models, and the outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ecu_bundle.conversion import convert
from ecu_bundle.errors import UsageError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity
from ecu_bundle.rows import rows_from

from .models import FRAME, THREE, TWO, VALUE, X

SMOOTH: list[tuple[Any, Any]] = [
    (LogisticRegression(), THREE),
    (Ridge(), VALUE),
    (MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0), VALUE),
    (GaussianProcessRegressor(), VALUE),
    (LinearDiscriminantAnalysis(), THREE),
    (make_pipeline(StandardScaler(), LogisticRegression()), TWO),
]
TREES: list[tuple[Any, Any]] = [
    (RandomForestClassifier(5, random_state=0), THREE),
    (RandomForestRegressor(5, random_state=0), VALUE),
    (GradientBoostingRegressor(n_estimators=5), VALUE),
    (HistGradientBoostingClassifier(max_iter=4), THREE),
    (make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)), THREE),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "y"), SMOOTH + TREES, ids=lambda v: type(v).__name__)
def test_double_precision_comes_within_one_ulp_of_scikit_learn(estimator: Any, y: Any) -> None:
    loaded = from_estimator(estimator.fit(X, y))
    model = convert(loaded, precision="double")
    (gate,) = check_parity(loaded, model).comparisons
    assert gate.passed
    assert max(output.max_ulp for output in gate.outputs) <= 1
    assert all(tensor.dtype in ("float32", "int32") for tensor in model.interface.inputs)


def test_named_columns_are_widened_together() -> None:
    frame = FRAME[["speed", "load"]]
    loaded = from_estimator(LogisticRegression().fit(frame, TWO))
    assert check_parity(loaded, convert(loaded, precision="double"), data=frame).passed


@pytest.mark.parametrize("estimator", [LogisticRegression(), HistGradientBoostingClassifier(max_iter=3)])
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two classes", "three classes"])
def test_scores_in_place_of_probabilities(estimator: Any, y: Any) -> None:
    loaded = from_estimator(estimator.fit(X, y))
    model = convert(loaded, outputs=["decision_function", "label"])
    assert [t.name for t in model.interface.outputs] == ["label", "decision_function"]
    assert model.interface.outputs[1].elements == (1 if y is TWO else 3)
    assert check_parity(loaded, model).passed


def test_the_label_alone_is_smaller() -> None:
    loaded = from_estimator(LogisticRegression().fit(X, THREE))
    label = convert(loaded, outputs=["label"])
    assert [t.name for t in label.interface.outputs] == ["label"]
    assert check_parity(loaded, label).passed
    assert len(label.data) < len(convert(loaded).data)


@pytest.mark.parametrize(
    ("estimator", "wanted"),
    [
        (LogisticRegression(), "probabilities"),
        (HistGradientBoostingClassifier(max_iter=3), "decision_function"),
        (KMeans(3, n_init=1, random_state=0), "scores"),
    ],
)
def test_values_without_the_label(estimator: Any, wanted: str) -> None:
    loaded = from_estimator(estimator.fit(X, THREE))
    model = convert(loaded, outputs=[wanted])
    assert [t.name for t in model.interface.outputs] == [wanted]
    assert model.interface.outputs[0].elements == 3
    assert check_parity(loaded, model).passed


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["variable"], "no output 'variable'"),
        (["label", "probabilities", "decision_function"], "either decision_function or probabilities"),
    ],
)
def test_outputs_that_a_model_does_not_have(outputs: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        convert(LogisticRegression().fit(X, THREE), outputs=outputs)


def test_the_configuration_file_says_both(tmp_path: Path) -> None:
    config = tmp_path / "ecu-bundle.toml"
    config.write_text('[convert]\nprecision = "double"\noutputs = ["label"]\n')
    fitted = LogisticRegression().fit(X, THREE)
    model = convert(fitted, config=config)
    assert model.data == convert(fitted, precision="double", outputs=["label"]).data
    assert model.data != convert(fitted, outputs=["label"]).data
    assert np.asarray(rows_from(X, model.interface).tensors["X"]).dtype == np.float32
