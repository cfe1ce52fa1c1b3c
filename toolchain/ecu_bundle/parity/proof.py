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
from ecu_bundle.parity.tolerance import Tolerance
from ecu_bundle.parity.witnesses import Witnesses

HALF_ULP = 2.0**-24
"""Rounding of the reference to float32, relative; below the normal numbers `_SMALLEST` is larger."""

_SMALLEST = 2.0**-149

RUNNING_ERROR = "running error"
NO_BOUND = "none"


@dataclass(frozen=True, slots=True)
class Proof:
    """Attributes:
    bounds: of the smooth float outputs.
    witnesses: of the trees; None where nothing was witnessed.
    """

    bounds: tuple[OutputBound, ...] = ()
    witnesses: Witnesses | None = None


def bounds_of(model: OnnxModel, rows: Rows) -> tuple[OutputBound, ...]:
    """Bounds of the smooth float outputs on the rows of the proof, and over the declared ranges."""
    smooth = {t.name for t in model.interface.outputs if t.dtype == "float32"} - model.exact
    return tuple(b for b in output_bounds(model, rows) if b.name in smooth) if smooth else ()


def gate_bound(
    bounds: tuple[OutputBound, ...],
    expected: Mapping[str, NDArray[Any]],
    tolerance: Mapping[str, Tolerance],
) -> dict[str, NDArray[np.float64]]:
    """The bounds as the gate needs them: against a reference with roundings of its own.

    The reference is rounded to float32, and where a sum of its own cancels, float64 leaves a remainder
    that no bound of the graph knows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            b.name: b.rows
            + HALF_ULP * np.abs(expected[b.name].astype(np.float64))
            + max(_SMALLEST, tolerance[b.name].remainder)
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


def bound_records(
    model: OnnxModel,
    proof: Proof,
    expected: Mapping[str, NDArray[Any]],
    tolerance: Mapping[str, Tolerance],
) -> tuple[BoundRecord, ...]:
    """The part of the certificate, one for each smooth float output."""
    outputs = model.interface.outputs
    scores = ""
    if len(outputs) > 1 and outputs[0].dtype == "int32" and outputs[0].name not in model.exact:
        scores = outputs[1].name
    limits = gate_bound(proof.bounds, expected, tolerance)
    records = []
    for bound in proof.bounds:
        finite = bool(np.isfinite(bound.rows).all())
        margin = None
        if bound.name == scores:
            allowance = tolerance[scores].allowance(expected[scores], limits[scores])
            margin = 2.0 * float(allowance.max(initial=0.0))
        records.append(
            BoundRecord(
                name=bound.name,
                method=RUNNING_ERROR if finite else NO_BOUND,
                largest_on_rows=float(bound.rows.max(initial=0.0)) if finite else None,
                interval=bound.interval,
                reason=bound.reason,
                label_margin=margin,
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
