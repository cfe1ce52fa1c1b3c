"""What is known beyond the compared rows: witnesses of tree decisions, bounds on rounding errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.interface import Rows
from ecu_bundle.parity.bounds import OutputBound, output_bounds
from ecu_bundle.parity.certificate import BoundRecord, SumRecord, WitnessRecord
from ecu_bundle.parity.tolerance import Tolerance, label_margins
from ecu_bundle.parity.witnesses import Witnesses

HALF_ULP = 2.0**-24
"""Rounding of the reference to float32, relative; below the normal numbers `_SMALLEST` is larger."""

_SMALLEST = 2.0**-149

RUNNING_ERROR = "running error"
NO_BOUND = "none"


@dataclass(frozen=True, slots=True)
class Proof:
    """Attributes:
    bounds: of the smooth outputs, labels included.
    witnesses: of the trees; None where nothing was witnessed.
    """

    bounds: tuple[OutputBound, ...] = ()
    witnesses: Witnesses | None = None


def bounds_of(model: OnnxModel, rows: Rows) -> tuple[OutputBound, ...]:
    """Bounds of the smooth outputs on the rows of the proof, and over the declared ranges."""
    smooth = {t.name for t in model.interface.outputs} - model.exact
    return tuple(b for b in output_bounds(model, rows) if b.name in smooth) if smooth else ()


def gate_bound(
    bounds: tuple[OutputBound, ...],
    expected: Mapping[str, NDArray[Any]],
    tolerance: Mapping[str, Tolerance],
) -> dict[str, NDArray[np.float64]]:
    """The bounds as the gate needs them: against a reference with roundings of its own.

    The reference is rounded to float32, and where a sum of its own cancels, float64 leaves a remainder
    that no bound of the graph knows. A label needs neither.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            b.name: b.rows
            + HALF_ULP * np.abs(expected[b.name].astype(np.float64))
            + max(_SMALLEST, tolerance[b.name].remainder)
            if b.name in tolerance
            else b.rows
            for b in bounds
        }


def witness_record(witnesses: Witnesses | None) -> WitnessRecord | None:
    """The part of the certificate; None for a model without trees."""
    if witnesses is None or not witnesses.splits:
        return None
    return WitnessRecord(
        splits=witnesses.splits,
        proved=witnesses.proved,
        excluded=witnesses.unproved,
        sums=tuple(
            SumRecord(
                estimator=s.name,
                output=s.output,
                trees=s.trees,
                largest=s.largest,
                bound=s.absolute,
                reference=s.reference_error,
                order_free=s.exact,
            )
            for s in witnesses.sums
        ),
        digest=witnesses.digest,
    )


def certain_labels(model: OnnxModel, proof: Proof) -> NDArray[np.bool_] | None:
    """Rows whose label no rounding can change, (rows,); None without a smooth label, or without a bound."""
    label = model.interface.outputs[0]
    for bound in proof.bounds:
        if bound.name == label.name and label.dtype == "int32":
            return np.asarray((bound.rows == 0.0).all(axis=1))
    return None


def label_margin(model: OnnxModel, proof: Proof, expected: Mapping[str, NDArray[Any]]) -> float | None:
    """The largest margin of a row whose label a rounding could change; 0 when there is no such row.

    It follows from the analysis of the steps to the label itself, so it holds for thresholds and votes too.
    None without a smooth label, where the analysis reaches no label at all, or where labels have no margin.
    """
    certain = certain_labels(model, proof)
    margins = label_margins(model.interface, expected)
    if certain is None or margins is None or not certain.any():
        return None
    narrow = float(margins[~certain].max(initial=0.0))
    return narrow if np.isfinite(narrow) else None


def bound_records(
    model: OnnxModel,
    proof: Proof,
    expected: Mapping[str, NDArray[Any]],
) -> tuple[BoundRecord, ...]:
    """The part of the certificate, one for each smooth float output."""
    outputs = model.interface.outputs
    scores = outputs[1].name if len(outputs) > 1 else ""
    records = []
    for bound in proof.bounds:
        if bound.name not in {t.name for t in outputs if t.dtype == "float32"}:
            continue
        finite = bool(np.isfinite(bound.rows).all())
        records.append(
            BoundRecord(
                name=bound.name,
                method=RUNNING_ERROR if finite else NO_BOUND,
                largest_on_rows=float(bound.rows.max(initial=0.0)) if finite else None,
                interval=bound.interval,
                reason=bound.reason,
                label_margin=label_margin(model, proof, expected) if bound.name == scores else None,
            )
        )
    return tuple(records)


def claims(witnesses: Witnesses | None) -> tuple[str, ...]:
    """What the witnesses prove for every input, in words."""
    if witnesses is None or not witnesses.proved:
        return ()
    said = [
        f"{witnesses.proved} of {witnesses.splits} splits of trees send every float32 value that the input "
        "accepts, infinities included, the way scikit-learn sends it"
    ]
    if witnesses.sums:
        largest = max(bound.absolute for bound in witnesses.sums)
        said.append(
            "the sums of leaves differ from scikit-learn's sums, both in exact arithmetic, "
            f"by at most {_at_most(largest)}"
        )
    return tuple(said)


def _at_most(bound: float) -> str:
    """A bound in three digits, rounded up so that it stays true."""
    return str(Context(prec=3, rounding=ROUND_CEILING).create_decimal(bound)).lower()
