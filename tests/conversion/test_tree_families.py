"""Every family of trees on real data: leaves, votes, ties and values as in scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity

from .models import run_batched

Data = tuple[NDArray[np.float64], Any]

DIABETES: Data = load_diabetes(return_X_y=True)
CANCER: Data = load_breast_cancer(return_X_y=True)
DIGITS: Data = tuple(part[:600] for part in load_digits(return_X_y=True))
WINE: Data = load_wine(return_X_y=True)


def forest(**options: Any) -> Any:
    return RandomForestClassifier(**{"n_estimators": 12, "max_depth": 4, "random_state": 0, **options})


def regressors() -> list[tuple[str, Any]]:
    return [
        ("forest", RandomForestRegressor(9, max_depth=5, random_state=0)),
        ("hist", HistGradientBoostingRegressor(max_iter=12)),
        ("boosting", make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=12))),
    ]


def classifiers() -> list[tuple[str, Any]]:
    return [
        ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
        ("forest", make_pipeline(MinMaxScaler(), forest())),
        ("hist", HistGradientBoostingClassifier(max_iter=8)),
        ("stump", DecisionTreeClassifier(max_depth=1, random_state=0)),
    ]


CASES: dict[str, tuple[Any, Data]] = {
    "ada": (AdaBoostClassifier(n_estimators=30, random_state=0), CANCER),
    "ada, ten classes": (
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=4), n_estimators=15, random_state=0),
        DIGITS,
    ),
    "ada regressor": (AdaBoostRegressor(n_estimators=25, random_state=0), DIABETES),
    "ada regressor, deep": (
        AdaBoostRegressor(DecisionTreeRegressor(max_depth=9), n_estimators=20, loss="square", random_state=0),
        DIABETES,
    ),
    "bagging": (BaggingClassifier(n_estimators=9, max_features=0.5, random_state=0), WINE),
    "bagging of few rows": (
        BaggingClassifier(n_estimators=9, max_samples=4, max_features=3, random_state=0),
        DIGITS,
    ),
    "bagging regressor": (
        BaggingRegressor(ExtraTreeRegressor(), n_estimators=9, max_features=0.7, random_state=0),
        DIABETES,
    ),
    "bagging of forests": (
        BaggingClassifier(forest(), n_estimators=3, max_features=0.5, random_state=0),
        CANCER,
    ),
    "bagging of boosting": (
        BaggingRegressor(HistGradientBoostingRegressor(max_iter=5), n_estimators=3, random_state=0),
        DIABETES,
    ),
    "isolation": (IsolationForest(n_estimators=40, random_state=0), WINE),
    "isolation, contamination": (
        IsolationForest(n_estimators=30, max_features=0.4, contamination=0.1, random_state=0),
        CANCER,
    ),
    "isolation, no split": (IsolationForest(n_estimators=3, max_samples=1, random_state=0), WINE),
    "voting": (VotingClassifier(classifiers(), voting="soft"), CANCER),
    "voting, hard, ties": (VotingClassifier(classifiers(), voting="hard"), WINE),
    "voting, weights": (VotingClassifier(classifiers(), voting="soft", weights=[2, 0.3, 1, 0.1]), WINE),
    "voting, hard, weights": (VotingClassifier(classifiers(), voting="hard", weights=[1, 1, 1, 2]), DIGITS),
    "voting regressor": (VotingRegressor(regressors()), DIABETES),
    "voting regressor, weights": (VotingRegressor(regressors(), weights=[3.0, 0.1, 1.5]), DIABETES),
    "embedding": (RandomTreesEmbedding(5, max_depth=4, random_state=0), WINE),
    "several targets": (
        ExtraTreesRegressor(7, random_state=0),
        (DIABETES[0], np.column_stack([DIABETES[1], -(DIABETES[1] ** 2)])),
    ),
    "scaled forest": (make_pipeline(StandardScaler(), forest(n_estimators=20)), CANCER),
    "scaled ada": (make_pipeline(RobustScaler(), AdaBoostClassifier(n_estimators=20, random_state=0)), WINE),
    "scaled isolation": (
        make_pipeline(MaxAbsScaler(), IsolationForest(n_estimators=20, random_state=0)),
        DIABETES,
    ),
    "scaled voting": (make_pipeline(MinMaxScaler(), VotingRegressor(regressors())), DIABETES),
    "scaled bagging": (
        make_pipeline(StandardScaler(), BaggingClassifier(max_features=0.5, n_estimators=6, random_state=0)),
        DIGITS,
    ),
    "filled and scaled": (
        make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), forest(n_estimators=10)),
        WINE,
    ),
    "boosting, three classes": (GradientBoostingClassifier(n_estimators=8, random_state=0), WINE),
}
"""28 configurations on four data sets."""


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Any, OnnxModel, NDArray[np.float64]]:
    estimator, (X, y) = CASES[request.param]
    fitted = estimator.fit(X, None if isinstance(estimator, RandomTreesEmbedding) else y)
    return fitted, convert(fitted), X


def jittered(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows beside the real ones, a few units in the last place away."""
    moves = np.random.default_rng(3).integers(-3, 4, X.shape)
    rows = X.astype(np.float32)
    return (rows * (1.0 + moves * np.float32(2.0**-23))).astype(np.float32).astype(np.float64)


def test_labels_and_values_are_scikit_learns(
    case: tuple[Any, OnnxModel, NDArray[np.float64]], record_property: Any
) -> None:
    fitted, model, X = case
    report = check_parity(from_estimator(fitted), model, data=np.concatenate([X, jittered(X)]))
    (gate,) = report.comparisons
    for output in gate.outputs:
        record_property(f"{output.name}: equal, values, ulp", (output.equal, output.values, output.max_ulp))
        assert output.label_differences == 0
        assert output.max_ulp <= 1
        assert output.equal >= 0.999 * output.values
    assert gate.passed


def test_threads_and_batches_change_nothing(case: tuple[Any, OnnxModel, NDArray[np.float64]]) -> None:
    _, model, X = case
    rows = np.tile(X.astype(np.float32), (1 + 1100 // len(X), 1))[:1100]
    results = [
        run_batched(model, rows, threads=threads, batch=batch)
        for threads in (1, 2, 4)
        for batch in (1, 50, 1000)
    ]
    for result in results[1:]:
        for name, values in results[0].items():
            np.testing.assert_array_equal(values, result[name])


def test_the_proof_holds_rows_on_thresholds() -> None:
    estimator, (X, y) = CASES["scaled voting"]
    model = convert(estimator.fit(X, y))
    assert "boundary" in check_parity(from_estimator(estimator), model, data=X).rows.origins


def test_a_training_row_exactly_at_the_offset_of_an_isolation_forest_is_an_inlier() -> None:
    rows = np.random.default_rng(1).normal(size=(101, 4)).astype(np.float32).astype(np.float64)
    fitted = IsolationForest(n_estimators=30, contamination=0.1, random_state=0).fit(rows)
    assert (fitted.decision_function(rows) == 0.0).any()
    labels = run_batched(convert(fitted), rows.astype(np.float32), threads=1, batch=101)["label"]
    np.testing.assert_array_equal(labels, fitted.predict(rows))
