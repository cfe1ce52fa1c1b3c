"""Rows like those a model was trained on, as far as the fitted model itself remembers them.

A kernel or a distance is constant far away from its centres, so rows drawn from an assumed range would
prove nothing there. Many models keep what is needed: support vectors, neighbours, centres, means, or the
scale of a step before them, which is inverted with scikit-learn's own ``inverse_transform``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.interface import MATRIX_INPUT
from ecu_bundle.parts import members

ROWS = 200
_KEPT = ("X_train_", "_fit_X", "X_fit_", "support_vectors_", "components_")
_CENTRES = ("cluster_centers_", "subcluster_centers_", "centroids_", "means_", "theta_", "location_")
_KERNEL_COMPONENTS = ("Nystroem",)
"""Estimators whose ``components_`` are rows of their training data."""

_JITTER = (0.0, 0.1, 1.0)
"""Standard deviations of the noise on a kept row, in units of the spread; one is drawn for each row."""

_JITTER_OF_CENTRES = (0.0, 0.1, 4.0)
"""The training rows lie farther apart than their centres."""

_MOST = 1e30
"""Rows beyond this come of an inverse that blew up; they are left out."""

Matrix = NDArray[np.float64]


def exemplar_rows(estimator: Any, model: OnnxModel, generator: np.random.Generator) -> Matrix:
    """Rows that the model was fitted near, in units of its inputs.

    Args:
        estimator: fitted scikit-learn object.
        model: its conversion, for the order of the inputs.
        generator: source of noise.

    Returns:
        (rows, features of the interface) float64, possibly without rows; NaN where nothing is known of
        an input, for instance for a category.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _rows_of(estimator, lambda part: _remembered(part, generator))
    return _as_inputs(found, model)


def category_rows(estimator: Any, model: OnnxModel) -> Matrix:
    """Every category that a HistGradientBoosting compares as a number, and one that it does not know.

    They are taken back through the steps before it, so that they are numbers of the device.

    Args:
        estimator, model: as for `exemplar_rows`.

    Returns:
        (rows, features of the interface) float64 with one number a row, NaN elsewhere.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _rows_of(estimator, _stepping)
    rows = _as_inputs(found, model)
    return np.asarray(rows[(~np.isnan(rows)).sum(axis=1) == 1])


def _stepping(part: Any) -> Matrix | None:
    """The categories of a HistGradientBoosting, (rows, its features) with NaN but for one column."""
    if getattr(part, "is_categorical_", None) is None or not hasattr(part, "_preprocessor"):
        return None
    width, blocks = len(part.is_categorical_), []
    encoder = part._preprocessor.named_transformers_["encoder"]
    for column, categories in zip(np.flatnonzero(part.is_categorical_), encoder.categories_, strict=True):
        numbers = [float(c) for c in categories if isinstance(c, int | float | np.number)]
        known = np.array([number for number in numbers if np.isfinite(number)])
        if len(known):
            block = np.full((len(known) + 1, width), np.nan)
            block[:, column] = [*known, known.max() + 1.0]
            blocks.append(block)
    return np.concatenate(blocks) if blocks else None


def _as_inputs(found: Matrix | None, model: OnnxModel) -> Matrix:
    """Rows of the estimator's columns as rows of the interface."""
    tensors = {tensor.name: tensor for tensor in model.interface.inputs}
    columns = len(model.columns)
    if found is None or found.shape[1] != columns:
        return np.empty((0, model.interface.features))
    if list(tensors) == [MATRIX_INPUT] and tensors[MATRIX_INPUT].elements == columns:
        return _finite(found)
    names = [column.name or f"x{i}" for i, column in enumerate(model.columns)]
    if len(tensors) == columns:
        names = list(tensors)
    place = {name: i for i, name in enumerate(names)}
    picked = [
        np.full(len(found), np.nan) if tensor.codes or name not in place else found[:, place[name]]
        for name, tensor in tensors.items()
    ]
    return _finite(np.column_stack(picked)) if picked else np.empty((0, 0))


def _finite(rows: Matrix) -> Matrix:
    return rows[~(np.abs(rows) > _MOST).any(axis=1)]


Find = Callable[[Any], Matrix | None]
"""Rows that one estimator itself remembers, in the units of its input; None without any."""


def _rows_of(part: Any, find: Find) -> Matrix | None:
    """Rows in the units of the input of one estimator."""
    if hasattr(part, "steps"):
        return _through(part, find)
    if (found := find(part)) is not None:
        return found
    inside = [rows for child in members(part) if (rows := _rows_of(child, find)) is not None]
    width = getattr(part, "n_features_in_", None)
    fitting = [rows for rows in inside if width in (None, rows.shape[1])]
    if not fitting:
        return None
    return np.unique(np.concatenate(fitting), axis=0) if find is _stepping else _some_of_each(fitting)


def _some_of_each(parts: Sequence[Matrix]) -> Matrix:
    return np.concatenate(parts)[:: len(parts)]


def _remembered(part: Any, generator: np.random.Generator) -> Matrix | None:
    """Rows about what one estimator keeps of its training."""
    if (kept := _kept(part, _KEPT)) is not None:
        return _around(kept, _spread(kept), _JITTER, generator)
    if (centres := _kept(part, _CENTRES)) is not None:
        within = _within(part)
        if within is not None:
            return _around(centres, within, _JITTER, generator)
        return _around(centres, _spread(centres), _JITTER_OF_CENTRES, generator)
    return _inverted(part, _standard(part, generator))


def _through(pipeline: Any, find: Find) -> Matrix | None:
    """Rows of the last step, taken back through the steps before it as far as those can be inverted."""
    steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
    rows: Matrix | None = None
    for step in reversed(steps):
        back = None if rows is None else _inverted(step, rows)
        rows = back if back is not None else _rows_of(step, find)
    return rows


def _inverted(step: Any, rows: Matrix | None) -> Matrix | None:
    """``step.inverse_transform(rows)``; a ColumnTransformer block by block, NaN where it is not known."""
    if rows is None:
        return None
    if hasattr(step, "transformers_") and hasattr(step, "output_indices_"):
        return _inverted_blocks(step, rows)
    inverse: Callable[[Matrix], Any] | None = getattr(step, "inverse_transform", None)
    if inverse is None:
        return None
    try:
        result = np.asarray(inverse(rows), dtype=np.float64)
    except (TypeError, ValueError, AttributeError, NotImplementedError, IndexError):
        return None  # categories, or a step that was fitted on something else or adds columns
    return result if result.ndim == 2 and len(result) == len(rows) else None


def _inverted_blocks(step: Any, rows: Matrix) -> Matrix:
    result = np.full((len(rows), step.n_features_in_), np.nan)
    for name, block, _ in step.transformers_:
        place = step.output_indices_.get(name)
        indices = step._transformer_to_input_indices.get(name)
        if place is None or indices is None or block == "drop":
            continue
        part = rows[:, place]
        back = part if isinstance(block, str) else _inverted_chain(block, part)
        if back is not None and back.shape[1] == len(indices):
            result[:, indices] = back
    return result


def _inverted_chain(block: Any, rows: Matrix) -> Matrix | None:
    steps = [step for _, step in block.steps] if hasattr(block, "steps") else [block]
    back: Matrix | None = rows
    for step in reversed(steps):
        if not isinstance(step, str):
            back = _inverted(step, back)
    return back


def _standard(step: Any, generator: np.random.Generator) -> Matrix | None:
    """Rows behind a scaling or whitening step: about normal with the spread that it makes."""
    name = type(step).__name__
    width = getattr(step, "n_features_in_", 0)
    rows: Matrix | None = None
    if name in ("StandardScaler", "RobustScaler", "PowerTransformer"):
        rows = generator.standard_normal((ROWS, width))
    elif name == "ColumnTransformer":
        rows = generator.standard_normal((ROWS, _output_width(step)))
    elif name == "PCA":
        spread = 1.0 if step.whiten else np.sqrt(np.asarray(step.explained_variance_))
        rows = generator.standard_normal((ROWS, step.n_components_)) * spread
    elif name == "QuantileTransformer" and step.output_distribution == "normal":
        rows = generator.standard_normal((ROWS, width))
    elif name in ("MinMaxScaler", "MaxAbsScaler", "QuantileTransformer"):
        low = -1.0 if name == "MaxAbsScaler" else 0.0
        low, high = getattr(step, "feature_range", (low, 1.0))
        rows = generator.uniform(low, high, (ROWS, width))
    return rows


def _output_width(step: Any) -> int:
    places = getattr(step, "output_indices_", {})  # a meta-estimator may keep an unfitted template
    return max((place.stop for place in places.values() if place.stop is not None), default=0)


def _kept(part: Any, names: Sequence[str]) -> Matrix | None:
    """Training rows or centres that an estimator keeps, (rows, its features)."""
    width = getattr(part, "n_features_in_", None)
    for name in names:
        if name == "components_" and type(part).__name__ not in _KERNEL_COMPONENTS:
            continue
        value = getattr(part, name, None)
        if value is not None and hasattr(value, "toarray"):
            value = value.toarray()
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
            continue
        rows = np.atleast_2d(value).astype(np.float64)
        if rows.ndim == 2 and len(rows) and rows.shape[1] == width:
            return rows
    return None


def _spread(kept: Matrix) -> Matrix:
    """Standard deviation of each column of kept rows; a tenth of its size where all are the same."""
    spread: Matrix = kept.std(axis=0)
    sizes = np.maximum(np.abs(kept).max(axis=0), 1.0)
    return np.asarray(np.where(spread > 0.0, spread, 0.1 * sizes))


def _within(part: Any) -> Matrix | None:
    """Standard deviation of each column about its centres, (features or 1,); None if it is not kept."""
    variances = getattr(part, "var_", None)
    if (covariances := getattr(part, "covariances_", None)) is not None:
        kind = part.covariance_type
        whole = np.asarray(covariances)
        variances = np.diagonal(whole, axis1=-2, axis2=-1) if kind in ("full", "tied") else whole
        variances = variances[:, None] if kind == "spherical" else variances
    if variances is None:
        return None
    deviation: Matrix = np.sqrt(np.atleast_2d(np.asarray(variances, dtype=np.float64)).mean(axis=0))
    return deviation


def _around(kept: Matrix, spread: Matrix, jitter: Sequence[float], generator: np.random.Generator) -> Matrix:
    """Kept rows, rows between two of them, and noise on both, in units of a spread for each column."""
    first = kept[generator.integers(0, len(kept), ROWS)]
    second = kept[generator.integers(0, len(kept), ROWS)]
    share = generator.choice([0.0, 0.0, 0.25, 0.5], (ROWS, 1))
    noise = generator.standard_normal(first.shape) * generator.choice(jitter, (ROWS, 1))
    rows: Matrix = first + share * (second - first) + noise * spread
    return rows
