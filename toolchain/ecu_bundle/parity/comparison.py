"""Compare two sets of outputs row by row: errors, units in the last place, labels, worst rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.parity.certificate import Comparison, Histogram, OutputComparison, WorstRow

WORST_ROWS = 5
SAMPLE_POINTS = 300
DECADES = tuple(10.0**e for e in range(-12, 4))
MAX_CONFUSION_CLASSES = 20

DEFAULT_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Tolerance:
    """``|actual - expected| <= absolute + relative * |expected|``; both 0: the same bits."""

    absolute: float
    relative: float


EXACT = Tolerance(0.0, 0.0)


def tolerances(
    interface: Interface, expected: Mapping[str, NDArray[Any]], relative: float
) -> dict[str, Tolerance]:
    """A tolerance for each float output: relative to its own values and to its largest value."""
    result = {}
    for tensor in interface.outputs:
        if tensor.dtype == "float32":
            finite = np.abs(expected[tensor.name][np.isfinite(expected[tensor.name])])
            scale = float(finite.max()) if finite.size else 1.0
            result[tensor.name] = Tolerance(relative * min(scale, 1e30), relative)
    return result


def compare(
    left: str,
    right: str,
    interface: Interface,
    rows: Rows,
    *,
    expected: Mapping[str, NDArray[Any]],
    actual: Mapping[str, NDArray[Any]],
    tolerance: Mapping[str, Tolerance],
    margins: NDArray[np.float64] | None = None,
) -> Comparison:
    """Compares every output over all rows.

    Args:
        left, right: names of the reference and of what is judged.
        interface: outputs to compare.
        rows: the inputs, for the worst rows.
        expected: reference, (rows, elements) per output, float64 or int64; rounded to float32 once.
        actual: what is judged, (rows, elements), float32 or int32.
        tolerance: per float output.
        margins: per row: how far the reference is from another label, in units of the second output.
            A label may differ where the margin is within twice the tolerance. None: never.
    """
    outputs = []
    for position, tensor in enumerate(interface.outputs):
        if tensor.dtype == "int32":
            allowed = np.zeros(len(rows), dtype=bool)
            if margins is not None and position + 1 < len(interface.outputs):
                follower = interface.outputs[position + 1].name
                limit = tolerance.get(follower, EXACT)
                peak = np.abs(expected[follower]).max(axis=1)
                allowed = margins <= 2.0 * (limit.absolute + limit.relative * peak)
            outputs.append(_labels(tensor, rows, expected[tensor.name], actual[tensor.name], allowed))
        else:
            limit = tolerance[tensor.name]
            outputs.append(_values(tensor, rows, expected[tensor.name], actual[tensor.name], limit))
    return Comparison(
        left=left,
        right=right,
        bit_exact_required=all(t == EXACT for t in tolerance.values()),
        rows=len(rows),
        refused_rows=0,
        outputs=tuple(outputs),
        passed=all(output.passed for output in outputs),
    )


def label_margins(interface: Interface, expected: Mapping[str, NDArray[Any]]) -> NDArray[np.float64] | None:
    """Distance of the reference to a tie: the gap of the two largest scores, or |score| for one."""
    if len(interface.outputs) < 2 or interface.outputs[0].dtype != "int32":
        return None
    scores = expected[interface.outputs[1].name].astype(np.float64)
    if scores.shape[1] == 1:
        margin: NDArray[np.float64] = np.abs(scores[:, 0])
        return margin
    distances = interface.kind == "clusterer" and interface.outputs[1].name == "scores"
    ordered = np.sort(-scores if distances else scores, axis=1)
    gap: NDArray[np.float64] = ordered[:, -1] - ordered[:, -2]
    return gap


def ulp_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number of float32 values between a and b; 0 for equal bits, NaN against NaN, and -0 against 0."""

    def ordered(x: NDArray[np.float32]) -> NDArray[np.int64]:
        bits = x.view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)

    distance = np.abs(ordered(np.ascontiguousarray(a)) - ordered(np.ascontiguousarray(b)))
    return np.where(np.isnan(a) & np.isnan(b), 0, distance)


def _values(
    tensor: Tensor, rows: Rows, expected: NDArray[Any], actual: NDArray[Any], limit: Tolerance
) -> OutputComparison:
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = expected.astype(np.float32)
        actual = np.ascontiguousarray(actual.astype(np.float32))
        same = (rounded == actual) | (np.isnan(rounded) & np.isnan(actual))
        error = np.abs(actual.astype(np.float64) - rounded.astype(np.float64))
        error = np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))
        bound = limit.absolute + limit.relative * np.abs(rounded.astype(np.float64))
        beyond = ~same & ~(error <= np.where(np.isfinite(bound), bound, 0.0))
    bits = rounded.view(np.int32) == actual.view(np.int32)
    if limit == EXACT:
        beyond = ~bits & ~(np.isnan(rounded) & np.isnan(actual))
    ulps = ulp_distance(rounded, actual)
    row_error = error.max(axis=1)
    order = np.argsort(-np.where(beyond.any(axis=1), row_error + 1e300, row_error), kind="stable")
    worst = [i for i in order[:WORST_ROWS] if row_error[i] > 0 or beyond[i].any()]
    chosen = _sample(rounded.shape[0])
    return OutputComparison(
        name=tensor.name,
        dtype="float32",
        values=int(error.size),
        equal=int(same.sum()),
        max_abs_error=float(error.max(initial=0.0)),
        mean_abs_error=float(error.mean()) if error.size else 0.0,
        max_ulp=int(ulps.max(initial=0)),
        abs_tolerance=limit.absolute,
        rel_tolerance=limit.relative,
        beyond_tolerance=int(beyond.sum()),
        label_differences=0,
        label_differences_on_margin=0,
        histogram=_histogram(error),
        sample_expected=tuple(float(v) for v in rounded[chosen, 0]),
        sample_actual=tuple(float(v) for v in actual[chosen, 0]),
        confusion=(),
        worst=tuple(_worst(int(i), rows, rounded, actual, float(row_error[i])) for i in worst),
        passed=not beyond.any(),
    )


def _labels(
    tensor: Tensor, rows: Rows, expected: NDArray[Any], actual: NDArray[Any], allowed: NDArray[np.bool_]
) -> OutputComparison:
    different = (expected != actual).any(axis=1)
    unforgiven = different & ~allowed
    worst = np.concatenate([np.flatnonzero(unforgiven), np.flatnonzero(different & allowed)])[:WORST_ROWS]
    return OutputComparison(
        name=tensor.name,
        dtype="int32",
        values=int(expected.size),
        equal=int((expected == actual).sum()),
        max_abs_error=0.0,
        mean_abs_error=0.0,
        max_ulp=0,
        abs_tolerance=0.0,
        rel_tolerance=0.0,
        beyond_tolerance=int(unforgiven.sum()),
        label_differences=int(different.sum()),
        label_differences_on_margin=int((different & allowed).sum()),
        histogram=None,
        sample_expected=(),
        sample_actual=(),
        confusion=_confusion(tensor, expected, actual),
        worst=tuple(_worst(int(i), rows, expected, actual, 1.0) for i in worst),
        passed=not unforgiven.any(),
    )


def _confusion(tensor: Tensor, expected: NDArray[Any], actual: NDArray[Any]) -> tuple[tuple[int, ...], ...]:
    values = [code.value for code in tensor.codes]
    if not values or len(values) > MAX_CONFUSION_CLASSES or tensor.elements != 1:
        return ()
    return tuple(
        tuple(int(((expected == row) & (actual == column)).sum()) for column in values) for row in values
    )


def _histogram(error: NDArray[np.float64]) -> Histogram:
    edges = (0.0, *DECADES, math.inf)
    bins = np.searchsorted(np.array(edges), error[error > 0], side="left") - 1
    counts = np.bincount(bins, minlength=len(edges) - 1)
    return Histogram(exact=int((error == 0).sum()), edges=edges, counts=tuple(int(c) for c in counts))


def _sample(count: int) -> NDArray[np.intp]:
    if count <= SAMPLE_POINTS:
        return np.arange(count)
    return np.linspace(0, count - 1, SAMPLE_POINTS).astype(np.intp)


def _worst(row: int, rows: Rows, expected: NDArray[Any], actual: NDArray[Any], error: float) -> WorstRow:
    return WorstRow(
        row=row,
        origin=rows.origins[row] if rows.origins else "",
        inputs={name: array[row].tolist() for name, array in rows.tensors.items()},
        expected=expected[row].tolist(),
        actual=actual[row].tolist(),
        error=error,
    )
