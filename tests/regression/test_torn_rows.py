"""A pair of classes whose value is 0: scikit-learn's SVC gives it to one class in the label, to the other in
the scores. The native engine computes that 0 on rows where ONNX Runtime does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import SVC, NuSVC

from conversion.models import THREE, WORDS, X, prove
from ecu_bundle.image.writer import compile_image
from ecu_bundle.interface import Code, Interface, Rows, Tensor
from ecu_bundle.parity.expectation import expect
from ecu_bundle.parity.neighbourhood import Side, compare_beside
from ecu_bundle.parity.tolerance import EXACT

MODELS = {"SVC": (SVC(), THREE), "NuSVC": (NuSVC(nu=0.3), THREE), "text classes": (SVC(), WORDS)}


@pytest.mark.parametrize("name", MODELS)
def test_a_pair_that_is_0_in_one_engine_is_a_row_on_a_decision(name: str) -> None:
    estimator, target = MODELS[name]
    model, report = prove(estimator.fit(X, target))
    expected = expect(model, compile_image(model, engine="native"), report, "host")
    (gate,) = expected.gates
    assert gate.passed
    codes = np.array([code.value for code in model.interface.outputs[0].codes])
    label, scores = (expected.outputs[tensor.name] for tensor in model.interface.outputs)
    torn = codes[scores.argmax(axis=1)] != label[:, 0]
    assert torn.any()
    assert gate.on_decision >= (torn & (label != report.ort["label"])[:, 0]).sum()


LIMIT = np.float32(0.5)
NEXT = np.nextafter(LIMIT, np.float32(1.0))
Decide = Callable[[NDArray[np.float32]], tuple[NDArray[np.bool_], NDArray[np.bool_]]]
"""Whether the label is the second class, and whether the scores say so."""

JUDGED: dict[str, tuple[Decide, float, bool]] = {
    "torn in the scores": (lambda x: (x > LIMIT, x >= LIMIT), np.inf, True),
    "torn in the label": (lambda x: (x >= LIMIT, x > LIMIT), np.inf, True),
    "where no rounding decides": (lambda x: (x >= LIMIT, x > LIMIT), 0.0, False),
    "scores that decide elsewhere": (lambda x: (x >= LIMIT, x > LIMIT + 2e-5), np.inf, False),
    "a label that decides elsewhere": (lambda x: (x >= LIMIT - 2e-5, x > LIMIT), np.inf, False),
}


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("swapped", [False, True])
def test_each_output_of_a_torn_row_is_given_beside_by_both_sides(name: str, swapped: bool) -> None:
    decide, bound, passed = JUDGED[name]
    codes = (Code(0, "low"), Code(1, "high"))
    interface = Interface(
        "classifier",
        (Tensor("X", "float32"),),
        (Tensor("label", "int32", codes=codes), Tensor("votes", "float32", 2)),
    )
    rows = Rows({"X": np.array([[LIMIT], [-0.4], [0.9]], np.float32)}, ("label", "range", "range"))

    def side(name: str, decide: Decide) -> Side:
        def evaluate(at: Rows) -> dict[str, Any]:
            label, vote = decide(at.tensors["X"])
            return {"label": label.astype(np.int32), "votes": np.hstack([~vote, vote]).astype(np.float32)}

        return Side(name, evaluate(rows), evaluate)

    sides = side("a", lambda x: (x >= NEXT, x >= NEXT)), side("b", decide)
    gate = compare_beside(
        *(sides[::-1] if swapped else sides),
        interface,
        rows,
        tolerance={"votes": EXACT},
        margins=None,
        relative=1e-5,
        bound={"label": np.array([[bound], [0.0], [0.0]])},
    )
    assert gate.comparison.passed == passed
    assert len(gate.on_decision) == passed
