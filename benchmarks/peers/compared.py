"""What the comparison measures: a model with a tool, and what came out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["probabilities", "label", "score", "value", "label and numbers"]

TOOLS = ("native", "onnxruntime", "emlearn", "m2cgen", "micromlgen", "tl2cgen")
"""Ours first."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one model with one tool.

    Attributes:
        m4: instructions of a row on a Cortex-M4F, mean; 0 where the tool does not run there.
        flash, ram: bytes there, of code and constants, and of .data and .bss (an arena included).
        x86: instructions of a row on x86-64, mean.
        labels: share of the rows with scikit-learn's label; 1 for regressors.
        error: largest difference of a number from scikit-learn's float64; NaN where there is only a label.
        refused: why there is nothing, in the tool's own words.
    """

    m4: int = 0
    flash: int = 0
    ram: int = 0
    x86: int = 0
    labels: float = 1.0
    error: float = float("nan")
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """scikit-learn on the rows: labels as positions in classes_, and numbers (rows, count)."""

    labels: NDArray[np.int64] | None
    numbers: NDArray[np.float64]
    positive: bool = False
    """The numbers are scores of two classes; a score above 0 is the second."""


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


def judge(kind: Kind, found: NDArray[np.float32], label_bits: NDArray[np.int32], truth: Truth) -> Any:
    """Share of right labels, and largest difference of numbers (NaN without any)."""
    numbers: NDArray[np.float64] | None = found.astype(np.float64)
    labels: NDArray[np.int64] | None = None
    if kind == "label":
        labels, numbers = found[:, 0].astype(np.int64), None
    elif kind == "label and numbers":
        labels, numbers = label_bits.astype(np.int64), found[:, 1:].astype(np.float64)
    elif kind == "probabilities":
        labels = np.argmax(found, axis=1)
    elif kind == "score":
        labels = (found[:, 0] > 0).astype(np.int64)
        numbers = numbers if truth.positive else None
    share = 1.0 if truth.labels is None or labels is None else float((labels == truth.labels).mean())
    if numbers is None or numbers.shape != truth.numbers.shape:
        return share, float("nan")
    return share, float(np.abs(numbers - truth.numbers).max())
