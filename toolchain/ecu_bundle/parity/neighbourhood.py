"""Rows that lie on a decision of a smooth model: judged against the reference right beside them.

Inside many models something is decided by a smooth value: the vote of a pair of classes, the nearest
neighbours, a split behind a rotation. float32 may decide otherwise where that value is within rounding of
its limit, and the output then jumps. Such a result is right when the reference gives the same within a
rounding error of the inputs: a small backward error, in the words of numerical analysis (Higham, Accuracy
and Stability of Numerical Algorithms, section 1.5). Nothing is excused away from decisions, since there
the reference does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface, Rows
from ecu_bundle.parity.certificate import Comparison
from ecu_bundle.parity.comparison import Bound, compare
from ecu_bundle.parity.tolerance import Tolerance

SEED = 314_159
MOST_ROWS = 500
DIRECTIONS = 16
_RADII = (2.0**-6, 2.0**-3, 1.0)
"""Steps, in units of the relative tolerance of the gate."""

ORDINARY = ("data", "range", "learned")
MOST_ORDINARY = 0.05
"""Share of ordinary rows that may lie on a decision; more are an error of the conversion."""

Evaluate = Callable[[Rows], Mapping[str, NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A comparison, and the positions of the rows that lie on a decision and are left out of it."""

    comparison: Comparison
    on_decision: NDArray[np.intp]


def compare_beside(
    left: str,
    right: str,
    interface: Interface,
    rows: Rows,
    *,
    expected: Mapping[str, NDArray[Any]],
    actual: Mapping[str, NDArray[Any]],
    tolerance: Mapping[str, Tolerance],
    margins: NDArray[np.float64] | None,
    evaluate: Evaluate,
    relative: float,
    exact: Collection[str] = (),
    bound: Bound | None = None,
) -> Judged:
    """`compare`, with rows that lie on a decision judged against the reference beside them.

    Args:
        exact: outputs that follow from exact operations alone: in those no row is excused.
        bound: as for `compare`.
        evaluate: the reference on other rows.
        relative: tolerance of the gate, and the largest step to the side.
    """

    def compared(chosen: NDArray[np.intp] | slice) -> Comparison:
        return compare(
            left,
            right,
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
    excused = on_decisions(
        interface,
        rows,
        actual,
        np.flatnonzero(~smooth & exactly),
        evaluate=evaluate,
        tolerance=tolerance,
        relative=relative,
    )
    if not len(excused):
        return Judged(gate, none)
    kept = np.setdiff1d(np.arange(len(rows)), excused)
    return Judged(compared(kept).model_copy(update={"on_decision": len(excused)}), excused)


def agreement(
    interface: Interface,
    expected: Mapping[str, NDArray[Any]],
    actual: Mapping[str, NDArray[Any]],
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
    interface: Interface,
    rows: Rows,
    actual: Mapping[str, NDArray[Any]],
    failing: NDArray[np.intp],
    *,
    evaluate: Evaluate,
    tolerance: Mapping[str, Tolerance],
    relative: float,
) -> NDArray[np.intp]:
    """Which failing rows have the reference's result of a point beside them.

    Args:
        interface: inputs and outputs.
        rows: all rows of the gate.
        actual: what is judged, (rows, elements) per output.
        failing: positions of the rows whose results are beyond the tolerance.
        evaluate: the reference on other rows.
        tolerance: per float output.
        relative: tolerance of the gate; the largest step, relative to a value and to its range.

    Returns:
        Positions of the rows that are excused: none when too many ordinary rows would be.
    """
    if not 0 < len(failing) <= MOST_ROWS:
        return failing[:0]
    steps = _steps(interface, rows, failing, relative)
    beside = rows.take(np.repeat(failing, len(_RADII) * DIRECTIONS))
    moved = Rows({name: _moved(array, steps.get(name)) for name, array in beside.tensors.items()})
    judged = {name: np.repeat(a[failing], len(_RADII) * DIRECTIONS, axis=0) for name, a in actual.items()}
    agree = agreement(interface, evaluate(moved), judged, tolerance).reshape(len(failing), -1).any(axis=1)
    excused = failing[agree]
    ordinary = np.isin(np.array(rows.origins), ORDINARY)
    if ordinary[excused].sum() > max(2, MOST_ORDINARY * ordinary.sum()):
        return failing[:0]
    return excused


def _steps(
    interface: Interface, rows: Rows, failing: NDArray[np.intp], relative: float
) -> dict[str, NDArray[np.float64]]:
    """Per float input: what is added to each repeated row."""
    generator = np.random.default_rng(SEED)
    ordinary = np.isin(np.array(rows.origins), ORDINARY)
    radii = np.tile(np.repeat(np.array(_RADII), DIRECTIONS), len(failing))[:, None] * relative
    steps = {}
    for tensor in interface.inputs:
        if tensor.dtype != "float32":
            continue
        values = rows.tensors[tensor.name].astype(np.float64)
        known = np.where(np.isfinite(values) & ordinary[:, None], values, np.nan)
        known = np.where(np.isnan(known).all(axis=0), 0.0, known)
        width = np.nanmax(known, axis=0) - np.nanmin(known, axis=0)
        here = np.repeat(values[failing], len(_RADII) * DIRECTIONS, axis=0)
        signs = generator.integers(-1, 2, here.shape)
        with np.errstate(invalid="ignore"):  # an infinite value has no step, and is not moved
            steps[tensor.name] = radii * signs * (np.abs(here) + width)
    return steps


def _moved(array: NDArray[Any], step: NDArray[np.float64] | None) -> NDArray[Any]:
    if step is None:
        return array
    with np.errstate(invalid="ignore", over="ignore"):
        moved = (array.astype(np.float64) + step).astype(np.float32)
    return np.where(np.isfinite(array), moved, array)
