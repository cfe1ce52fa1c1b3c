"""What breaks in the standard converter for a new user is cured here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge, RidgeClassifier, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parity.session import run_rows
from ecu_bundle.rows import rows_from

from .models import FRAME, THREE, TWO, VALUE, WORDS, X, prove, proven

CURED: list[tuple[Any, Any, Any]] = [
    (HistGradientBoostingClassifier(max_iter=5), X, THREE),
    (HistGradientBoostingRegressor(max_iter=5), X, VALUE),
    (IsolationForest(n_estimators=5, random_state=0), X, None),
    (make_pipeline(StandardScaler(), LinearSVC()), X, TWO),
    (make_pipeline(StandardScaler(), make_pipeline(MinMaxScaler(), LinearSVC())), X, THREE),
    (make_pipeline(StandardScaler(), LinearSVC()), X, WORDS),
    (GaussianProcessRegressor(), X, VALUE),
    (VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=2))]), X, THREE),
    (
        VotingClassifier([("a", LogisticRegression()), ("b", SVC(probability=True))], voting="soft"),
        X,
        WORDS,
    ),
    (GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2), X, THREE),
    (CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()), cv=2), X, TWO),
    (CalibratedClassifierCV(make_pipeline(StandardScaler(), LinearSVC()), cv=2), X, TWO),
    (CalibratedClassifierCV(LinearSVC(), cv=2), X, WORDS),
    (CalibratedClassifierCV(RandomForestClassifier(3, random_state=0), cv=2, ensemble=False), X, TWO),
    (make_pipeline(OneHotEncoder(), LogisticRegression()), FRAME[["gear", "fuel"]], TWO),
    (KNeighborsTransformer(n_neighbors=3), X, None),
]


@pytest.mark.parametrize(("estimator", "X", "y"), CURED, ids=lambda v: getattr(type(v), "__name__", ""))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_converts_and_agrees(estimator: Any, X: Any, y: Any) -> None:
    proven(estimator.fit(X, y) if y is not None else estimator.fit(X), data=X)


SIGNED: list[Any] = [
    SVC(),
    SVC(kernel="linear"),
    NuSVC(nu=0.3),
    LinearSVC(),
    SGDClassifier(random_state=0),
    Perceptron(),
    RidgeClassifier(),
]


@pytest.mark.parametrize("estimator", SIGNED, ids=str)
@pytest.mark.parametrize("classes", [(0, 1), (-1, 1), (1, 0), ("off", "on")], ids=str)
def test_the_score_of_two_classes_is_one_number_with_the_sign_of_scikit_learn(
    estimator: Any, classes: tuple[Any, Any]
) -> None:
    y = np.array(classes)[TWO]
    model = proven(estimator.fit(X, y), data=X)
    score = model.interface.outputs[1]
    assert (score.name, score.elements) == ("decision_function", 1)
    outputs = run_rows(model.proto, model.interface, rows_from(X, model.interface))
    expected = estimator.decision_function(X)
    assert np.allclose(outputs["decision_function"][:, 0], expected, rtol=1e-4, atol=1e-4)
    labels = {c.name: c.value for c in model.interface.outputs[0].codes}
    positive = labels[str(estimator.classes_[1])]
    clear = np.abs(expected) > 1e-3
    assert ((outputs["label"][:, 0] == positive) == (expected > 0))[clear].all()


@pytest.mark.parametrize("shape", ["ovr", "ovo"])
def test_scores_of_several_classes_have_the_shape_of_scikit_learn(shape: str) -> None:
    y = np.digitize(X[:, 0], [-0.5, 0.0, 0.5])
    model = proven(SVC(decision_function_shape=shape).fit(X, y), data=X)
    assert model.interface.outputs[1].elements == {"ovr": 4, "ovo": 6}[shape]


def test_a_hard_vote_has_a_label_alone() -> None:
    vote = VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=2))])
    model, _ = prove(vote.fit(X, THREE))
    assert [output.name for output in model.interface.outputs] == ["label"]


def test_the_estimator_is_not_changed() -> None:
    vote = VotingClassifier([("a", LogisticRegression())], voting="soft").fit(X, THREE)
    prove(vote)
    assert vote.flatten_transform is True


def test_a_damaged_model_that_scikit_learn_cannot_run_is_refused() -> None:
    damaged = Ridge().fit(X, VALUE)
    damaged.intercept_ = np.zeros(3)  # no longer one number for the one target
    with pytest.raises(UnsupportedModelError, match="scikit-learn itself cannot compute") as caught:
        convert(damaged)
    assert caught.value.place.endswith("Ridge")
    assert "float64" not in caught.value.hint


def test_a_model_that_takes_rows_of_float32_alone_says_what_to_do() -> None:
    trained = KMeans(3, n_init=1, random_state=0).fit(X.astype(np.float32))
    with pytest.raises(UnsupportedModelError, match="scikit-learn itself cannot compute") as caught:
        convert(trained)
    assert "train the model on float64" in caught.value.hint
