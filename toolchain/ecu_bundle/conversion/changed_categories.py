"""Refuse categories that an arithmetic step has changed before HistGradientBoosting compares them.

Categories are compared for equality. A step that computes in float64 (a scaler, a power, a mean) makes
numbers of them that no float32 number equals, so the graph could not look them up. Every column is
followed through pipelines, column transformers and meta-estimators; a column is good as long as it is a
raw input, or whole numbers that an encoder gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ecu_bundle.conversion.folding.places import SHELLS, inner_places, places_of
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parts import walk

Columns = Sequence[str]
"""For each column the step that changed it; empty for a raw input or whole numbers."""

_GOOD = ""
_PREDICTION = "a prediction"
_WHOLE = ("Binarizer", "KBinsDiscretizer", "MissingIndicator", "OneHotEncoder", "OrdinalEncoder")
"""Transformers that give whole numbers."""

_ENCODERS = ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder")
_MANY = 8


def refuse_changed_categories(estimator: Any) -> None:
    """Follows the columns of a fitted estimator to every model that splits on categories.

    Raises:
        UnsupportedModelError: a category that a step changed, one that float32 does not hold, or numbers
            of a column of objects; names the model and the step.
    """
    _visit(estimator, [_GOOD] * int(getattr(estimator, "n_features_in_", 0)))
    for part in walk(estimator):
        if type(part).__name__ in _ENCODERS:
            for position, categories in enumerate(getattr(part, "categories_", ())):
                _check_type(part, position, categories)
                _check_held(part, categories)


def _visit(part: Any, columns: Columns) -> None:
    """An estimator that is used for its predictions, or the last step of a pipeline."""
    part = _unwrapped(part)
    if getattr(part, "is_categorical_", None) is not None and hasattr(part, "_preprocessor"):
        _check(part, columns)
        return
    if hasattr(part, "steps"):
        *before, last = [step for _, step in part.steps if _is_estimator(step)] or [None]
        for step in before:
            columns = _behind(step, columns)
        _visit(last, columns)
        return
    if type(part).__name__ in ("RFE", "RFECV") and hasattr(part, "support_"):
        _visit(part.estimator_, _taken(columns, np.flatnonzero(part.support_)))
        return
    if type(part).__name__ == "RegressorChain":
        for position, member in enumerate(getattr(part, "estimators_", ())):
            _visit(member, [*columns, *[_PREDICTION] * position])
        return
    reading = places_of(part)
    for place in reading:
        own = columns if place.columns is None else _taken(columns, place.columns)
        _visit(place.model, [*[_PREDICTION] * place.behind, *own])
    for place in inner_places(part):
        if all(place.model is not other.model for other in reading):
            _visit(place.model, [_PREDICTION] * int(getattr(place.model, "n_features_in_", 0)))


def _behind(step: Any, columns: Columns) -> Columns:
    """The columns behind a fitted transformer, each with what changed it."""
    step = _unwrapped(step)
    if hasattr(step, "steps"):
        for _, inner in step.steps:
            columns = _behind(inner, columns) if _is_estimator(inner) else columns
        return columns
    if hasattr(step, "transformers_"):
        return _behind_blocks(step, columns)
    if hasattr(step, "transformer_list"):
        return _behind_union(step, columns)
    return _behind_one(step, columns)


def _behind_one(step: Any, columns: Columns) -> Columns:
    name = type(step).__name__
    if hasattr(step, "get_support"):
        return _taken(columns, step.get_support(indices=True))
    if name in _WHOLE:
        return [_GOOD] * _width(step, columns)
    if name == "FunctionTransformer" and step.func is None:
        return columns
    if name == "SimpleImputer" and hasattr(step, "statistics_"):
        return _behind_imputer(step, columns)
    return [name] * _width(step, columns)


def _behind_union(union: Any, columns: Columns) -> Columns:
    behind: list[str] = []
    for _, part in union.transformer_list:
        if part == "passthrough":
            behind += columns
        elif part != "drop":
            behind += _behind(part, columns)
    return _weighted(union, behind)


def _behind_blocks(transformer: Any, columns: Columns) -> Columns:
    found: dict[int, str] = {}
    for name, block, _ in transformer.transformers_:
        place = transformer.output_indices_.get(name)
        positions = transformer._transformer_to_input_indices.get(name, ())
        if place is None or block == "drop":
            continue
        own = _taken(columns, np.asarray(positions, dtype=np.intp))
        behind = own if isinstance(block, str) else _behind(block, own)
        count = place.stop - place.start
        if len(behind) != count:
            behind = [type(block).__name__] * count
        found |= dict(zip(range(place.start, place.stop), behind, strict=True))
    return _weighted(transformer, [found[i] for i in sorted(found)])


def _behind_imputer(imputer: Any, columns: Columns) -> Columns:
    """A fill that float32 holds is as good as a raw number; indicators are whole numbers."""
    behind = []
    for column, fill in zip(columns, imputer.statistics_, strict=False):
        number = isinstance(fill, int | float | np.number)
        if number and np.isnan(float(fill)) and not imputer.keep_empty_features:
            continue
        exact = not number or np.isnan(float(fill)) or _held(np.array([float(fill)])).all()
        behind.append(column or (_GOOD if exact else type(imputer).__name__))
    indicator = getattr(imputer, "indicator_", None)
    return [*behind, *[_GOOD] * (0 if indicator is None else len(indicator.features_))]


def _weighted(transformer: Any, columns: Columns) -> Columns:
    return [type(transformer).__name__] * len(columns) if transformer.transformer_weights else columns


def _taken(columns: Columns, positions: Any) -> Columns:
    return [columns[i] if i < len(columns) else _GOOD for i in np.asarray(positions, dtype=np.intp)]


def _width(step: Any, columns: Columns) -> int:
    """Outputs of a transformer; as many as inputs where it does not say."""
    tries: tuple[Callable[[], int], ...] = (
        lambda: len(step.get_feature_names_out()),
        lambda: len(step.get_feature_names_out([f"x{i}" for i in range(len(columns))])),
        lambda: int(step.transform(np.zeros((1, len(columns)))).shape[1]),
    )
    for attempt in tries:
        try:
            return attempt()
        except (AttributeError, TypeError, ValueError):
            continue
    return len(columns)


def _unwrapped(part: Any) -> Any:
    while type(part).__name__ in SHELLS and hasattr(part, SHELLS[type(part).__name__]):
        part = getattr(part, SHELLS[type(part).__name__])
    return part


def _is_estimator(step: Any) -> bool:
    return step is not None and not isinstance(step, str)


def _check(model: Any, columns: Columns) -> None:
    encoder = model._preprocessor.named_transformers_["encoder"]
    for column, categories in zip(
        np.flatnonzero(model.is_categorical_).tolist(), encoder.categories_, strict=True
    ):
        changed = columns[column] if column < len(columns) else _GOOD
        if changed == _PREDICTION:
            raise _refused(model, f"splits on {changed} as on categories", "give it numbers that are none")
        if changed:
            raise _refused(
                model,
                f"splits on categories that a {changed} has changed",
                "trees need no scaler: leave the step out, or let it see the other columns alone "
                "with a ColumnTransformer",
            )
        _check_held(model, categories)


def _check_type(encoder: Any, position: int, categories: Any) -> None:
    """Numbers that were given as Python objects: scikit-learn itself compares them with objects alone."""
    if not isinstance(categories, np.ndarray) or categories.dtype.kind != "O":
        return
    if any(isinstance(c, int | float | np.generic) and not _is_nan(c) for c in categories):
        names = getattr(encoder, "feature_names_in_", ())
        column = repr(str(names[position])) if position < len(names) else str(position)
        raise _refused(
            encoder,
            f"was trained on numbers in a column of dtype object, its column {column}, "
            "and takes no column of numbers",
            "give the column a type of numbers before training, for instance "
            "X.astype({'name': float}), or int for whole numbers",
        )


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _check_held(model: Any, categories: Any) -> None:
    values = np.array([float(c) for c in categories if isinstance(c, int | float | np.number)])
    lost = values[~_held(values) & ~np.isnan(values)]
    if len(lost):
        listed = ", ".join(f"{value:.9g}" for value in lost[:_MANY]) + (", ..." if len(lost) > _MANY else "")
        raise _refused(
            model,
            f"knows categories that are no float32 numbers and would never be met: {listed}",
            "number the categories with whole numbers, or train on X.astype(numpy.float32)",
        )


def _held(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which numbers float32 holds."""
    with np.errstate(over="ignore"):
        same: np.ndarray[Any, np.dtype[np.bool_]] = values.astype(np.float32).astype(np.float64) == values
    return same


def _refused(model: Any, cause: str, hint: str) -> UnsupportedModelError:
    name = type(model).__name__
    return UnsupportedModelError(
        "convert", f"{name} {cause}", place=f"{type(model).__module__}.{name}", hint=hint
    )
