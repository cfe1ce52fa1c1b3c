"""What the comparison measures: a model with a tool, and what came out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["probabilities", "label", "score", "value", "label and numbers"]
Status = Literal["measured", "refused", "failed", "not installed", "not applicable", "not run"]
"""``refused``: the tool says that it does not do this model. ``failed``: it, a compiler or the program ended
badly or at a limit. ``not applicable``: a variant that the tool has for other kinds of models only."""
Verdict = Literal["right", "labels only", "numbers off", "labels wrong", ""]

MODELS = {
    "rf_bc": "random forest, 100 trees of depth 10, breast cancer",
    "rf_dig": "random forest, 100 trees of depth 10, digits",
    "gbr": "gradient boosting, 200 trees of depth 3, diabetes",
    "hgb": "histogram gradient boosting, 200 trees, diabetes",
    "dt": "one decision tree, breast cancer",
    "lr": "StandardScaler, logistic regression, breast cancer",
    "mlp": "perceptron, 64 and 32 hidden units, digits",
    "svc": "StandardScaler, SVC with RBF kernel, breast cancer",
}
"""What is trained; rows of breast cancer have 30 features, of digits 64, of diabetes 10."""

OURS = "native"
TOOLS = {
    OURS: "ecu-bundle native",
    "onnxruntime": "ONNX Runtime",
    "emlearn": "emlearn",
    "emlearn-soft": "emlearn leaf_bits=8",
    "emlearn-int16": "emlearn int16 loadable",
    "m2cgen": "m2cgen",
    "micromlgen": "micromlgen",
    "tl2cgen": "tl2cgen quantize=1",
}
"""What a reader calls them, ours first."""

CLOSE = 1e-4
"""Of the largest number that scikit-learn gives, or of 1: numbers further away than that are off."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one model with one tool.

    Attributes:
        status: whether there are figures.
        reason: why there are none, or none of one processor, in the words of who said so.
        m4, m4_most: instructions of a row on a Cortex-M4F, mean and most; 0 where it does not run there.
        flash: bytes there, of code, constants and initial values, those of an empty program taken off.
        data, bss: bytes there, initialised and zero (an arena included).
        stack: bytes there, of one prediction.
        x86: instructions of a row on x86-64, mean.
        rows: how many were run and judged.
        wrong_labels: how many of them have another label than scikit-learn's; None for regressors.
        error: largest difference of a number from scikit-learn's float64, infinite when it is not a number;
            None where there is only a label.
        span: largest number of scikit-learn's, at least 1.
    """

    status: Status = "measured"
    reason: str = ""
    m4: int = 0
    m4_most: int = 0
    flash: int = 0
    data: int = 0
    bss: int = 0
    stack: int = 0
    x86: int = 0
    rows: int = 0
    wrong_labels: int | None = None
    error: float | None = None
    span: float = 1.0

    @property
    def ram(self) -> int:
        """Bytes of .data and .bss."""
        return self.data + self.bss

    @property
    def verdict(self) -> Verdict:
        """Whether the results are scikit-learn's; empty without results."""
        if not self.rows:
            return ""
        if self.wrong_labels:
            return "labels wrong"
        if self.error is None:
            return "labels only"
        return "right" if self.error <= CLOSE * self.span else "numbers off"


@dataclass(frozen=True, slots=True)
class Truth:
    """scikit-learn on the rows: labels as positions in classes_, and numbers (rows, count)."""

    labels: NDArray[np.int64] | None
    numbers: NDArray[np.float64]
    positive: bool = False
    """The numbers are scores of two classes; a score above 0 is the second."""

    @property
    def span(self) -> float:
        """The largest number, at least 1."""
        return max(1.0, float(np.abs(self.numbers).max()))


def truth_of(estimator: Any, rows: NDArray[np.float32]) -> Truth:
    """What scikit-learn computes in float64."""
    wide = rows.astype(np.float64)
    predicted = estimator.predict(wide)
    if not hasattr(estimator, "classes_"):
        return Truth(None, predicted.reshape(len(rows), -1))
    labels = np.searchsorted(estimator.classes_, predicted)
    if hasattr(estimator, "predict_proba"):
        return Truth(labels, estimator.predict_proba(wide))
    return Truth(labels, estimator.decision_function(wide).reshape(len(rows), -1), positive=True)


def judge(kind: Kind, words: NDArray[np.uint32], truth: Truth) -> tuple[int | None, float | None]:
    """How many labels are wrong (None for regressors), and the largest error (None for labels only).

    Args:
        kind: what a row's words are. ``label`` is a class's position as float32; ``label and numbers``
            starts with it as int32; labels of ``probabilities`` and ``score`` follow from the numbers. A
            score where scikit-learn has probabilities is a label only; where it has one score for two
            classes, of two scores the second class's is taken.
        words: float32 bits, (rows, count).
        truth: of the same rows.

    Raises:
        ValueError: there are other rows, or another count of numbers, than scikit-learn gives.
    """
    numbers = words.view(np.float32).astype(np.float64)
    labels: NDArray[np.int64] | None = None
    if len(words) != len(truth.numbers):
        raise ValueError(f"{len(words)} rows came back of {len(truth.numbers)}")
    if kind == "label":
        with np.errstate(invalid="ignore"):
            labels = numbers[:, 0].astype(np.int64)
    elif kind == "label and numbers":
        labels, numbers = words[:, 0].view(np.int32).astype(np.int64), numbers[:, 1:]
    elif kind == "probabilities":
        labels = np.argmax(numbers, axis=1)
    elif kind == "score":
        labels = (numbers[:, 0] > 0).astype(np.int64)
    wrong = None
    if truth.labels is not None:
        if labels is None:
            raise ValueError("there is no label")
        wrong = int((labels != truth.labels).sum())
    if kind == "label" or (kind == "score" and not truth.positive):
        return wrong, None
    if truth.positive and numbers.shape[1] == 2:
        numbers = numbers[:, 1:]
    if numbers.shape != truth.numbers.shape:
        raise ValueError(f"{numbers.shape[1]} numbers came back of {truth.numbers.shape[1]}")
    error = float(np.abs(numbers - truth.numbers).max())
    return wrong, error if np.isfinite(error) else float("inf")
