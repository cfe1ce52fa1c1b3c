"""Rows for the proof: the user's data, the training-like ranges, decision boundaries, NaN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.interface import Interface, Rows
from ecu_bundle.parity.exemplars import category_rows, exemplar_rows
from ecu_bundle.parity.tolerance import OUTLIERS
from ecu_bundle.parity.tracing import Source, Trace, trace
from ecu_bundle.parity.trees import Ensemble, boundary_rows, ensemble_of
from ecu_bundle.rows import matrix_of, refuse_missing, rows_from

RANGE_ROWS = 500
MAX_DATA_ROWS = 5_000
MAX_SPLITS = 4_000
NAN_ROWS = 3
SEED = 1_592_653
ASSUMED_RANGE = (-3.0, 3.0)
_FAR = 10.0

DESCRIPTIONS = {
    "data": "rows given by the user",
    "range": "uniform in the declared, measured or learned range of each input",
    "learned": "near what the model keeps of its training: support vectors, neighbours, centres, scales",
    "boundary": "at tree thresholds and the float32 values next to them, on the path to the split",
    "nan": "one input NaN, where the model has a rule for it",
    "category": "every category of every enumerated input, and every number that is compared as a category, "
    "with the float32 values next to it",
    "corner": "every input at an end of its range",
    "special": "one input zero, negative zero, denormal, or the smallest normal number, where in its range",
    "beyond": "one input beyond its range by a quarter, where none is declared and scikit-learn has a result",
    "infinite": "one input infinite, where scikit-learn has a result for it",
    "label": "on both sides of where the label changes between two rows, bisected down to neighbours",
    "edge": "on both sides of where a training row stops being one of the neighbours",
}


UNKNOWN_RANGE = "no range is known for "
"""Beginning of the assumption about inputs of which neither data nor model says a range."""


@dataclass(frozen=True, slots=True)
class GeneratedRows:
    """Rows for the proof, and what was assumed to make them."""

    rows: Rows
    assumptions: tuple[str, ...]


def generate_rows(model: OnnxModel, data: Any = None, estimator: Any = None) -> GeneratedRows:
    """Makes the rows of the proof. The same model and data give the same rows.

    Args:
        model: the graph; its thresholds and scalers say where to look.
        data: the user's rows in any form that ``rows_from`` takes, or None.
        estimator: the fitted scikit-learn object, which may remember its training rows; None for ONNX.
    """
    interface = model.interface
    generator = np.random.default_rng(SEED)
    traced = trace(model.proto, interface)
    ensembles = [(ensemble_of(node), sources) for node, sources in traced.trees]
    parts: list[tuple[str, NDArray[np.float32]]] = []
    given: NDArray[np.float32] | None = None
    notes: list[str] = []
    if data is not None:
        given = matrix_of(refuse_missing(rows_from(data, interface), interface))
        if len(given) > MAX_DATA_ROWS:
            notes.append(f"of {len(given)} data rows {MAX_DATA_ROWS} were taken at random")
            given = given[np.sort(generator.choice(len(given), MAX_DATA_ROWS, replace=False))]
        parts.append(("data", given))
    learned = _learned(model, estimator, generator)
    low, high, assumed = _ranges(interface, given, learned, traced, ensembles)
    if assumed:
        listed = ", ".join(assumed[:8]) + (", ..." if len(assumed) > 8 else "")
        notes.append(f"{UNKNOWN_RANGE}{listed}: {ASSUMED_RANGE[0]} to {ASSUMED_RANGE[1]} was assumed")
    spread = _uniform(interface, low, high, RANGE_ROWS, generator)
    parts.append(("range", spread))
    near = _filled(interface, learned, low, high, spread)
    parts.append(("learned", near))
    parts.append(("corner", _corners(interface, low, high, generator)))
    base = np.concatenate([near, spread] if given is None else [given[: len(spread)], near, spread])
    base = base[np.isfinite(base).all(axis=1)]
    parts.append(("special", _special(interface, base, generator)))
    parts += [("category", block) for block in _categories(interface, base)]
    if estimator is not None and len(base):
        stepped = category_rows(estimator, model)
        parts.append(("category", _numeric_categories(stepped, base, generator)))
    limit = max(1, MAX_SPLITS // max(1, len(ensembles)))
    for ensemble, sources in ensembles:
        numeric = {c: s for c, s in sources.items() if not _is_coded(interface, s.feature)}
        parts.append(("boundary", boundary_rows(ensemble, numeric, base, limit, generator)))
    parts += [("nan", block) for block in _nan(interface, base)]
    return GeneratedRows(_assemble(interface, parts), tuple(notes))


def range_rows(model: OnnxModel, count: int, estimator: Any = None) -> Rows:
    """Rows of the ranges and near the training alone; cheap, for trials."""
    generator = np.random.default_rng(SEED)
    traced = trace(model.proto, model.interface)
    ensembles = [(ensemble_of(node), sources) for node, sources in traced.trees]
    learned = _learned(model, estimator, generator)
    low, high, _ = _ranges(model.interface, None, learned, traced, ensembles)
    spread = _uniform(model.interface, low, high, count, generator)
    near = _filled(model.interface, learned[: count // 2], low, high, spread)
    return _assemble(model.interface, [("learned", near), ("range", spread[: count - len(near)])])


def _learned(model: OnnxModel, estimator: Any, generator: np.random.Generator) -> NDArray[np.float64]:
    """Rows that the model remembers, (rows, features) with NaN for what it does not."""
    if estimator is None:
        return np.empty((0, model.interface.features))
    return exemplar_rows(estimator, model, generator)


def _filled(
    interface: Interface,
    learned: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    spread: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Learned rows within the ranges; what they do not know is taken from rows of the ranges."""
    rows = learned[:RANGE_ROWS].copy()
    unknown = np.isnan(rows)
    rows[unknown] = spread[np.arange(len(rows)) % max(1, len(spread))][unknown]
    for feature, tensor in enumerate(_features(interface)):
        if not tensor.codes:
            rows[:, feature] = np.clip(rows[:, feature], low[feature], high[feature])
    return rows.astype(np.float32)


def _ranges(
    interface: Interface,
    given: NDArray[np.float32] | None,
    learned: NDArray[np.float64],
    traced: Trace,
    ensembles: list[tuple[Ensemble, Any]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Per input value: declared, else measured on data, else learned by the model, else assumed."""
    low = np.full(interface.features, np.nan)
    high = np.full(interface.features, np.nan)
    for feature, (lower, upper) in _threshold_ranges(ensembles).items():
        low[feature], high[feature] = lower, upper
    for feature, (lower, upper) in traced.scaled.items():
        low[feature], high[feature] = lower, upper
    if len(learned):
        known = ~np.isnan(learned).all(axis=0)
        low[known], high[known] = np.nanmin(learned[:, known], axis=0), np.nanmax(learned[:, known], axis=0)
    if given is not None and len(given):
        for seen in np.flatnonzero(np.isfinite(given).any(axis=0)):
            low[seen], high[seen] = measured_range(given[:, seen].astype(np.float64))
    assumed = []
    feature = 0
    for tensor in interface.inputs:
        for _ in range(tensor.elements):
            if np.isfinite(tensor.minimum):
                low[feature] = tensor.minimum
            if np.isfinite(tensor.maximum):
                high[feature] = tensor.maximum
            if np.isnan(low[feature]) or np.isnan(high[feature]):
                if not tensor.codes and tensor.name not in assumed:
                    assumed.append(tensor.name)
                default = np.array(ASSUMED_RANGE)
                low[feature] = default[0] if np.isnan(low[feature]) else low[feature]
                high[feature] = max(default[1], low[feature]) if np.isnan(high[feature]) else high[feature]
            feature += 1
    return low, np.maximum(low, high), assumed


def measured_range(values: NDArray[np.float64]) -> tuple[float, float]:
    """Range of the finite values of one input, at least one, without outliers.

    The values farthest from the median, `OUTLIERS` of them and one at least, are left out where they are
    farther from the others than `_FAR` times their width. They stay among the rows of the data; but rows
    that are made between an outlier and the others show nothing of the use of the model. Of two values
    none can be called an outlier.
    """
    known = values[np.isfinite(values)]
    known = known[np.argsort(np.abs(known - np.median(known)), kind="stable")]
    inner = known[: len(known) - max(1, int(np.ceil(OUTLIERS * len(known))))]
    if len(inner) < 2:
        return float(known.min()), float(known.max())
    low, high = inner.min(), inner.max()
    reach = _FAR * ((high - low) or max(1.0, abs(high)))
    kept = known[(known >= low - reach) & (known <= high + reach)]
    return float(kept.min()), float(kept.max())


def _threshold_ranges(ensembles: list[tuple[Ensemble, Any]]) -> dict[int, tuple[float, float]]:
    values: dict[int, list[float]] = {}
    for ensemble, sources in ensembles:
        for split in ensemble.splits:
            source: Source | None = sources.get(int(ensemble.feature[split]))
            threshold = float(ensemble.threshold[split])
            if source is not None and np.isfinite(threshold):
                values.setdefault(source.feature, []).append(threshold / source.scale + source.offset)
    ranges = {}
    for feature, thresholds in values.items():
        lower, upper = min(thresholds), max(thresholds)
        margin = 0.25 * (upper - lower) or max(1.0, 0.25 * abs(upper))
        ranges[feature] = (lower - margin, upper + margin)
    return ranges


def _features(interface: Interface) -> list[Any]:
    return [tensor for tensor in interface.inputs for _ in range(tensor.elements)]


def _is_coded(interface: Interface, feature: int) -> bool:
    return bool(_features(interface)[feature].codes)


def _uniform(
    interface: Interface,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    count: int,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    matrix = np.empty((count, interface.features), dtype=np.float32)
    for feature, tensor in enumerate(_features(interface)):
        if tensor.codes:
            matrix[:, feature] = generator.choice([c.value for c in tensor.codes], count)
        else:
            matrix[:, feature] = generator.uniform(low[feature], high[feature], count)
    return matrix


def _corners(
    interface: Interface, low: NDArray[np.float64], high: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float32]:
    matrix = _uniform(interface, low, high, 32, generator)
    for feature, tensor in enumerate(_features(interface)):
        if not tensor.codes:
            upper = generator.integers(0, 2, len(matrix)).astype(bool)
            upper[0], upper[1] = False, True
            matrix[:, feature] = np.where(upper, high[feature], low[feature])
    return matrix


_SPECIAL = (0.0, -0.0, 1e-45, -1e-45, 1.1754942e-38, 1.1754944e-38, -1.1754944e-38)
_SPECIAL_ROWS = 400


def _special(
    interface: Interface, base: NDArray[np.float32], generator: np.random.Generator
) -> NDArray[np.float32]:
    """One input at a special value that its declared range allows, in rows drawn from the base."""
    chosen = [
        (feature, value)
        for feature, tensor in enumerate(_features(interface))
        for value in _SPECIAL
        if not tensor.codes and tensor.minimum <= value <= tensor.maximum
    ]
    if len(chosen) > _SPECIAL_ROWS:
        picked = generator.choice(len(chosen), _SPECIAL_ROWS, replace=False)
        chosen = [chosen[i] for i in np.sort(picked)]
    rows = base[generator.integers(0, len(base), len(chosen))]
    for row, (feature, value) in zip(rows, chosen, strict=True):
        row[feature] = value
    return rows


def _categories(interface: Interface, base: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    blocks = []
    for feature, tensor in enumerate(_features(interface)):
        if tensor.codes:
            block = np.repeat(base[:1], len(tensor.codes), axis=0)
            block[:, feature] = [code.value for code in tensor.codes]
            blocks.append(block)
    return blocks


_CATEGORY_ROWS = 4_000
_BASES = 3


def _numeric_categories(
    stepped: NDArray[np.float64], base: NDArray[np.float32], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Each number that is a category, and the float32 numbers next to it, in some rows of the base.

    Args:
        stepped: rows with one number each, NaN elsewhere.
        base: rows that give the other values.
        generator: source of the choices.
    """
    place = np.isfinite(stepped).argmax(axis=1)
    value = stepped[np.arange(len(stepped)), place].astype(np.float32)
    beside = [np.nextafter(value, np.float32(side)) for side in (-np.inf, np.inf)]
    value, place = np.tile(np.concatenate([value, value, *beside]), _BASES), np.tile(place, 4 * _BASES)
    if len(value) > _CATEGORY_ROWS:
        chosen = np.sort(generator.choice(len(value), _CATEGORY_ROWS, replace=False))
        value, place = value[chosen], place[chosen]
    rows = base[generator.integers(0, len(base), len(value))]
    for column in np.unique(place):
        rows[:, column] = generator.choice(value[place == column], len(rows))
    rows[np.arange(len(rows)), place] = value
    return rows


def _nan(interface: Interface, base: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    blocks = []
    for feature, tensor in enumerate(_features(interface)):
        if tensor.accepts_nan:
            block = base[:NAN_ROWS].copy()
            block[:, feature] = np.nan
            blocks.append(block)
    return blocks


def _assemble(interface: Interface, parts: list[tuple[str, NDArray[np.float32]]]) -> Rows:
    matrix = np.concatenate([block for _, block in parts])
    origins = tuple(origin for origin, block in parts for _ in range(len(block)))
    tensors = {}
    start = 0
    for tensor in interface.inputs:
        block = matrix[:, start : start + tensor.elements]
        tensors[tensor.name] = np.ascontiguousarray(block.astype(tensor.numpy_dtype))
        start += tensor.elements
    return Rows(tensors, origins)
