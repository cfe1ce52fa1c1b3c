"""Figures of one smooth model: errors relative to the range of the output, and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.truth.cases import Data
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import ParityReport, check_parity
from ecu_bundle.parity.proof import bound_records
from ecu_bundle.parity.tolerance import label_margins

GROSS = 1e-4


@dataclass(frozen=True, slots=True)
class SmoothResult:
    """One smooth model on one data set.

    Attributes:
        rows: all rows of the proof.
        error: largest |ONNX Runtime - scikit-learn|, relative to the range that the output has on the
            data; None for a model without a float output.
        gross: values with an error over `GROSS` of that range.
        flips: rows with another label, before the gate excuses any; None without a label.
        below_margin: of these, rows whose scores are closer together than the certified margin; None
            where the certificate states no margin.
        refused: why it is not converted; "" when it is.
        passed: what the gate says.
    """

    model: str
    data: str
    rows: int = 0
    error: float | None = None
    gross: int = 0
    flips: int | None = None
    below_margin: int | None = None
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
    real = np.array(report.rows.origins) == "data"
    largest: float | None = None
    gross = 0
    for tensor in model.interface.outputs:
        if tensor.dtype != "float32":
            continue
        wanted = report.expected[tensor.name].astype(np.float64)
        found = report.ort[tensor.name].astype(np.float64)
        width = np.ptp(wanted[real], axis=0).max()
        finite = np.isfinite(wanted) & np.isfinite(found)
        shares = np.abs(wanted - found)[finite] / width
        largest = max(largest or 0.0, float(shares.max(initial=0.0)))
        gross += int((shares > GROSS).sum()) + int((np.isfinite(wanted) != np.isfinite(found)).sum())
    flips, below = _flips(model, report)
    return SmoothResult(
        name,
        data.name,
        rows=len(report.rows),
        error=largest,
        gross=gross,
        flips=flips,
        below_margin=below,
        passed=report.passed,
    )


def _flips(model: OnnxModel, report: ParityReport) -> tuple[int | None, int | None]:
    """Rows with another label, and how many of them lie within the margin of the certificate."""
    label = model.interface.outputs[0]
    if label.dtype != "int32":
        return None, None
    flipped = (report.expected[label.name] != report.ort[label.name]).any(axis=1)
    margins = label_margins(model.interface, report.expected)
    records = bound_records(model, report.proof, report.expected, report.tolerance)
    stated = [record.label_margin for record in records if record.label_margin is not None]
    if margins is None or not stated:
        return int(flipped.sum()), None
    return int(flipped.sum()), int((margins[flipped] <= max(stated)).sum())
