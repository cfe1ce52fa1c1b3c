"""Figures of one smooth model: errors relative to the range of the output, and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.cases import Data
from benchmarks.truth.orders import undecided
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import ParityReport, check_parity
from ecu_bundle.parity.proof import certain_labels

GROSS = 1e-4


@dataclass(frozen=True, slots=True)
class SmoothResult:
    """One smooth model on one data set.

    Attributes:
        rows: all rows of the proof.
        error: largest |ONNX Runtime - scikit-learn|, relative to the range that the output has on the
            data; None for a model without a float output.
        gross: values with an error over `GROSS` of that range; not of rows that are undecided.
        flips: rows with another label, before the gate excuses any; None without a label. Not of rows
            that are undecided.
        certain: rows whose label no rounding can change, by the analysis of the graph, which knows nothing
            of scikit-learn; None without a label.
        certain_flips: flips on such rows; None without a label.
        undecided: rows with a gross error or another label where scikit-learn's own answer changes with
            the order of its work.
        refused: why it is not converted; "" when it is.
        passed: what the gate says.
    """

    model: str
    data: str
    rows: int = 0
    error: float | None = None
    gross: int = 0
    flips: int | None = None
    certain: int | None = None
    certain_flips: int | None = None
    undecided: int = 0
    refused: str = ""
    passed: bool = False


def measure_smooth(name: str, estimator: Any, data: Data) -> SmoothResult:
    """Fits behind a StandardScaler, converts and compares on the rows of the proof."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = make_pipeline(StandardScaler(), estimator).fit(data.rows, data.target)
    loaded = from_estimator(fitted)
    try:
        model = convert(loaded)
    except UnsupportedModelError as error:
        return SmoothResult(name, data.name, refused=error.cause)
    report = check_parity(loaded, model, data=data.rows)
    errors = _errors(model, report)
    label = model.interface.outputs[0]
    flipped = np.zeros(len(report.rows), dtype=bool)
    if label.dtype == "int32":
        flipped = (report.expected[label.name] != report.ort[label.name]).any(axis=1)
    unclear = np.flatnonzero((errors > GROSS).any(axis=1) | flipped)
    unclear = unclear[undecided(fitted, report.rows.tensors["X"][unclear], _answers)]
    errors[unclear], flipped[unclear] = 0.0, False
    return SmoothResult(
        name,
        data.name,
        rows=len(report.rows),
        error=float(errors.max()) if errors.size else None,
        gross=int((errors > GROSS).sum()),
        flips=int(flipped.sum()) if label.dtype == "int32" else None,
        certain=int(_certain(model, report).sum()) if label.dtype == "int32" else None,
        certain_flips=int((flipped & _certain(model, report)).sum()) if label.dtype == "int32" else None,
        undecided=len(unclear),
        passed=report.passed,
    )


def _answers(estimator: Any, rows: NDArray[np.float64]) -> NDArray[Any]:
    return np.asarray(getattr(estimator, "predict_proba", estimator.predict)(rows))


def _errors(model: OnnxModel, report: ParityReport) -> NDArray[np.float64]:
    """Of every float value, relative to the range of its output on the data, (rows, values)."""
    real = np.array(report.rows.origins) == "data"
    shares = [np.empty((len(report.rows), 0))]
    for tensor in model.interface.outputs:
        if tensor.dtype != "float32":
            continue
        wanted = report.expected[tensor.name].astype(np.float64)
        found = report.ort[tensor.name].astype(np.float64)
        width = np.ptp(wanted[real], axis=0).max()
        both = np.isfinite(wanted) & np.isfinite(found)
        same = (wanted == found) | (np.isnan(wanted) & np.isnan(found))
        with np.errstate(invalid="ignore"):
            error = np.where(both, np.abs(wanted - found) / width, np.inf)
        shares.append(np.where(same, 0.0, error))
    return np.concatenate(shares, axis=1)


def _certain(model: OnnxModel, report: ParityReport) -> NDArray[np.bool_]:
    """Rows whose label no rounding can change, by the analysis of the graph alone."""
    certain = certain_labels(model, report.proof)
    return np.zeros(len(report.rows), dtype=bool) if certain is None else certain
