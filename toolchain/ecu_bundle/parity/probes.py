"""Rows that need scikit-learn's own answers to be found: label boundaries, edges, infinite inputs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.errors import VerificationError
from ecu_bundle.interface import Rows
from ecu_bundle.parity.edges import edge_rows
from ecu_bundle.parity.halving import halve, with_codes_of
from ecu_bundle.parity.reference import reference_outputs

SEED = 271_828
PAIRS = 40
_CANDIDATES = 400
_MAX_INFINITE = 50


RAISES = "one input is infinite, and scikit-learn raises an error"
NO_RESULT = "one input is infinite, and scikit-learn gives no finite result"


@dataclass(frozen=True, slots=True)
class Probed:
    """Rows of the proof, and how many more were tried but have no reference, by reason."""

    rows: Rows
    refused: dict[str, int] = field(default_factory=dict)


def probe_rows(loaded: LoadedModel, model: OnnxModel, base: Rows) -> Probed:
    """Rows of the base, then rows on label boundaries, at edges, and with infinities that scikit-learn takes.

    Args:
        loaded: a model with an estimator.
        model: its conversion.
        base: rows of the proof so far, at least one.
    """
    generator = np.random.default_rng(SEED)
    parts, refused = [base], {}
    finite = np.flatnonzero(_finite(base))
    if len(finite):
        start = base.take(np.sort(generator.permutation(finite)[:_CANDIDATES]))
        if model.interface.outputs[0].dtype == "int32":
            parts.append(_label_rows(loaded, model, start, generator))
        parts.append(edge_rows(loaded, model, start, generator))
        infinite = _infinite_rows(loaded, model, start)
        parts.append(infinite.rows)
        refused = infinite.refused
    tensors = {name: np.concatenate([part.tensors[name] for part in parts]) for name in base.tensors}
    return Probed(Rows(tensors, tuple(origin for part in parts for origin in part.origins)), refused)


def _finite(rows: Rows) -> NDArray[np.bool_]:
    finite = np.ones(len(rows), dtype=bool)
    for array in rows.tensors.values():
        finite &= np.isfinite(array).all(axis=1)
    return finite


def _labels(loaded: LoadedModel, model: OnnxModel, rows: Rows) -> NDArray[np.int64]:
    label = model.interface.outputs[0].name
    return reference_outputs(loaded, model, rows, only=(label,))[label][:, 0].astype(np.int64)


def _label_rows(loaded: LoadedModel, model: OnnxModel, start: Rows, generator: np.random.Generator) -> Rows:
    """Pairs of rows that differ in the label, moved together until they are (almost) neighbours."""
    labels = _labels(loaded, model, start)
    first = generator.permutation(len(start))
    second = generator.permutation(len(start))
    different = np.flatnonzero(labels[first] != labels[second])
    if not len(different):
        return start.take(slice(0, 0))
    left = start.take(first[different])
    right = with_codes_of(model.interface, start.take(second[different]), left)
    kept = np.flatnonzero(labels[first[different]] != _labels(loaded, model, right))[:PAIRS]
    if not len(kept):
        return start.take(slice(0, 0))
    left, right = left.take(kept), right.take(kept)
    wanted = _labels(loaded, model, left)
    left, right = halve(left, right, lambda middle: _labels(loaded, model, middle) == wanted)
    both = {name: np.concatenate([left.tensors[name], right.tensors[name]]) for name in left.tensors}
    return Rows(both, ("label",) * (2 * len(kept)))


def _infinite_rows(loaded: LoadedModel, model: OnnxModel, start: Rows) -> Probed:
    """One input infinite in each row, where scikit-learn takes it and gives a finite result."""
    places = [
        (tensor.name, element, value)
        for tensor in model.interface.inputs
        if tensor.dtype == "float32"
        for element in range(tensor.elements)
        for value in (-np.inf, np.inf)
        if tensor.minimum <= value <= tensor.maximum
    ][:_MAX_INFINITE]
    none = start.take(slice(0, 0))
    if not places:
        return Probed(none)
    rows = start.take(np.arange(len(places)) % len(start))
    for row, (name, element, value) in enumerate(places):
        rows.tensors[name][row, element] = value
    rows = Rows(rows.tensors, ("infinite",) * len(places))
    taken = _taken(loaded, model, rows)
    refused = {RAISES: len(rows) - len(taken)} if len(taken) < len(rows) else {}
    if not len(taken):
        return Probed(none, refused)
    rows = rows.take(taken)
    outputs = reference_outputs(loaded, model, rows)
    defined = np.logical_and.reduce([np.isfinite(values).all(axis=1) for values in outputs.values()])
    if without := int((~defined).sum()):
        refused[NO_RESULT] = without
    return Probed(rows.take(np.flatnonzero(defined)), refused)


def _taken(loaded: LoadedModel, model: OnnxModel, rows: Rows) -> NDArray[np.intp]:
    """Positions of the rows for which scikit-learn raises no error: alone, where it does for all at once."""

    def works(some: Rows) -> bool:
        try:
            reference_outputs(loaded, model, some)
        except VerificationError:
            return False
        return True

    if works(rows):
        return np.arange(len(rows))
    return np.array([row for row in range(len(rows)) if works(rows.take(slice(row, row + 1)))], dtype=np.intp)
