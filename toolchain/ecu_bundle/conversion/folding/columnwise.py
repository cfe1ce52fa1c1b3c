"""Steps whose every output depends on one input column, monotone in it, and chains of such steps."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Columnwise(Protocol):
    """What a chain needs of a step."""

    @property
    def width(self) -> int:
        """Number of input columns."""

    @property
    def sources(self) -> NDArray[np.intp]:
        """The input column of each output column."""

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        """The output columns that are their input column as it is."""

    def apply(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, width) to (rows, len(sources))."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """One of scikit-learn's scalers: its own ``transform``."""

    scaler: Any

    @property
    def width(self) -> int:
        return int(self.scaler.n_features_in_)

    @property
    def sources(self) -> NDArray[np.intp]:
        return np.arange(self.width)

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        return np.zeros(self.width, dtype=bool)

    def apply(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result: NDArray[np.float64] = np.asarray(self.scaler.transform(matrix), dtype=np.float64)
            return result


@dataclass(frozen=True, slots=True)
class Selection:
    """Some of the columns, unchanged."""

    width: int
    sources: NDArray[np.intp]

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        return np.ones(len(self.sources), dtype=bool)

    def apply(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return matrix[:, self.sources]


@dataclass(frozen=True, slots=True)
class Imputation:
    """A number in place of NaN, and behind the columns one for each that says where NaN was.

    Attributes:
        fill: per input column; NaN for a column that is left out.
        indicated: columns with an indicator, in order.
    """

    fill: NDArray[np.float64]
    indicated: NDArray[np.intp]

    @property
    def width(self) -> int:
        return len(self.fill)

    @property
    def _kept(self) -> NDArray[np.intp]:
        return np.flatnonzero(~np.isnan(self.fill))

    @property
    def sources(self) -> NDArray[np.intp]:
        return np.concatenate([self._kept, self.indicated])

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.sources), dtype=bool)

    def apply(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = np.isnan(matrix)
        filled = np.where(missing, self.fill, matrix)
        return np.concatenate([filled[:, self._kept], missing[:, self.indicated].astype(np.float64)], axis=1)


@dataclass(frozen=True, slots=True)
class Chain:
    """Column-wise steps one after another, itself column-wise; without steps the columns as they are."""

    width: int
    steps: tuple[Columnwise, ...] = ()

    @property
    def sources(self) -> NDArray[np.intp]:
        sources = np.arange(self.width)
        for step in self.steps:
            sources = sources[step.sources]
        return sources

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        unchanged = np.ones(self.width, dtype=bool)
        for step in self.steps:
            unchanged = unchanged[step.sources] & step.unchanged
        return unchanged

    def apply(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        for step in self.steps:
            matrix = step.apply(matrix)
        return matrix

    def values(self, columns: NDArray[np.intp], x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The output column ``columns[i]`` when the input column behind it holds ``x[i]``."""
        rows = np.arange(len(columns))
        matrix = np.zeros((len(columns), self.width))
        matrix[rows, self.sources[columns]] = x
        return self.apply(matrix)[rows, columns]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Chains side by side, each on columns of its own."""

    chains: tuple[Chain, ...]

    @property
    def width(self) -> int:
        return sum(chain.width for chain in self.chains)

    @property
    def sources(self) -> NDArray[np.intp]:
        starts = np.cumsum([0, *(chain.width for chain in self.chains)])
        parts = [start + chain.sources for start, chain in zip(starts, self.chains, strict=False)]
        return np.concatenate([np.empty(0, dtype=np.intp), *parts])

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        return np.concatenate([np.empty(0, dtype=bool), *(chain.unchanged for chain in self.chains)])

    def apply(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = [np.empty((len(matrix), 0))]
        start = 0
        for chain in self.chains:
            parts.append(chain.apply(matrix[:, start : start + chain.width]))
            start += chain.width
        return np.concatenate(parts, axis=1)


def columnwise(step: Any) -> Columnwise | None:
    """A fitted transformer as a column-wise step; None for any other.

    Exactly scikit-learn's own classes: a subclass may do anything.
    """
    if isinstance(step, Scaling | Selection | Imputation | Chain | Blocks):
        return step
    from sklearn import preprocessing
    from sklearn.feature_selection import SelectorMixin
    from sklearn.impute import SimpleImputer

    scalers = (
        preprocessing.MaxAbsScaler,
        preprocessing.MinMaxScaler,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
    )
    if type(step) in scalers:
        return Scaling(step)
    if type(step) is preprocessing.FunctionTransformer and step.func is None:
        width = int(getattr(step, "n_features_in_", 0))
        return Selection(width, np.arange(width)) if width else None
    if type(step) is SimpleImputer:
        return _imputation(step)
    if isinstance(step, SelectorMixin) and type(step).__module__.startswith("sklearn."):
        support = step.get_support()
        return Selection(len(support), np.flatnonzero(support))
    return None


def _imputation(imputer: Any) -> Imputation | None:
    """None where something else than NaN is missing, or the numbers are not finite numbers."""
    missing = imputer.missing_values
    if not (isinstance(missing, float) and np.isnan(missing)):
        return None
    if not hasattr(imputer, "statistics_") or any(isinstance(value, str) for value in imputer.statistics_):
        return None
    fill = np.asarray(imputer.statistics_, dtype=np.float64)
    if imputer.keep_empty_features and np.isnan(fill).any():
        return None
    indicator = imputer.indicator_
    indicated = np.asarray([] if indicator is None else indicator.features_, dtype=np.intp)
    return Imputation(fill, indicated)
