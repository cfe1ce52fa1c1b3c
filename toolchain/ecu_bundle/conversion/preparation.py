"""Bring a fitted estimator into a form without strings and without column names.

The converter then sees one float matrix. Two things are rewritten on a deep copy, both without a
change of meaning:

- A ColumnTransformer that selects columns by name selects them by position.
- Encoders of categories (OneHotEncoder, OrdinalEncoder) work on integer codes. The device passes
  the codes, so that no string reaches the ECU.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecu_bundle.conversion.boosters.reading import copy_estimator
from ecu_bundle.conversion.encoders.scaling import widen_scalers
from ecu_bundle.conversion.encoders.selection import predicting_selectors, spread_columns
from ecu_bundle.conversion.encoders.transforming import transforming
from ecu_bundle.conversion.folding import fold_scalers, separate
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import MISSING_CODE, UNKNOWN_CODE, Code, Column
from ecu_bundle.parity.outputs import class_codes
from ecu_bundle.parts import members, walk


@dataclass(frozen=True, slots=True)
class Prepared:
    """An estimator for the converter.

    Attributes:
        estimator: takes a float matrix of the used columns.
        columns: all columns of the original estimator.
        used: positions of the columns that it reads; all of them where columns have no names.
        notes: what was rewritten and a reader of the certificate should know.
    """

    estimator: Any
    columns: tuple[Column, ...]
    used: tuple[int, ...]
    notes: tuple[str, ...] = ()


def prepare(estimator: Any) -> Prepared:
    """Deep-copies a fitted estimator and removes strings and column names from it.

    Raises:
        UnsupportedModelError: text that no supported encoder consumes, or no columns at all.
    """
    names = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    count = _feature_count(estimator) or len(names)
    if count == 0:
        raise UnsupportedModelError(
            "convert",
            f"{type(estimator).__name__} does not say how many numbers it takes a row",
            place=f"{type(estimator).__module__}.{type(estimator).__name__}",
            hint="train on a matrix of numbers, shape (rows, features)",
        )
    twin = predicting_selectors(separate(copy_estimator(estimator)))
    notes = fold_scalers(twin)
    for part in walk(twin):
        _simplify(part)
    visitor = _Walk()
    visitor.visit(twin, list(range(count)))
    columns = []
    for position in range(count):
        name = names[position] if names else ""
        vocabulary = visitor.vocabularies.get(position)
        if vocabulary is None:
            columns.append(Column(name))
        else:
            # as a number, an unseen category has no one value that could stand for it
            vocabulary.accepts_unknown &= position not in visitor.numeric_uses
            columns.append(vocabulary.column(name))
    widen_scalers(twin)
    used = tuple(sorted(visitor.numeric_uses | visitor.kept | visitor.vocabularies.keys()))
    if names and used:
        visitor.narrow(set(used))
    else:
        used = tuple(range(count))
    return Prepared(spread_columns(transforming(twin)), tuple(columns), used, tuple(notes))


def _feature_count(estimator: Any) -> int:
    """Numbers a row; 0 where the estimator does not say. IsotonicRegression takes one and never says so."""
    from sklearn.isotonic import IsotonicRegression

    first = estimator
    while hasattr(first, "steps"):
        first = first.steps[0][1]
    if isinstance(first, IsotonicRegression):
        return 1
    return int(getattr(estimator, "n_features_in_", 0))


def _simplify(part: Any) -> None:
    """Takes away what changes nothing that the device computes, and what converters stumble over."""
    vars(part).pop("_sklearn_output_config", None)
    if "flatten_transform" in vars(part):
        part.flatten_transform = False
    classes = vars(part).get("classes_")
    if isinstance(classes, np.ndarray) and classes.ndim == 1 and classes.dtype.kind in "iuf":
        part.classes_ = np.array(class_codes(classes), dtype=np.int64)


@dataclass(slots=True)
class _Vocabulary:
    """Categories of one column, in the order of their codes."""

    text: bool = False
    accepts_unknown: bool = True
    accepts_missing: bool = False
    missing: Any = np.nan
    categories: list[Any] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def code_of(self, category: Any) -> int:
        """The code of a category, new when it is seen for the first time."""
        if _is_missing(category):
            if self.accepts_missing and (category is None) != (self.missing is None):
                raise _two_kinds_of_missing()
            self.accepts_missing, self.missing = True, category
            return MISSING_CODE
        if category not in self.categories:
            self.categories.append(category)
            self.numbers.append(len(self.numbers) if self.text else int(category))
        return self.numbers[self.categories.index(category)]

    def column(self, name: str) -> Column:
        codes = [Code(n, _name(c)) for n, c in zip(self.numbers, self.categories, strict=True)]
        values = list(self.categories)
        if self.accepts_unknown and UNKNOWN_CODE not in self.numbers:
            codes.append(Code(UNKNOWN_CODE, "unknown"))
            values.append(None)
        if self.accepts_missing and MISSING_CODE in self.numbers:
            raise UnsupportedModelError(
                "convert",
                f"the category {MISSING_CODE} and missing values of one column have the same code",
                place=f"column {name!r}",
                hint="fill missing values before training",
            )
        if self.accepts_missing:
            codes.append(Code(MISSING_CODE, "missing"))
            values.append(self.missing)
        return Column(name, tuple(codes), tuple(values))


class _Walk:
    """One pass over an estimator and its parts, following raw input columns by position."""

    def __init__(self) -> None:
        self.vocabularies: dict[int, _Vocabulary] = {}
        self.numeric_uses: set[int] = set()
        self.kept: set[int] = set()
        self._seen: set[int] = set()
        self._inputs: list[tuple[Any, Sequence[int]]] = []

    def narrow(self, used: set[int]) -> None:
        """Takes unused columns away from every part that sees columns of the row."""
        from sklearn.compose import ColumnTransformer

        for part, columns in self._inputs:
            kept = [i for i, column in enumerate(columns) if column in used]
            if "n_features_in_" in vars(part):  # a part of a chain sees more than these
                part.n_features_in_ -= len(columns) - len(kept)
            if isinstance(part, ColumnTransformer):
                place = {old: new for new, old in enumerate(kept)}
                part.transformers_ = [
                    (name, transformer, [place[i] for i in positions if i in place])
                    for name, transformer, positions in part.transformers_
                ]
                part.transformers = [t for t in part.transformers_ if t[0] != "remainder"]
                part._transformer_to_input_indices = {name: p for name, _, p in part.transformers_}

    def visit(self, part: Any, columns: Sequence[int]) -> None:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.naive_bayes import CategoricalNB
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

        if id(part) in self._seen or not hasattr(part, "get_params"):
            return
        self._seen.add(id(part))
        if columns:
            self._inputs.append((part, columns))
        if isinstance(part, Pipeline):
            self._visit_pipeline(part, columns)
        elif isinstance(part, ColumnTransformer):
            if hasattr(part, "transformers_"):  # a bagging ensemble keeps an unfitted template
                self._visit_column_transformer(part, columns)
        elif isinstance(part, OneHotEncoder | OrdinalEncoder | TargetEncoder):
            if hasattr(part, "categories_"):
                self._recode(part, columns)
        elif isinstance(part, CategoricalNB):
            self._enumerate(part, columns)
        elif getattr(part, "is_categorical_", None) is not None and hasattr(part, "_preprocessor"):
            self._visit_boosting(part, columns)
        elif isinstance(part, SimpleImputer):
            self._check_imputer(part)
            self._use_as_numbers(columns)
        elif parts := list(members(part)):
            self._visit_meta(part, parts, columns)
        else:
            self._use_as_numbers(columns)

    def _visit_pipeline(self, part: Any, columns: Sequence[int]) -> None:
        current: Sequence[int] = columns
        for _, step in part.steps:
            if step is None or isinstance(step, str):
                continue
            self.visit(step, current)
            current = []

    def _visit_meta(self, part: Any, parts: Sequence[Any], columns: Sequence[int]) -> None:
        """Parts of a meta-estimator; each part of a bagging ensemble may see columns of its own."""
        chosen = {}
        if hasattr(part, "estimators_features_"):
            self.kept.update(columns)
            chosen = {id(e): f for e, f in zip(part.estimators_, part.estimators_features_, strict=True)}
        for nested in parts:
            own = columns and id(nested) in chosen
            self.visit(nested, [columns[i] for i in chosen[id(nested)]] if own else columns)
        if getattr(part, "passthrough", False) is True:
            self._use_as_numbers(columns)

    def _visit_column_transformer(self, part: Any, columns: Sequence[int]) -> None:
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

    def _visit_boosting(self, part: Any, columns: Sequence[int]) -> None:
        """HistGradientBoosting that splits on categories: its own encoder, for some of its columns.

        A column of text, or of a category type, becomes an enumeration; other numbers stay numbers.
        Missing and unknown categories are one to the model.
        """
        encoder = part._preprocessor.named_transformers_["encoder"]
        categorical = np.flatnonzero(part.is_categorical_).tolist()
        recoded = []
        for j, categories in zip(categorical, encoder.categories_, strict=True):
            text = any(isinstance(category, str) for category in categories)
            typed = isinstance(part.categorical_features, str) and _enumerable(categories)
            column = columns[j] if columns else None
            if column is not None and (text or typed):
                recoded.append(
                    self._native_codes(self.vocabularies.setdefault(column, _Vocabulary()), categories)
                )
                continue
            self._check_text_categories(part, categories)
            recoded.append(categories)
            if column is not None:
                self._use_as_numbers([column])
        encoder.categories_ = recoded
        others = np.flatnonzero(~part.is_categorical_).tolist()
        self._use_as_numbers([columns[j] for j in others] if columns else [])

    @staticmethod
    def _native_codes(vocabulary: _Vocabulary, categories: Any) -> Any:
        vocabulary.text = vocabulary.text or any(isinstance(c, str) for c in categories)
        codes = [vocabulary.code_of(category) for category in categories]
        return np.array([code for code in codes if code != MISSING_CODE], dtype=np.int64)

    def _use_as_numbers(self, columns: Iterable[int]) -> None:
        self.numeric_uses.update(columns)

    def _enumerate(self, model: Any, columns: Sequence[int]) -> None:
        """The categories 0, 1, ... of a CategoricalNB, which has no answer for any other number."""
        for column, count in zip(columns, getattr(model, "n_categories_", ()), strict=False):
            vocabulary = self.vocabularies.setdefault(column, _Vocabulary())
            vocabulary.accepts_unknown = False
            for category in range(int(count)):
                vocabulary.code_of(category)

    def _recode(self, encoder: Any, columns: Sequence[int]) -> None:
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
            vocabulary.accepts_unknown &= getattr(encoder, "handle_unknown", "ignore") != "error"
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
    def _check_text_categories(part: Any, categories: Iterable[Any]) -> None:
        if any(isinstance(value, str) for value in categories):
            raise UnsupportedModelError(
                "convert",
                f"{type(part).__name__} on text has no form for the device, where a category is a code",
                place=f"{type(part).__module__}.{type(part).__name__}",
                hint="use OneHotEncoder or OrdinalEncoder",
            )

    @staticmethod
    def _check_imputer(part: Any) -> None:
        if any(isinstance(value, str) for value in np.ravel(getattr(part, "statistics_", ()))):
            raise UnsupportedModelError(
                "convert",
                "a SimpleImputer on text has no form for the device, where a category is a code",
                place=f"SimpleImputer(strategy={part.strategy!r})",
                hint="leave the imputer out and let OneHotEncoder(handle_unknown='ignore') take missing text",
            )


def _name(category: Any) -> str:
    """What the device calls a category: a whole number has no point, whatever its type."""
    return str(category) if isinstance(category, str | bool | np.bool_) else str(int(category))


def _two_kinds_of_missing() -> UnsupportedModelError:
    return UnsupportedModelError(
        "convert",
        "a column of categories knows both None and NaN, and the device has one code for a missing value",
        place="OneHotEncoder",
        hint="fill missing categories with one of the two before training",
    )


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
