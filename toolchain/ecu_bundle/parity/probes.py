"""Rows that need scikit-learn's own answers to be found: label boundaries, edges, infinite inputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
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
_LARGEST = float(np.finfo(np.float32).max)
_MAX_INFINITE = 50
_MAX_BEYOND = 64
_BEYOND = 0.25
"""How far beyond its range an input is, in units of the range."""

_STRETCHES = (1.5, 3.0, 10.0, 30.0)
_TOLD = 24
"""Progress is told after so many halvings."""

_MAX_HOLES = 4
_HOLED_PAIRS = 8
_EVERY = 4
"""Share of the rows that get a hole: one in so many."""

RAISES = "one input is infinite, and scikit-learn raises an error"
NO_RESULT = "one input is infinite, and scikit-learn gives no finite result"
BEYOND_RAISES = "one input is beyond its range, and scikit-learn raises an error"
BEYOND_NO_RESULT = "one input is beyond its range, and scikit-learn gives no finite result"


@dataclass(frozen=True, slots=True)
class Probed:
    """Rows of the proof, and how many more were tried but have no reference, by reason."""

    rows: Rows
    refused: dict[str, int] = field(default_factory=dict)


def probe_rows(
    loaded: LoadedModel,
    model: OnnxModel,
    base: Rows,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Probed:
    """Rows of the base, then rows on label boundaries, at edges, and with infinities that scikit-learn takes.

    Args:
        loaded: a model with an estimator.
        model: its conversion.
        base: rows of the proof so far, at least one.
        progress: called with a line of text at each step.
    """
    generator = np.random.default_rng(SEED)
    parts: list[Rows] = [base]
    refused: dict[str, int] = {}
    finite = np.flatnonzero(_finite(base))
    if len(finite):
        start = base.take(np.sort(generator.permutation(finite)[:_CANDIDATES]))
        if model.interface.outputs[0].dtype == "int32":
            progress("rows on label boundaries")
            parts.append(_label_rows(loaded, model, start, generator, progress))
        progress("rows at edges of neighbours")
        parts.append(edge_rows(loaded, model, start, generator))
        progress("rows beyond the ranges")
        beyond = _beyond_rows(loaded, model, base, start)
        progress("rows with infinite inputs")
        for found in (beyond, _infinite_rows(loaded, model, start)):
            parts.append(found.rows)
            refused |= found.refused
    return Probed(_joined(parts), refused)


def _finite(rows: Rows) -> NDArray[np.bool_]:
    finite = np.ones(len(rows), dtype=bool)
    for array in rows.tensors.values():
        finite &= np.isfinite(array).all(axis=1)
    return finite


def _labels(loaded: LoadedModel, model: OnnxModel, rows: Rows) -> NDArray[np.int64]:
    label = model.interface.outputs[0].name
    return reference_outputs(loaded, model, rows, only=(label,))[label][:, 0].astype(np.int64)


def _label_rows(
    loaded: LoadedModel,
    model: OnnxModel,
    start: Rows,
    generator: np.random.Generator,
    progress: Callable[[str], None],
) -> Rows:
    """Pairs of rows that differ in the label, moved together until they are (almost) neighbours.

    Also where an input is NaN, as far as the model accepts it.
    """
    start = _joined([start, _stretched(loaded, model, start.take(slice(0, None, _EVERY)), _STRETCHES[0])])
    labels = _labels(loaded, model, start)
    if len(np.unique(labels)) == 1:
        start = _joined([start, *(_stretched(loaded, model, start, factor) for factor in _STRETCHES[1:])])
        labels = _labels(loaded, model, start)
    found = [_pairs(loaded, model, start, labels, generator=generator, progress=progress)]
    for tensor in model.interface.inputs:
        for element in range(tensor.elements if tensor.accepts_nan else 0):
            if len(found) > _MAX_HOLES:
                break
            holed = start.take(slice(0, None, _EVERY))
            holed.tensors[tensor.name][:, element] = np.nan
            known = _labels(loaded, model, holed)
            found.append(
                _pairs(loaded, model, holed, known, generator=generator, progress=progress, most=_HOLED_PAIRS)
            )
    return _joined(found)


def _joined(parts: Sequence[Rows]) -> Rows:
    tensors = {name: np.concatenate([part.tensors[name] for part in parts]) for name in parts[0].tensors}
    return Rows(tensors, tuple(origin for part in parts for origin in part.origins))


def _stretched(loaded: LoadedModel, model: OnnxModel, start: Rows, factor: float) -> Rows:
    """The rows farther from their middle, within what is declared, as far as scikit-learn takes them.

    There models clip and extrapolate, and a label may be that the rows themselves lack.
    """
    tensors = dict(start.tensors)
    for tensor in model.interface.inputs:
        if tensor.dtype == "float32":
            values = start.tensors[tensor.name].astype(np.float64)
            middle = np.median(values, axis=0)
            wide = np.clip(middle + factor * (values - middle), tensor.minimum, tensor.maximum)
            tensors[tensor.name] = wide.astype(np.float32)
    rows = Rows(tensors, start.origins)
    return rows.take(_taken(loaded, model, rows))


def _pairs(
    loaded: LoadedModel,
    model: OnnxModel,
    start: Rows,
    labels: NDArray[np.int64],
    *,
    generator: np.random.Generator,
    progress: Callable[[str], None],
    most: int = PAIRS,
) -> Rows:
    """Both sides of the change between rows with different labels, at most so many times two."""
    first = generator.permutation(len(start))
    second = generator.permutation(len(start))
    different = np.flatnonzero(labels[first] != labels[second])
    if not len(different):
        return start.take(slice(0, 0))
    left = start.take(first[different])
    right = with_codes_of(model.interface, start.take(second[different]), left)
    kept = np.flatnonzero(labels[first[different]] != _labels(loaded, model, right))[:most]
    if not len(kept):
        return start.take(slice(0, 0))
    left, right = left.take(kept), right.take(kept)
    wanted = _labels(loaded, model, left)
    halvings = itertools.count(1)

    def as_left(middle: Rows) -> NDArray[np.bool_]:
        if (halving := next(halvings)) % _TOLD == 0:
            progress(f"rows on label boundaries: halved {halving} times")
        return np.asarray(_labels(loaded, model, middle) == wanted)

    left, right = halve(left, right, as_left)
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
    return _tried(loaded, model, start, places, origin="infinite", reasons=(RAISES, NO_RESULT))


def _beyond_rows(loaded: LoadedModel, model: OnnxModel, base: Rows, start: Rows) -> Probed:
    """One input a quarter of its range beyond it in each row, where no range is declared: there a model
    clips, extrapolates, or goes on."""
    usual = np.isin(np.array(base.origins), ("data", "range", "learned", "corner"))
    places = []
    for tensor in model.interface.inputs:
        if tensor.dtype != "float32":
            continue
        values = base.tensors[tensor.name][usual].astype(np.float64)
        values[~np.isfinite(values)] = np.nan
        for element in np.flatnonzero(np.isfinite(values).any(axis=0)):
            low, high = np.nanmin(values[:, element]), np.nanmax(values[:, element])
            reach = _BEYOND * (high - low)
            for value in (low - reach, high + reach):
                if tensor.minimum <= value <= tensor.maximum and abs(value) < _LARGEST:
                    places.append((tensor.name, int(element), float(value)))
    reasons = (BEYOND_RAISES, BEYOND_NO_RESULT)
    return _tried(loaded, model, start, places[:_MAX_BEYOND], origin="beyond", reasons=reasons)


def _tried(
    loaded: LoadedModel,
    model: OnnxModel,
    start: Rows,
    places: Sequence[tuple[str, int, float]],
    *,
    origin: str,
    reasons: tuple[str, str],
) -> Probed:
    """One value in each row, where scikit-learn has a finite result; else counted under a reason: it raises
    an error, or has none."""
    rows = start.take(np.arange(len(places)) % len(start))
    for row, (name, element, value) in enumerate(places):
        rows.tensors[name][row, element] = value
    rows = Rows(rows.tensors, (origin,) * len(places))
    taken = _taken(loaded, model, rows) if places else np.empty(0, dtype=np.intp)
    refused = {reasons[0]: len(rows) - len(taken)} if len(taken) < len(rows) else {}
    if not len(taken):
        return Probed(rows.take(slice(0, 0)), refused)
    rows = rows.take(taken)
    outputs = reference_outputs(loaded, model, rows)
    defined = np.logical_and.reduce([np.isfinite(values).all(axis=1) for values in outputs.values()])
    if without := int((~defined).sum()):
        refused[reasons[1]] = without
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
