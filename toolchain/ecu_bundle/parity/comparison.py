"""Compare two sets of outputs row by row: errors, units in the last place, labels, worst rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.parity.certificate import Comparison, Histogram, Method, OutputComparison, WorstRow
from ecu_bundle.parity.tolerance import EXACT, Tolerance, ulp_distance
from ecu_bundle.parity.votes import are_pairs

WORST_ROWS = 5
SAMPLE_POINTS = 300
DECADES = tuple(10.0**e for e in range(-12, 4))
MAX_CONFUSION_CLASSES = 20

Bound = Mapping[str, NDArray[np.float64]]
"""Per output a bound on the error of each value, (rows, elements); not finite where there is none. A label
has 0 where no rounding can change it."""


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
    exact: AbstractSet[str] = frozenset(),
    bound: Bound | None = None,
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
            A label may differ where the allowances of the scores of its row cover the margin. None:
            never.
        exact: outputs whose label may differ only where the reference's own float64 additions decide.
        bound: replaces the tolerance of a value where it is finite and smaller. A label for which it is 0
            may not differ.
    """
    bounds = bound or {}
    names = [tensor.name for tensor in interface.outputs]
    outputs = []
    for tensor, follower in zip(interface.outputs, [*names[1:], ""], strict=True):
        reference, judged = expected[tensor.name], actual[tensor.name]
        if tensor.dtype == "int32":
            scores = None
            if tolerance.get(follower, EXACT) != EXACT:
                limit, sides = tolerance[follower], (expected[follower], actual[follower])
                exactly, pairs = tensor.name in exact, are_pairs(interface)
                scores = _Scores(*sides, limit, bounds.get(follower), exactly, pairs)
            certain = _certain(bounds.get(tensor.name), len(rows))
            outputs.append(
                _labels(tensor, rows, reference, judged, margins=margins, scores=scores, certain=certain)
            )
        else:
            limit = tolerance[tensor.name]
            outputs.append(
                _values(tensor, rows, reference, judged, limit=limit, bound=bounds.get(tensor.name))
            )
    return Comparison(
        left=left,
        right=right,
        bit_exact_required=all(t == EXACT for t in tolerance.values()),
        rows=len(rows),
        outputs=tuple(outputs),
        passed=all(output.passed for output in outputs),
    )


def _certain(bound: NDArray[np.float64] | None, count: int) -> NDArray[np.bool_]:
    """Rows whose label no rounding can change, (rows,)."""
    return np.zeros(count, dtype=bool) if bound is None else np.asarray((bound == 0.0).all(axis=1))


@dataclass(frozen=True, slots=True)
class _Scores:
    """The scores that decide a label, (rows, elements) on both sides, and how far they may differ.

    ``pairs``: each is of a pair of classes.
    """

    expected: NDArray[Any]
    actual: NDArray[Any]
    limit: Tolerance
    bound: NDArray[np.float64] | None
    exact: bool
    pairs: bool

    def excuse(
        self,
        tensor: Tensor,
        expected: NDArray[Any],
        actual: NDArray[Any],
        margins: NDArray[np.float64],
    ) -> NDArray[np.bool_]:
        """Rows whose scores decide so narrowly that another label is right too.

        The margin to the next label is within the allowances, and so is the one to the label given. A
        tie that both sides compute alike is no excuse: the rule for ties is wrong then. Neither is a
        label that is no class at all.
        """
        if self.exact:
            return self._roundoff(margins)
        allowance = self.limit.allowance(self.expected, self.bound)
        # two scores of classes may each move towards the other; a score of a pair moves towards 0
        near = margins <= (1.0 if self.pairs else 2.0) * allowance.max(axis=1)
        with np.errstate(over="ignore"):
            same = (self.expected.astype(np.float32) == self.actual.astype(np.float32)).all(axis=1)
        near &= ~(same & (margins == 0.0))
        codes = [code.value for code in tensor.codes]
        if len(codes) < 2:
            return np.asarray(near, dtype=bool)
        one, other = (_positions(codes, labels[:, 0]) for labels in (expected, actual))
        if self.pairs or (self.expected.shape[1] == 1 and len(codes) == 2):
            return np.asarray(near & (other >= 0), dtype=bool)
        if self.expected.shape[1] != len(codes):  # their gaps say nothing of the label
            return np.zeros_like(one, dtype=bool)
        row = np.arange(len(one))
        scores = self.expected.astype(np.float64)
        with np.errstate(invalid="ignore"):
            gap = np.abs(scores[row, one] - scores[row, other])
        near &= gap <= allowance[row, one] + allowance[row, other]
        return np.asarray(near & (one >= 0) & (other >= 0), dtype=bool)

    def _roundoff(self, margins: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Rows in which the exact sums tie and only the roundings of the reference's sums tell a winner.

        A margin of 0 is a tie for both sides, which the rule for ties decides.
        """
        return np.asarray((margins > 0.0) & (margins <= self.limit.remainder))


def _positions(codes: list[int], labels: NDArray[Any]) -> NDArray[np.intp]:
    """Position of each label among the codes, -1 for a label that is none."""
    order = np.argsort(codes)
    found = np.clip(np.searchsorted(np.array(codes)[order], labels), 0, len(codes) - 1)
    return np.where(np.array(codes)[order][found] == labels, order[found], -1)


def _method(limit: Tolerance, bound: NDArray[np.float64] | None) -> Method:
    if limit == EXACT or limit.ulp:
        return "exact"
    return "bounded" if bound is not None and bool(np.isfinite(bound).all()) else "tolerance"


def _values(
    tensor: Tensor,
    rows: Rows,
    expected: NDArray[Any],
    actual: NDArray[Any],
    *,
    limit: Tolerance,
    bound: NDArray[np.float64] | None,
) -> OutputComparison:
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.ascontiguousarray(expected.astype(np.float32))
        actual = np.ascontiguousarray(actual.astype(np.float32))
        same = (rounded == actual) | (np.isnan(rounded) & np.isnan(actual))
        error = np.abs(actual.astype(np.float64) - rounded.astype(np.float64))
        error = np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))
    beyond = ~limit.passes(rounded, actual, bound)
    ulps = ulp_distance(rounded, actual)
    row_error = error.max(axis=1)
    order = np.lexsort((-row_error, ~beyond.any(axis=1)))
    worst = [i for i in order[:WORST_ROWS] if row_error[i] > 0 or beyond[i].any()]
    chosen = _sample(rounded.shape[0])
    return OutputComparison(
        name=tensor.name,
        dtype="float32",
        method=_method(limit, bound),
        values=int(error.size),
        equal=int(same.sum()),
        max_abs_error=float(error.max(initial=0.0)),
        mean_abs_error=float(error.mean()) if error.size else 0.0,
        max_ulp=int(ulps.max(initial=0)),
        abs_tolerance=limit.absolute,
        rel_tolerance=limit.relative,
        ulp_tolerance=limit.ulp,
        beyond_tolerance=int(beyond.sum()),
        label_differences=0,
        label_differences_on_margin=0,
        smallest_margin=None,
        histogram=_histogram(error),
        sample_expected=tuple(float(v) for v in rounded[chosen, 0]),
        sample_actual=tuple(float(v) for v in actual[chosen, 0]),
        confusion=(),
        worst=tuple(_worst(int(i), rows, rounded, actual, float(row_error[i])) for i in worst),
        passed=not beyond.any(),
    )


def _labels(
    tensor: Tensor,
    rows: Rows,
    expected: NDArray[Any],
    actual: NDArray[Any],
    *,
    margins: NDArray[np.float64] | None,
    scores: _Scores | None,
    certain: NDArray[np.bool_],
) -> OutputComparison:
    different = (expected != actual).any(axis=1)
    allowed = np.zeros_like(different)
    method: Method = "exact"
    if margins is not None and scores is not None:
        allowed = scores.excuse(tensor, expected, actual, margins) & ~certain
        if not scores.exact:
            method = "tolerance" if scores.bound is None else _method(scores.limit, scores.bound)
    unforgiven = different & ~allowed
    worst = np.concatenate([np.flatnonzero(unforgiven), np.flatnonzero(different & allowed)])[:WORST_ROWS]
    return OutputComparison(
        name=tensor.name,
        dtype="int32",
        method=method,
        values=int(expected.size),
        equal=int((expected == actual).sum()),
        max_abs_error=0.0,
        mean_abs_error=0.0,
        max_ulp=0,
        abs_tolerance=(),
        rel_tolerance=0.0,
        ulp_tolerance=0,
        beyond_tolerance=int(unforgiven.sum()),
        label_differences=int(different.sum()),
        label_differences_on_margin=int((different & allowed).sum()),
        smallest_margin=None if margins is None else _smallest(margins[~different]),
        histogram=None,
        sample_expected=(),
        sample_actual=(),
        confusion=_confusion(tensor, expected, actual),
        worst=tuple(_worst(int(i), rows, expected, actual, 1.0) for i in worst),
        passed=not unforgiven.any(),
    )


def _smallest(margins: NDArray[np.float64]) -> float | None:
    finite = margins[np.isfinite(margins)]
    return float(finite.min()) if finite.size else None


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
