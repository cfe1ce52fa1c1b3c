"""Rows that lie on a decision of a smooth model: judged against both sides right beside them.

Inside many models something is decided by a smooth value: the vote of a pair of classes, the nearest
neighbours, a split behind a rotation. float32 may decide otherwise where that value is within rounding of
its limit, and the output then jumps. Such a result is right when it is exact for inputs within a rounding
error of the given ones: a small backward error, in the words of numerical analysis (Higham, Accuracy and
Stability of Numerical Algorithms, section 1.5).

The rule has two sides, since a decision lies at two places: where the reference decides, and where the
judged side does. Beside a row on a decision the reference gives both results, so it cannot tell how far
away the other decision is. A row is excused when, within the tolerance, the reference gives the judged
result **and** the judged side gives the reference's result. Both decisions are then within the tolerance of
the row. A rounding error is moreover far smaller than the tolerance on nearly all rows, where a decision
that was moved is moved on all of them: most of the excused rows need a step of `TYPICAL` at most, or none
is excused. Nothing is excused away from decisions, since there neither side changes, and nothing where the
analysis of rounding errors shows that no rounding decides.

Exactly on a decision a result may be torn: scikit-learn's SVC gives a pair whose value is 0 to the second
class in the label and to the first in the scores, so a side that computes 0 there gives a pair of outputs
that nobody gives beside the row. Such a row is judged one output at a time, at points where both sides agree
in all outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.parity.certificate import Comparison
from ecu_bundle.parity.comparison import Bound, compare
from ecu_bundle.parity.tolerance import Tolerance

SEED = 314_159
MOST_ROWS = 500
DIRECTIONS = 16
RADII = (2.0**-14, 2.0**-10, 2.0**-6, 2.0**-4, 2.0**-2, 1.0)
"""Steps, in units of the relative tolerance of the gate. The smallest are for outputs that are steep beside
the decision, such as weights by distance near a training row."""

TYPICAL = 2.0**-4
"""The step that is enough for most rows on a decision when nothing but roundings moved it."""

MOST_UNTYPICAL = 0.25
"""Share of the rows on a decision that may need a larger step."""

ORDINARY = ("data", "range", "learned")
MOST_ORDINARY = 0.05
"""Share of ordinary rows that may lie on a decision; more are an error of the conversion."""

Outputs = Mapping[str, NDArray[Any]]
Evaluate = Callable[[Rows], Outputs]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two computations that are compared.

    Attributes:
        name: for people.
        outputs: on the rows of the gate, (rows, elements) per output.
        evaluate: the same computation on other rows.
    """

    name: str
    outputs: Outputs
    evaluate: Evaluate


@dataclass(frozen=True, slots=True)
class Judged:
    """A comparison, and the positions of the rows that lie on a decision and are left out of it."""

    comparison: Comparison
    on_decision: NDArray[np.intp]


def compare_beside(
    reference: Side,
    judged: Side,
    interface: Interface,
    rows: Rows,
    *,
    tolerance: Mapping[str, Tolerance],
    margins: NDArray[np.float64] | None,
    relative: float,
    exact: Collection[str] = (),
    bound: Bound | None = None,
) -> Judged:
    """`compare`, with rows that lie on a decision judged against both sides beside them.

    Args:
        reference, judged: what counts as right, and what is held against it.
        interface: inputs and outputs.
        rows: of the gate.
        tolerance: per float output.
        margins: as for `compare`.
        relative: tolerance of the gate, and the largest step to the side.
        exact: outputs that follow from exact operations alone: in those no row is excused.
        bound: as for `compare`.
    """
    expected, actual = reference.outputs, judged.outputs

    def compared(chosen: NDArray[np.intp] | slice) -> Comparison:
        return compare(
            reference.name,
            judged.name,
            interface,
            rows.take(chosen),
            expected={name: values[chosen] for name, values in expected.items()},
            actual={name: values[chosen] for name, values in actual.items()},
            tolerance=tolerance,
            margins=None if margins is None else margins[chosen],
            exact=frozenset(exact),
            bound=None if bound is None else {name: values[chosen] for name, values in bound.items()},
        )

    gate = compared(slice(None))
    none = np.empty(0, dtype=np.intp)
    if gate.passed:
        return Judged(gate, none)
    smooth = agreement(interface, expected, actual, tolerance)
    exactly = agreement(interface, expected, actual, tolerance, only=exact)
    failing = np.flatnonzero(~smooth & exactly & _within(bound or {}, expected, actual))
    excused = on_decisions(
        reference, judged, interface, rows, failing, tolerance=tolerance, relative=relative
    )
    if not len(excused):
        return Judged(gate, none)
    kept = np.setdiff1d(np.arange(len(rows)), excused)
    return Judged(compared(kept).model_copy(update={"on_decision": len(excused)}), excused)


def _within(bound: Bound, expected: Outputs, actual: Outputs) -> NDArray[np.bool_]:
    """Rows that no finite bound contradicts, (rows,): a value beyond its bound is no rounding, nor is another
    label where no rounding can change it."""
    within = np.ones(len(next(iter(actual.values()))), dtype=bool)
    for name, limit in bound.items():
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs(actual[name].astype(np.float64) - expected[name].astype(np.float64))
        within &= ~(np.isfinite(limit) & (error > limit)).any(axis=1)
    return within


def agreement(
    interface: Interface,
    expected: Outputs,
    actual: Outputs,
    tolerance: Mapping[str, Tolerance],
    only: Collection[str] | None = None,
) -> NDArray[np.bool_]:
    """Which rows agree in every output, or in some: the same labels, and values within the tolerance."""
    agree = np.ones(len(next(iter(actual.values()))), dtype=bool)
    for tensor in interface.outputs:
        if only is not None and tensor.name not in only:
            continue
        e, a = expected[tensor.name], actual[tensor.name]
        if tensor.dtype == "int32":
            agree &= (e == a).all(axis=1)
            continue
        with np.errstate(over="ignore"):
            e = e.astype(np.float32)
        agree &= tolerance[tensor.name].passes(e, a).all(axis=1)
    return agree


def on_decisions(
    reference: Side,
    judged: Side,
    interface: Interface,
    rows: Rows,
    failing: NDArray[np.intp],
    *,
    tolerance: Mapping[str, Tolerance],
    relative: float,
) -> NDArray[np.intp]:
    """Which failing rows have each side's result on the other side of a point beside them.

    Args:
        reference, judged: the two sides, on all rows of the gate.
        interface: inputs and outputs.
        rows: all rows of the gate.
        failing: positions of the rows whose results are beyond the tolerance.
        tolerance: per float output.
        relative: tolerance of the gate; the largest step, relative to a value and to its range.

    Returns:
        Positions of the rows that are excused, torn ones too: none when too many ordinary rows would be, or
        when too many rows need more than a typical step.
    """
    if not 0 < len(failing) <= MOST_ROWS:
        return failing[:0]
    steps = _steps(interface, rows, failing)

    def moved(places: NDArray[np.intp], radius: float) -> Rows:
        """Each chosen failing row in all directions."""
        beside = rows.take(np.repeat(failing[places], DIRECTIONS))
        chosen = (places[:, None] * DIRECTIONS + np.arange(DIRECTIONS)).ravel()
        return Rows(
            {
                t.name: _moved(t, beside.tensors[t.name], radius * relative * steps[t.name][chosen])
                if t.name in steps
                else beside.tensors[t.name]
                for t in interface.inputs
            }
        )

    def repeated(side: Side, places: NDArray[np.intp]) -> Outputs:
        """What a side gives on the chosen failing rows, once for each direction."""
        return {n: np.repeat(v[failing[places]], DIRECTIONS, axis=0) for n, v in side.outputs.items()}

    def found(places: NDArray[np.intp], radius: float, *, by_reference: bool) -> NDArray[np.bool_]:
        side, other = (reference, judged) if by_reference else (judged, reference)
        here = side.evaluate(moved(places, radius))
        wanted = repeated(other, places)
        left, right = (here, wanted) if by_reference else (wanted, here)
        agree = agreement(interface, left, right, tolerance).reshape(len(places), DIRECTIONS)
        return np.asarray(agree.any(axis=1))

    def torn(places: NDArray[np.intp], radius: float) -> NDArray[np.bool_]:
        """Rows whose outputs on both sides are each given beside them, where the two sides agree."""
        beside = moved(places, radius)
        left, right = reference.evaluate(beside), judged.evaluate(beside)
        pairs = (left, repeated(judged, places)), (repeated(reference, places), right)
        alike = agreement(interface, left, right, tolerance)
        given = np.ones(len(places), dtype=bool)
        for tensor in interface.outputs:
            for pair in pairs:
                agree = alike & agreement(interface, *pair, tolerance, only=(tensor.name,))
                given &= agree.reshape(len(places), DIRECTIONS).any(axis=1)
        return given

    needed = np.full((2, len(failing)), np.inf)
    for way, by_reference in enumerate((True, False)):
        for radius in RADII:
            open_ = np.flatnonzero(np.isinf(needed[way]) & np.isfinite(needed[:way]).all(axis=0))
            if len(open_):
                needed[way, open_[found(open_, radius, by_reference=by_reference)]] = radius
    step = needed.max(axis=0)
    for radius in RADII if len(interface.outputs) > 1 else ():
        open_ = np.flatnonzero(np.isinf(step))
        if len(open_):
            step[open_[torn(open_, radius)]] = radius
    excused: NDArray[np.intp] = failing[np.isfinite(step)]
    ordinary = np.isin(np.array(rows.origins), ORDINARY)
    if ordinary[excused].sum() > max(2, MOST_ORDINARY * ordinary.sum()):
        return failing[:0]
    if (step[np.isfinite(step)] > TYPICAL).sum() > max(2, MOST_UNTYPICAL * len(excused)):
        return failing[:0]
    return excused


def _steps(interface: Interface, rows: Rows, failing: NDArray[np.intp]) -> dict[str, NDArray[np.float64]]:
    """Per float input: a step in each direction for each failing row, relative to value and range."""
    generator = np.random.default_rng(SEED)
    ordinary = np.isin(np.array(rows.origins), ORDINARY)
    steps = {}
    for tensor in interface.inputs:
        if tensor.dtype != "float32":
            continue
        values = rows.tensors[tensor.name].astype(np.float64)
        known = np.where(np.isfinite(values) & ordinary[:, None], values, np.nan)
        known = np.where(np.isnan(known).all(axis=0), 0.0, known)
        width = np.nanmax(known, axis=0) - np.nanmin(known, axis=0)
        here = np.repeat(values[failing], DIRECTIONS, axis=0)
        signs = generator.integers(-1, 2, here.shape)
        with np.errstate(invalid="ignore"):  # an infinite value has no step, and is not moved
            steps[tensor.name] = signs * (np.abs(here) + width)
    return steps


def _moved(tensor: Tensor, array: NDArray[Any], step: NDArray[np.float64]) -> NDArray[Any]:
    """A step to the side that stays within the float32 numbers and the declared range."""
    with np.errstate(invalid="ignore", over="ignore"):
        moved = array.astype(np.float64) + step
        largest = float(np.finfo(np.float32).max)
        inside = (array >= tensor.minimum) & (array <= tensor.maximum)
        moved = np.where(inside, np.clip(moved, tensor.minimum, tensor.maximum), moved)
        moved = np.clip(moved, -largest, largest).astype(np.float32)
    return np.where(np.isfinite(array), moved, array)
