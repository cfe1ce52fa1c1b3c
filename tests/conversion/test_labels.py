"""Class labels of every kind become codes that a device can return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.conversion.description import ModelDescription, OutputDescription
from ecu_bundle.parity.outputs import class_codes
from ecu_bundle.parity.session import run_rows
from ecu_bundle.rows import rows_from

from .models import THREE, TWO, WORDS, X, codes_of, proven

CLASSIFIERS: list[Any] = [
    AdaBoostClassifier(n_estimators=4, random_state=0),
    BaggingClassifier(n_estimators=3, random_state=0),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    DecisionTreeClassifier(max_depth=4, random_state=0),
    GaussianNB(),
    GradientBoostingClassifier(n_estimators=4, random_state=0),
    HistGradientBoostingClassifier(max_iter=4),
    KNeighborsClassifier(),
    LinearSVC(),
    LogisticRegression(),
    MLPClassifier(max_iter=5, random_state=0),
    OneVsOneClassifier(LogisticRegression()),
    OneVsRestClassifier(LogisticRegression()),
    RandomForestClassifier(4, random_state=0),
    RidgeClassifier(),
    SGDClassifier(random_state=0),
    SVC(),
    StackingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], cv=2),
    VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())]),
    VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"),
]
NAMED = pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda c: type(c).__name__)
PATIENCE = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def labels_of(model: Any, name: str = "label") -> Any:
    return run_rows(model.proto, model.interface, rows_from(X, model.interface))[name][:, 0]


@NAMED
@PATIENCE
def test_text_classes_are_numbered_in_their_order(classifier: Any) -> None:
    model = proven(classifier.fit(X, WORDS))
    assert codes_of(model, "label") == {0: "bad", 1: "ok", 2: "warn"}
    assert set(labels_of(model)) <= {0, 1, 2}


@pytest.mark.parametrize(
    "classifier",
    [c for c in CLASSIFIERS if type(c) is not OneVsOneClassifier],
    ids=lambda c: type(c).__name__,
)
@PATIENCE
def test_negative_classes_are_their_own_codes(classifier: Any) -> None:
    y = 5 * THREE - 7
    model = proven(classifier.fit(X, y))
    assert codes_of(model, "label") == {-7: "-7", -2: "-2", 3: "3"}
    assert set(labels_of(model)) <= {-7, -2, 3}


KINDS: list[tuple[Any, dict[int, str]]] = [
    (TWO.astype(bool), {0: "0", 1: "1"}),
    (TWO + 1.0, {1: "1", 2: "2"}),
    (np.array(["no", "yes"])[TWO], {0: "no", 1: "yes"}),
    (np.array(["no", "yes"], dtype=object)[TWO], {0: "no", 1: "yes"}),
    (np.array(["10", "9"])[TWO], {0: "10", 1: "9"}),
    (TWO.astype(np.uint8) + 254, {254: "254", 255: "255"}),
    (np.array(["", "日本"])[TWO], {0: "", 1: "日本"}),
]


@pytest.mark.parametrize(("y", "codes"), KINDS, ids=lambda v: str(getattr(v, "dtype", "")))
@pytest.mark.parametrize(
    "classifier",
    [LogisticRegression(), RandomForestClassifier(3, random_state=0), LinearSVC(), KNeighborsClassifier()],
    ids=lambda c: type(c).__name__,
)
def test_classes_of_every_type(classifier: Any, y: Any, codes: dict[int, str]) -> None:
    model = proven(classifier.fit(X, y), data=X)
    assert codes_of(model, "label") == codes
    expected = classifier.predict(X)
    to_code = {c: v for v, c in codes.items()} if y.dtype.kind in "UO" else None
    wanted = [to_code[str(v)] if to_code else int(v) for v in expected]
    assert (labels_of(model) == wanted).mean() > 0.98


def test_words_rename_classes_and_outputs() -> None:
    words = ModelDescription(
        classes={"bad": "brake fault"},
        outputs={
            "label": OutputDescription("state", "", "of the brake"),
            "probabilities": OutputDescription("p"),
        },
    )
    model = proven(RandomForestClassifier(3, random_state=0).fit(X, WORDS), words=words)
    label, probabilities = model.interface.outputs
    assert codes_of(model, "state") == {0: "brake fault", 1: "ok", 2: "warn"}
    assert (label.name, label.description, probabilities.name) == ("state", "of the brake", "p")


def test_outliers_and_clusters_have_names() -> None:
    outliers = proven(IsolationForest(n_estimators=4, random_state=0).fit(X))
    assert codes_of(outliers, "label") == {-1: "outlier", 1: "inlier"}
    clusters = proven(KMeans(3, n_init=1, random_state=0).fit(X))
    assert codes_of(clusters, "label") == {0: "cluster 0", 1: "cluster 1", 2: "cluster 2"}


BEYOND: list[Any] = [
    5 * TWO.astype(np.int64) * 10**10 - 7,
    np.array([2**63, 2**64 - 1], dtype=np.uint64)[TWO],
    np.array([-(2**40), 0, 2**31])[THREE],
]


@pytest.mark.parametrize("y", BEYOND, ids=["int64", "uint64", "three"])
@pytest.mark.parametrize(
    "classifier",
    [
        RandomForestClassifier(3, random_state=0),
        LogisticRegression(),
        HistGradientBoostingClassifier(max_iter=3),
    ],
    ids=lambda c: type(c).__name__,
)
def test_numbers_beyond_int32_are_numbered_and_keep_their_name(classifier: Any, y: Any) -> None:
    model = proven(classifier.fit(X, y), data=X)
    assert codes_of(model, "label") == {i: str(value) for i, value in enumerate(np.unique(y))}


@pytest.mark.parametrize(
    ("classes", "codes"),
    [
        ([-(2**31), 2**31 - 1], (-(2**31), 2**31 - 1)),
        ([-(2**31) - 1, 0], (0, 1)),
        ([1.0, 2.0], (1, 2)),
        ([1.5, 2.0], (0, 1)),
        ([float("nan"), 2.0], (0, 1)),
        (["a", "b"], (0, 1)),
        ([False, True], (0, 1)),
    ],
)
def test_one_rule_says_which_number_stands_for_a_class(classes: Any, codes: Any) -> None:
    assert class_codes(classes) == codes
