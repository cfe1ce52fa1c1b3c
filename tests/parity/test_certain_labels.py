"""Where the analysis of rounding errors shows that no rounding decides, labels must agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, OneClassSVM

from conversion.models import THREE, TWO, X, prove
from ecu_bundle.interface import Code, Interface, Rows, Tensor
from ecu_bundle.parity.comparison import compare
from ecu_bundle.parity.neighbourhood import Side, compare_beside
from ecu_bundle.parity.proof import bound_records, certain_labels
from ecu_bundle.parity.tolerance import Tolerance, label_margins

LABEL = Tensor("label", "int32", codes=(Code(0, "a"), Code(1, "b")))
INPUT = (Tensor("X", "float32"),)
LIMIT = {"score": Tolerance((1e-3,), 0.0)}


@pytest.mark.parametrize(("bound", "passed"), [(np.inf, True), (0.0, False)])
def test_no_margin_excuses_another_label_on_a_certain_row(bound: float, passed: bool) -> None:
    interface = Interface("classifier", INPUT, (LABEL, Tensor("score", "float32")))
    expected: dict[str, Any] = {"label": np.array([[1]]), "score": np.array([[1e-5]])}
    gate = compare(
        "a",
        "b",
        interface,
        Rows({"X": np.zeros((1, 1), np.float32)}, ("label",)),
        expected=expected,
        actual={"label": np.array([[0]]), "score": np.full((1, 1), -1e-5, np.float32)},
        tolerance=LIMIT,
        margins=label_margins(interface, expected),
        bound={"label": np.array([[bound]])},
    )
    assert gate.passed == passed


@pytest.mark.parametrize(("bound", "passed"), [(np.inf, True), (0.0, False)])
def test_no_row_beside_excuses_another_label_on_a_certain_row(bound: float, passed: bool) -> None:
    interface = Interface("classifier", INPUT, (LABEL,))
    rows = Rows({"X": np.array([[0.5], [-1.0], [1.0]], np.float32)}, ("label", "range", "range"))

    def above(limit: float) -> Any:
        return lambda at: {"label": (at.tensors["X"] > limit).astype(np.int64)}

    reference, judged = above(0.5), above(float(np.nextafter(np.float32(0.5), np.float32(0.0))))
    gate = compare_beside(
        Side("a", reference(rows), reference),
        Side("b", judged(rows), judged),
        interface,
        rows,
        tolerance={},
        margins=None,
        relative=1e-5,
        bound={"label": np.array([[bound], [0.0], [0.0]])},
    )
    assert gate.comparison.passed == passed
    assert len(gate.on_decision) == passed


MODELS: list[tuple[Any, Any]] = [
    (LogisticRegression(), THREE),
    (MLPClassifier((8,), solver="lbfgs", random_state=0), THREE),
    (SVC(), TWO),
    (OneClassSVM(nu=0.2), None),
]


@pytest.mark.parametrize(("estimator", "target"), MODELS, ids=lambda v: type(v).__name__)
def test_the_stated_margin_is_that_of_labels_a_rounding_can_change(estimator: Any, target: Any) -> None:
    model, report = prove(estimator.fit(X, target), X)
    certain, margins = certain_labels(model, report.proof), label_margins(model.interface, report.expected)
    assert certain is not None
    assert margins is not None
    (record,) = bound_records(model, report.proof, report.expected)
    assert record.label_margin is not None
    assert 0.0 < record.label_margin < 1e-3
    assert certain[margins > record.label_margin].all()
    differ = (report.expected["label"] != report.ort["label"]).any(axis=1)
    assert differ.any()
    assert not (differ & certain).any()
