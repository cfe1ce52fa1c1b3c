"""How far a value may be from the reference, and how far a label is from another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface
from ecu_bundle.parity.votes import are_pairs, are_votes, follow, pair_margins, winners

DEFAULT_TOLERANCE = 1e-5

ORDINARY = ("data", "range", "learned", "category")
"""Origins of rows that show how large an output is in use; rows made to be extreme do not."""

_COMPARED_KINDS = ("classifier", "clusterer", "outlier_detector")
"""Kinds of models whose values a row are scores of alternatives, in one unit."""

_LARGEST_SCALE = 1e30

OUTLIERS = 0.05
"""Share of the ordinary rows whose values say nothing of the scale when they are larger than the others.

With the maximum a single row, for instance a sensor's fault code, would set the tolerance of all rows. A
quantile much lower would be exceeded by many values of a right model, whose rounding errors grow with the
values that cancel in them and not with the result."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """When a float32 value passes against the expected one.

    A value v passes against e when ``|v - e| <= absolute + relative * |e|``, or when it is at most `ulp`
    float32 values away from e. All 0: the same bits. NaN passes against NaN alone, infinity against itself.

    Attributes:
        absolute: one value per element of the output, or a single one for all.
        relative: of the expected value.
        ulp: units in the last place.
        remainder: what float64 leaves where a sum of the reference cancels; see `CANCELLED`.
    """

    absolute: tuple[float, ...]
    relative: float
    ulp: int = 0
    remainder: float = 0.0

    def allowance(
        self, expected: NDArray[Any], bound: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """The largest error that passes, (rows, elements) float64; `ulp` is not part of it.

        Args:
            expected: (rows, elements).
            bound: a proved bound on the error, (rows, elements); where it is finite and smaller, it is
                the allowance.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            allowed = np.array(self.absolute) + self.relative * np.abs(expected.astype(np.float64))
        allowed = np.where(np.isfinite(allowed), allowed, 0.0)
        return allowed if bound is None else np.where(np.isfinite(bound), np.minimum(allowed, bound), allowed)

    def passes(
        self,
        expected: NDArray[np.float32],
        actual: NDArray[np.float32],
        bound: NDArray[np.float64] | None = None,
    ) -> NDArray[np.bool_]:
        """Which values pass, (rows, elements)."""
        nothing = np.isnan(expected) & np.isnan(actual)
        if self == EXACT:
            same: NDArray[np.bool_] = expected.view(np.int32) == actual.view(np.int32)
            return same | nothing
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
            near = error <= self.allowance(expected, bound)
        near |= np.isfinite(expected) & np.isfinite(actual) & (ulp_distance(expected, actual) <= self.ulp)
        passed: NDArray[np.bool_] = near | (expected == actual) | nothing
        return passed


EXACT = Tolerance((0.0,), 0.0)
"""The same bits."""

CANCELLED = 2.0**-40
"""What float64 additions may leave where a sum cancels, relative to the scale of the output: scikit-learn
adds n leaves with an error of up to n * 2**-53 of their absolute sum, where the exact sum may be 0."""


def tolerances(
    interface: Interface,
    expected: Mapping[str, NDArray[Any]],
    relative: float,
    *,
    origins: Sequence[str] = (),
    exact: AbstractSet[str] = frozenset(),
) -> dict[str, Tolerance]:
    """A tolerance for each float output: relative to its own values and to the scale of each element.

    The scale of an element is its largest finite value over the ordinary rows but for the few largest
    (`OUTLIERS`), so that neither another element, nor a row at the end of the number range, nor an outlier
    in the data hides an error. Each value is also judged relative to itself, which is all that a left out
    row needs. Scores and probabilities of classes or
    clusters are compared with each other, so they have one scale. An element that is nothing but what
    float64 leaves of a sum that cancels is allowed that much.

    Args:
        interface: names the outputs.
        expected: reference, (rows, elements) per output.
        relative: the setting.
        origins: of the rows; empty: every row is ordinary.
        exact: outputs that are exact; they get one unit in the last place, and `CANCELLED`.
    """
    result = {}
    for tensor in interface.outputs:
        if tensor.dtype == "float32":
            values = expected[tensor.name]
            scale = _scale(values, np.array(origins or [ORDINARY[0]] * len(values)))
            if interface.kind in _COMPARED_KINDS:
                scale = np.full_like(scale, scale.max(initial=0.0))
            least = float(CANCELLED * scale.max(initial=0.0))
            if tensor.name in exact:
                absolute = CANCELLED * scale
                result[tensor.name] = Tolerance(tuple(absolute.tolist()), 0.0, ulp=1, remainder=least)
            else:
                absolute = np.maximum(relative * scale, least)
                result[tensor.name] = Tolerance(tuple(absolute.tolist()), relative, remainder=least)
    return result


def _scale(values: NDArray[Any], origins: NDArray[np.str_]) -> NDArray[np.float64]:
    """Size of each element: the larger of the user's rows and the other ordinary ones, else over all rows.

    1 without any finite value.
    """
    sizes = np.where(np.isfinite(values), np.abs(values.astype(np.float64)), np.nan)
    given, made = origins == "data", np.isin(origins, ORDINARY) & (origins != "data")
    scale = []
    for column in sizes.T:
        parts = [part for part in (column[given], column[made]) if not np.isnan(part).all()]
        scale.append(max(_large(part) for part in parts or [column]))
    return np.minimum(np.array(scale, dtype=np.float64), _LARGEST_SCALE)


def _large(sizes: NDArray[np.float64]) -> float:
    """The largest size when `OUTLIERS` of the rows, and one at least, are left out where they are larger.

    Zeros count as rows and not as sizes: an element that is 0 in most rows has the scale of the others.
    One row alone is its own scale, since there is no other that it could hide. Where all sizes but the one
    that is left out are 0, the scale is 0.
    """
    known = sizes[~np.isnan(sizes)]
    if len(known) < 2:
        return float(known[0]) if len(known) else 1.0
    some = np.sort(known[known > 0.0])
    left_out = max(1, int(np.ceil(OUTLIERS * len(some))))
    return float(some[-1 - left_out]) if len(some) > left_out else 0.0


def _largest(scores: NDArray[np.float64]) -> float:
    return float(np.abs(scores[np.isfinite(scores)]).max(initial=0.0))


def label_margins(interface: Interface, expected: Mapping[str, NDArray[Any]]) -> NDArray[np.float64] | None:
    """How far the scores of the reference are from another label, in units of the second output.

    The gap of the two largest scores, |score| for one, and for scores of pairs of classes the least change
    of all of them that changes the vote.

    Returns:
        (rows,) float64, NaN where the two largest are infinite; None for a model without label or scores,
        and for one whose label follows other numbers than those of its second output.
    """
    if len(interface.outputs) < 2 or interface.outputs[0].dtype != "int32":
        return None
    codes = np.array([code.value for code in interface.outputs[0].codes])
    labels = expected[interface.outputs[0].name][:, 0]
    scores = expected[interface.outputs[1].name].astype(np.float64)
    if are_pairs(interface):
        margin = pair_margins(scores, len(codes))
        chosen = winners(scores, len(codes))
    elif scores.shape[1] == 1:
        margin = np.abs(scores[:, 0])
        chosen = (scores[:, 0] > 0.0).astype(np.intp)
    else:
        if are_votes(scores):
            return None
        distances = interface.kind == "clusterer" and interface.outputs[1].name == "scores"
        chosen = (-scores if distances else scores).argmax(axis=1)
        ordered = np.sort(-scores if distances else scores, axis=1)
        with np.errstate(invalid="ignore"):
            margin = ordered[:, -1] - ordered[:, -2]
    known = len(codes) == (2 if scores.shape[1] == 1 else scores.shape[1]) or are_pairs(interface)
    if known and not follow(labels, codes[chosen], margin, _largest(scores)):
        return None
    return margin


def ulp_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number of float32 values between a and b; 0 for equal bits, NaN against NaN, and -0 against 0."""

    def ordered(x: NDArray[np.float32]) -> NDArray[np.int64]:
        bits = x.view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)

    distance = np.abs(ordered(np.ascontiguousarray(a)) - ordered(np.ascontiguousarray(b)))
    return np.where(np.isnan(a) & np.isnan(b), 0, distance)
