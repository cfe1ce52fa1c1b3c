"""The label follows scikit-learn's own rule, whatever the second output is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.conversion import convert

from .models import proven, run_batched

_generator = np.random.default_rng(11)
_ROWS = 150
X = _generator.normal(size=(_ROWS, 4)).astype(np.float32).astype(np.float64)
_NOISE = 0.7 * _generator.normal(size=_ROWS)
TWO = (X[:, 0] + X[:, 1] + _NOISE > 0).astype(int)
FOUR = np.digitize(X[:, 0] + _NOISE, [-0.7, 0.0, 0.7])
WORDS = np.array(["d", "b", "c", "a"])[FOUR]
ROWS = np.concatenate([X, 1.5 * _generator.normal(size=(1_500, 4))]).astype(np.float32)

LINEAR = LogisticRegression()
STEPS = DecisionTreeClassifier(max_depth=3, random_state=0)
MEMBERS = [("a", LINEAR), ("b", GaussianNB()), ("c", STEPS)]
SURE = SVC(probability=True, random_state=0)
HUBER = SGDClassifier(loss="modified_huber", random_state=0)
HALF = 0.5

ANY: list[Any] = [
    BaggingClassifier(LINEAR, n_estimators=5, random_state=0),
    BaggingClassifier(LINEAR, n_estimators=5, max_features=HALF, random_state=0),
    BaggingClassifier(LinearSVC(), n_estimators=5, random_state=0),
    BaggingClassifier(SVC(), n_estimators=3, random_state=0),
    BaggingClassifier(GradientBoostingClassifier(n_estimators=2), n_estimators=3, random_state=0),
    VotingClassifier(MEMBERS, voting="soft", weights=[1, 2, 1]),
    VotingClassifier([*MEMBERS, ("d", LinearSVC())]),
    StackingClassifier(MEMBERS, cv=2),
    StackingClassifier([("a", LinearSVC()), ("b", STEPS)], LinearSVC(), cv=2),
    StackingClassifier(MEMBERS, stack_method="predict", cv=2, passthrough=True),
    AdaBoostClassifier(LINEAR, n_estimators=3, random_state=0),
    AdaBoostClassifier(n_estimators=3, random_state=0),
    SVC(),
    SVC(decision_function_shape="ovo"),
    SVC(break_ties=True),
    SURE,
    SVC(probability=True, break_ties=True, random_state=0),
    NuSVC(nu=0.2, probability=True, random_state=0),
    OneVsOneClassifier(LINEAR),
    OneVsOneClassifier(LinearSVC()),
    OneVsRestClassifier(LINEAR),
    OneVsRestClassifier(LinearSVC()),
    OneVsRestClassifier(SURE),
    OneVsRestClassifier(GaussianNB()),
    OutputCodeClassifier(LINEAR, random_state=0),
    HUBER,
    SGDClassifier(loss="log_loss", random_state=0),
    LinearDiscriminantAnalysis(),
    GridSearchCV(SURE, {"C": [1.0]}, cv=2),
    GridSearchCV(HUBER, {"alpha": [1e-3]}, cv=2),
    make_pipeline(StandardScaler(), BaggingClassifier(LINEAR, n_estimators=3, random_state=0)),
    FrozenEstimator(BaggingClassifier(LINEAR, n_estimators=3, random_state=0).fit(X, FOUR)),
]
BINARY: list[Any] = [
    TunedThresholdClassifierCV(LINEAR, cv=2),
    FixedThresholdClassifier(LINEAR, threshold=0.3),
    FixedThresholdClassifier(LINEAR, threshold=0.3, response_method="decision_function"),
    FixedThresholdClassifier(SURE, threshold=0.3),
    SelfTrainingClassifier(SURE),
]
OFTEN_WRONG_FOR_TWO = (LinearDiscriminantAnalysis, OneVsRestClassifier, StackingClassifier, VotingClassifier)


def cases() -> Iterator[Any]:
    """Every estimator with several classes; with two the ones that are converted another way then."""
    for estimator in ANY:
        yield estimator, WORDS
        marks = () if isinstance(estimator, OFTEN_WRONG_FOR_TWO) else pytest.mark.slow
        yield pytest.param(estimator, TWO, marks=marks)
    for estimator in BINARY:
        yield estimator, TWO


PATIENCE = pytest.mark.filterwarnings(
    "ignore:.*probability", "ignore::UserWarning", "ignore::sklearn.exceptions.ConvergenceWarning"
)
METHODS = {"probabilities": "predict_proba", "decision_function": "decision_function"}


def expected_of(fitted: Any, name: str) -> NDArray[Any]:
    """scikit-learn's own output on the rows, as the device numbers it."""
    wide = ROWS.astype(np.float64)
    if name != "label":
        return np.asarray(getattr(fitted, METHODS[name])(wide), dtype=np.float64).reshape(len(wide), -1)
    labels: NDArray[Any] = fitted.predict(wide)
    return np.searchsorted(fitted.classes_, labels) if labels.dtype.kind == "U" else labels


@pytest.mark.parametrize(
    ("estimator", "y"),
    list(cases()),
    ids=lambda v: type(v).__name__ if hasattr(v, "fit") else str(v.dtype.kind),
)
@PATIENCE
def test_the_label_is_scikit_learns_beside_each_output(estimator: Any, y: NDArray[Any]) -> None:
    fitted = estimator.fit(X, y)
    for shown in (name for name, method in METHODS.items() if hasattr(fitted, method)):
        model = convert(fitted, outputs=["label", shown])
        results = run_batched(model, ROWS, threads=1, batch=len(ROWS))
        assert list(results) == ["label", shown]
        assert (results["label"] == expected_of(fitted, "label")).all(), shown
        expected = expected_of(fitted, shown)
        error = np.abs(results[shown].reshape(expected.shape) - expected).max() / np.abs(expected).max()
        assert error < 3e-5, shown
    if not any(hasattr(fitted, method) for method in METHODS.values()):
        labels = run_batched(convert(fitted), ROWS, threads=1, batch=len(ROWS))["label"]
        assert (labels == expected_of(fitted, "label")).all()


@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
def test_a_threshold_beside_the_other_output_passes_the_gate(method: str) -> None:
    proven(FixedThresholdClassifier(LINEAR, threshold=0.4, response_method=method).fit(X, TWO))
