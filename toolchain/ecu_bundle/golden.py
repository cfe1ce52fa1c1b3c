"""Choose the golden vectors of a bundle among the rows of the proof."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import GoldenVectors, OnnxModel
from ecu_bundle.interface import Rows
from ecu_bundle.parity.tolerance import EXACT, Tolerance, label_margins

MAX_ROWS = 48
MAX_VALUES = 12_000
"""Bound on rows x features, which keeps the self-test small for wide models."""


def choose_golden(
    model: OnnxModel,
    rows: Rows,
    outputs: Mapping[str, NDArray[Any]],
    tolerance: Mapping[str, Tolerance],
    *,
    left_out: Collection[int] = (),
) -> GoldenVectors:
    """A few rows of every origin, evenly spread, with the outputs that the device must give.

    Args:
        model: names the outputs.
        rows: all rows of the proof.
        outputs: of ONNX Runtime on these rows, (rows, elements) per output.
        tolerance: per float output; rows whose label is closer to a tie are left out.
        left_out: positions of rows that a target with other roundings may answer otherwise.
    """
    usable = np.ones(len(rows), dtype=bool)
    usable[np.array(sorted(left_out), dtype=np.intp)] = False
    margins = label_margins(model.interface, outputs)
    follower = model.interface.outputs[1].name if len(model.interface.outputs) > 1 else ""
    if tolerance.get(follower, EXACT) != EXACT:
        usable &= np.array([origin != "label" for origin in rows.origins])
        if margins is not None:
            usable &= margins > 4.0 * tolerance[follower].allowance(outputs[follower]).max(axis=1)
    count = max(4, min(MAX_ROWS, MAX_VALUES // max(1, model.interface.features)))
    index = _spread(rows, usable, count)
    chosen = {name: np.ascontiguousarray(values[index]) for name, values in outputs.items()}
    limits = {name: limit for name, limit in tolerance.items() if name in chosen}
    return GoldenVectors(
        rows=rows.take(index),
        outputs=chosen,
        abs_tolerance={name: _common(limit, chosen[name]) for name, limit in limits.items()},
        rel_tolerance={name: limit.relative for name, limit in limits.items()},
    )


def _common(limit: Tolerance, expected: NDArray[Any]) -> float:
    """One absolute tolerance for all elements of an output, since the self-test holds one.

    It is the tightest of the elements, widened where a value near 0 of a larger element would be left
    with less than a tenth of its own allowance. The comparison of all rows, which the pipeline makes
    on the target, holds each element to its own.
    """
    own = np.broadcast_to(np.array(limit.absolute), expected.shape[1:])
    with np.errstate(over="ignore", invalid="ignore"):
        needed = 0.1 * own - limit.relative * np.abs(expected.astype(np.float64))
    needed = needed[np.isfinite(needed)]
    return float(max(own.min(), needed.max(initial=0.0)))


def _spread(rows: Rows, usable: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    origins = list(dict.fromkeys(rows.origins))
    labels = np.array(rows.origins)
    chosen: list[int] = []
    for position, origin in enumerate(origins):
        candidates = np.flatnonzero((labels == origin) & usable)
        share = (count - len(chosen)) // (len(origins) - position)
        picks = np.linspace(0, len(candidates) - 1, min(share, len(candidates))).astype(np.intp)
        chosen += candidates[picks].tolist() if len(candidates) else []
    return np.array(sorted(set(chosen)) or [0], dtype=np.intp)
