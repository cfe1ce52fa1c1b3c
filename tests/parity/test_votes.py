"""Margins of labels by votes of pairs, against all ways in which votes can change."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from benchmarks.coverage.data import FOUR, THREE, X
from numpy.typing import NDArray
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsOneClassifier
from sklearn.svm import SVC, NuSVC

from ecu_bundle.conversion import convert
from ecu_bundle.interface import Code, Interface, Rows, Tensor, over
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity
from ecu_bundle.parity.comparison import compare
from ecu_bundle.parity.tolerance import Tolerance, label_margins
from ecu_bundle.parity.votes import pair_margins, winners

CLASSES = ("a", "b", "c", "d")


def winner(signs: NDArray[np.bool_], classes: int) -> int:
    """The first class with the most votes, counted one by one."""
    votes = [0] * classes
    for sign, (first, second) in zip(signs, combinations(range(classes), 2), strict=True):
        votes[first if sign else second] += 1
    return votes.index(max(votes))


def brute(scores: NDArray[np.float64], classes: int) -> float:
    """The smallest largest score among the pairs whose change of sides changes the winner."""
    best, count = np.inf, len(scores)
    for bits in range(1, 2**count):
        turned = np.array([bits >> i & 1 for i in range(count)], dtype=bool)
        if winner((scores > 0) ^ turned, classes) != winner(scores > 0, classes):
            best = min(best, float(np.abs(scores[turned]).max()))
    return best


@pytest.mark.parametrize("classes", [3, 4])
def test_the_margin_is_the_least_change_that_changes_the_vote(classes: int) -> None:
    generator = np.random.default_rng(classes)
    scores = generator.normal(size=(60, classes * (classes - 1) // 2))
    found = pair_margins(scores, classes)
    assert found.tolist() == [brute(row, classes) for row in scores]
    assert winners(scores, classes).tolist() == [winner(row > 0, classes) for row in scores]


def pairwise(classes: int) -> Interface:
    names = CLASSES[:classes]
    pairs = tuple(over(first, second) for first, second in combinations(names, 2))
    label = Tensor("label", "int32", codes=tuple(Code(10 * i, name) for i, name in enumerate(names)))
    scores = Tensor("decision_function", "float32", len(pairs), element_names=pairs)
    return Interface("classifier", (Tensor("X", "float32"),), (label, scores))


@pytest.mark.parametrize(
    ("scores", "given", "passed"),
    [
        ([0.4001, 0.4, 0.1999], 10, False),  # two pairs are alike, and no vote is near
        ([0.5, 1e-4, 0.5], 10, False),  # one vote less for the first class: a cycle, which it wins
        ([1e-4, 0.5, 0.5], 10, True),
        ([2e-3, 0.5, 0.5], 10, False),
    ],
)
def test_a_label_differs_below_the_margin_of_the_votes_alone(
    scores: list[float], given: int, passed: bool
) -> None:
    interface = pairwise(3)
    expected: dict[str, NDArray[Any]] = {"label": np.array([[0]]), "decision_function": np.array([scores])}
    actual = {"label": np.array([[given]]), "decision_function": np.array([scores], np.float32)}
    gate = compare(
        "a",
        "b",
        interface,
        Rows({"X": np.zeros((1, 1), np.float32)}, ("range",)),
        expected=expected,
        actual=actual,
        tolerance={"decision_function": Tolerance((1e-3,), 0.0)},
        margins=label_margins(interface, expected),
    )
    assert gate.passed == passed


PAIRS: list[tuple[Any, NDArray[Any]]] = [
    (SVC(decision_function_shape="ovo"), THREE),
    (SVC(decision_function_shape="ovo", kernel="linear"), FOUR),
    (NuSVC(nu=0.2, decision_function_shape="ovo"), FOUR),
]


@pytest.mark.parametrize(("estimator", "y"), PAIRS, ids=["three", "four", "nu"])
def test_scores_of_pairs_have_a_margin(estimator: Any, y: NDArray[Any]) -> None:
    loaded = from_estimator(estimator.fit(X, y))
    model = convert(loaded)
    report = check_parity(loaded, model)
    assert report.passed
    margins = label_margins(model.interface, report.expected)
    assert margins is not None
    scores, labels = report.expected["decision_function"], report.expected["label"][:, 0]
    classes = len(estimator.classes_)
    assert margins[:80].tolist() == [brute(row, classes) for row in scores[:80]]
    assert (winners(scores, classes) == labels).all()


VOTES: list[Any] = [
    SVC(),
    SVC(break_ties=True),
    OneVsOneClassifier(LogisticRegression()),
    BaggingClassifier(LogisticRegression(), n_estimators=3, random_state=0),
]


@pytest.mark.parametrize("estimator", VOTES, ids=["svc", "svc ties", "one vs one", "bagging"])
def test_scores_that_jump_or_are_not_followed_have_none(estimator: Any) -> None:
    fitted = estimator.fit(X, FOUR)
    model = convert(fitted, outputs=["label", "decision_function"])
    rows = np.random.default_rng(0).normal(size=(4_000, X.shape[1]))
    expected = {"label": fitted.predict(rows)[:, None], "decision_function": fitted.decision_function(rows)}
    assert label_margins(model.interface, expected) is None
