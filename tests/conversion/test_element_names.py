"""Each value of an output has the name of what scikit-learn computes there."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

import ecu_bundle
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.interface import Tensor

X, CLUSTER = make_blobs(120, n_features=3, centers=5, cluster_std=3.0, random_state=4)


def classes_of(count: int) -> Any:
    """Classes 10, 20, ..., so that no class is its position."""
    return 10 * (np.minimum(CLUSTER, count - 1) + 1)


def last_output(estimator: Any, **words: Any) -> Tensor:
    return ecu_bundle.convert(estimator, description=ModelDescription(**words)).interface.outputs[-1]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_probabilities_are_those_of_the_classes(count: int) -> None:
    model = RandomForestClassifier(5, random_state=0).fit(X, classes_of(count))
    assert last_output(model).element_names == tuple(map(str, model.classes_))


def test_renamed_classes() -> None:
    model = RandomForestClassifier(5, random_state=0).fit(X, classes_of(3))
    named = last_output(model, classes={"10": "ok"})
    assert named.element_names == ("ok", "20", "30")


@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
def test_scores_of_a_support_vector_machine(count: int, shape: str) -> None:
    """The class of the largest score, or the class with the most pairs won, is scikit-learn's label."""
    model = make_pipeline(StandardScaler(), SVC(decision_function_shape=shape)).fit(X, classes_of(count))
    names = last_output(model).element_names
    scores = model.decision_function(X)
    assert scores.shape[1] == len(names)
    if shape == "ovr":
        best = np.array(names)[scores.argmax(axis=1)]
        assert np.mean(best.astype(int) == model.predict(X)) > 0.98  # ties of votes are decided otherwise
        return
    for row, label in zip(scores, model.predict(X), strict=True):
        winners = [
            name.split(" over ")[0 if score > 0 else 1] for name, score in zip(names, row, strict=True)
        ]
        votes = {name: winners.count(name) for name in winners}
        assert votes[str(label)] == max(votes.values())
    assert len(names) == len(list(combinations(range(count), 2)))


@pytest.mark.parametrize(
    "model", [SVC(kernel="linear"), LinearSVC(), LogisticRegression()], ids=lambda model: type(model).__name__
)
def test_one_score_is_positive_for_the_second_class(model: Any) -> None:
    model = model.fit(X, classes_of(2))
    wanted = ("label", "decision_function")
    assert last_output(model, chosen=wanted).element_names == ("20 over 10",)
    assert np.array_equal(np.where(model.decision_function(X) > 0, 20, 10), model.predict(X))


def test_a_score_that_may_be_of_a_pair_is_not_named() -> None:
    """With three classes the number of scores does not tell, and the search hides the estimator."""
    search = GridSearchCV(SVC(decision_function_shape="ovo"), {"C": [1.0]}, cv=2).fit(X, classes_of(3))
    assert last_output(search).element_names == ()
    search = GridSearchCV(SVC(), {"C": [1.0]}, cv=2).fit(X, classes_of(3))
    assert last_output(search).element_names == ("10", "20", "30")
    ensemble = OneVsRestClassifier(SVC(decision_function_shape="ovo")).fit(X, classes_of(4))
    assert last_output(ensemble).element_names == ("10", "20", "30", "40")


def test_distances_of_clusters() -> None:
    model = KMeans(4, n_init=1, random_state=0).fit(X)
    assert last_output(model).element_names == tuple(f"cluster {i}" for i in range(4))
    assert np.array_equal(model.transform(X).argmin(axis=1), model.predict(X))


def test_the_score_of_an_outlier_detector() -> None:
    model = IsolationForest(n_estimators=5, random_state=0).fit(X)
    assert last_output(model).element_names == ("inlier over outlier",)
    assert np.array_equal(np.where(model.decision_function(X) >= 0, 1, -1), model.predict(X))


def test_columns_of_a_transformer() -> None:
    assert last_output(StandardScaler().fit(X)).element_names == ("x0", "x1", "x2")


def test_targets_have_no_names() -> None:
    assert last_output(LinearRegression().fit(X, X[:, :2])).element_names == ()
