"""Bring a fitted estimator into a form without strings and without column names.

The converter then sees one float matrix. Two things are rewritten on a deep copy, both without a
change of meaning:

- A ColumnTransformer that selects columns by name selects them by position.
- Encoders of categories (OneHotEncoder, OrdinalEncoder) work on integer codes. The device passes
  the codes, so that no string reaches the ECU.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import MISSING_CODE, UNKNOWN_CODE, Code, Column


@dataclass(frozen=True, slots=True)
class Prepared:
    """An estimator for the converter, and the columns that it takes."""

    estimator: Any
    columns: tuple[Column, ...]


def prepare(estimator: Any) -> Prepared:
    """Deep-copies a fitted estimator and removes strings and column names from it.

    Raises:
        UnsupportedModelError: a string column that no supported encoder consumes.
    """
    names = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    count = int(getattr(estimator, "n_features_in_", len(names)))
    twin = copy.deepcopy(estimator)
    walk = _Walk()
    walk.visit(twin, list(range(count)))
    columns = []
    for position in range(count):
        name = names[position] if names else ""
        vocabulary = walk.vocabularies.get(position)
        if vocabulary is None or not (vocabulary.text or position not in walk.numeric_uses):
            columns.append(Column(name))
        else:
            columns.append(vocabulary.column(name))
    return Prepared(twin, tuple(columns))


@dataclass(slots=True)
class _Vocabulary:
    """Categories of one column, in the order of their codes."""

    text: bool = False
    accepts_unknown: bool = True
    accepts_missing: bool = False
    categories: list[Any] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def code_of(self, category: Any) -> int:
        """The code of a category, new when it is seen for the first time."""
        if _is_missing(category):
            self.accepts_missing = True
            return MISSING_CODE
        if category not in self.categories:
            self.categories.append(category)
            self.numbers.append(len(self.numbers) if self.text else int(category))
        return self.numbers[self.categories.index(category)]

    def column(self, name: str) -> Column:
        codes = [Code(n, str(c)) for n, c in zip(self.numbers, self.categories, strict=True)]
        values = list(self.categories)
        if self.accepts_unknown and UNKNOWN_CODE not in self.numbers:
            codes.append(Code(UNKNOWN_CODE, "unknown"))
            values.append(None)
        if self.accepts_missing:
            codes.append(Code(MISSING_CODE, "missing"))
            values.append(np.nan)
        return Column(name, tuple(codes), tuple(values))


class _Walk:
    """One pass over an estimator and its parts, following raw input columns by position."""

    def __init__(self) -> None:
        self.vocabularies: dict[int, _Vocabulary] = {}
        self.numeric_uses: set[int] = set()
        self._seen: set[int] = set()

    def visit(self, part: Any, columns: Sequence[int | None]) -> None:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

        if id(part) in self._seen or not hasattr(part, "get_params"):
            return
        self._seen.add(id(part))
        if isinstance(part, Pipeline):
            self._visit_pipeline(part, columns)
        elif isinstance(part, ColumnTransformer):
            self._visit_column_transformer(part, columns)
        elif isinstance(part, OneHotEncoder | OrdinalEncoder):
            self._recode(part, columns)
        elif isinstance(part, SimpleImputer):
            self._check_imputer(part)
            self._use_as_numbers(columns)
        elif parts := list(_nested(part)):
            for nested in parts:
                self.visit(nested, columns)
        else:
            self._use_as_numbers(columns)

    def _visit_pipeline(self, part: Any, columns: Sequence[int | None]) -> None:
        current = columns
        for _, step in part.steps:
            if step is None or isinstance(step, str):
                continue
            self.visit(step, current)
            current = []

    def _visit_column_transformer(self, part: Any, columns: Sequence[int | None]) -> None:
        by_position = []
        for name, transformer, selected in part.transformers_:
            positions = _positions(part, name, selected)
            chosen = [columns[i] for i in positions] if columns else []
            if transformer == "passthrough":
                self._use_as_numbers(chosen)
            elif not isinstance(transformer, str):
                self.visit(transformer, chosen)
            by_position.append((name, transformer, positions))
        part.transformers_ = by_position
        part.transformers = [(n, t, c) for n, t, c in by_position if n != "remainder"]

    def _use_as_numbers(self, columns: Iterable[int | None]) -> None:
        self.numeric_uses.update(c for c in columns if c is not None)

    def _recode(self, encoder: Any, columns: Sequence[int | None]) -> None:
        recoded = []
        for j, categories in enumerate(encoder.categories_):
            column = columns[j] if j < len(columns) else None
            if column is None or not _enumerable(categories):
                recoded.append(categories)
                if column is not None:
                    self.numeric_uses.add(column)
                continue
            vocabulary = self.vocabularies.setdefault(column, _Vocabulary())
            vocabulary.text = vocabulary.text or any(isinstance(c, str) for c in categories)
            vocabulary.accepts_unknown &= encoder.handle_unknown != "error"
            recoded.append(np.array([vocabulary.code_of(c) for c in categories], dtype=np.int64))
            if vocabulary.accepts_missing and type(encoder).__name__ == "OrdinalEncoder":
                raise UnsupportedModelError(
                    "convert",
                    "an OrdinalEncoder with missing values among its categories has no code for the device",
                    place=f"OrdinalEncoder, its column {j}",
                    hint="fill missing categories before training, or use OneHotEncoder",
                )
        encoder.categories_ = recoded

    @staticmethod
    def _check_imputer(part: Any) -> None:
        if any(isinstance(value, str) for value in np.ravel(part.statistics_)):
            raise UnsupportedModelError(
                "convert",
                "a SimpleImputer on text has no form for the device, where a category is a code",
                place=f"SimpleImputer(strategy={part.strategy!r})",
                hint="leave the imputer out and let OneHotEncoder(handle_unknown='ignore') take missing text",
            )


def _nested(part: Any) -> Iterable[Any]:
    """Fitted estimators inside a meta-estimator that see the same columns as it."""
    for key, value in sorted(vars(part).items()):
        if not key.endswith("_") and key != "transformer_list":
            continue
        items = value.values() if isinstance(value, dict) else value
        for item in items if isinstance(items, list | tuple | type({}.values())) else [items]:
            candidate = item[1] if isinstance(item, tuple) and len(item) > 1 else item
            if hasattr(candidate, "estimator") and type(candidate).__name__ == "_CalibratedClassifier":
                candidate = candidate.estimator
            if hasattr(candidate, "get_params") and hasattr(candidate, "fit"):
                yield candidate


def _positions(part: Any, name: str, selected: Any) -> list[int]:
    indices = part._transformer_to_input_indices.get(name)
    if indices is None:
        indices = np.arange(part.n_features_in_)[selected]
    return [int(i) for i in indices]


def _enumerable(categories: Any) -> bool:
    """Text, or whole numbers that float32 and int32 both hold exactly."""
    for category in categories:
        if isinstance(category, str) or _is_missing(category):
            continue
        if not isinstance(category, int | float | np.integer | np.floating | np.bool_):
            return False
        if float(category) != int(category) or abs(int(category)) >= 2**24:
            return False
    return True


def _is_missing(category: Any) -> bool:
    return category is None or (isinstance(category, float | np.floating) and bool(np.isnan(category)))
