"""Follow the columns of scikit-learn's own preprocessing from the raw row to the matrix of the trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a column comes from.

    Attributes:
        raw: position of the one raw column that it depends on; None when it is not one column.
        monotone: of a number: the way to the column never turns round. Each step subtracts, divides by
            or multiplies with a constant, clips, or passes on; each is monotone after rounding too.
        reason: why there is no proof; "" when there is.
        unchanged: of a number: it arrives as it came, but for NaN.
        keys: of a number that is looked up: the numbers that are told apart. All others are treated
            alike, but for NaN. None when it is not looked up.
    """

    raw: int | None
    monotone: bool = True
    reason: str = ""
    unchanged: bool = True
    keys: tuple[float, ...] | None = None

    def looked_up(self, keys: Sequence[float], reason: str = "") -> Origin:
        """The origin of a column that a table gives for this one."""
        known = tuple(float(key) for key in keys) if self.unchanged else None
        return Origin(self.raw, False, self.reason or reason, False, known)


def unknown(reason: str) -> Origin:
    return Origin(None, False, reason)


def origins_of(steps: Sequence[Any], columns: int) -> list[Origin]:
    """The origin of each column of the matrix behind the steps."""
    return _through_all(steps, [Origin(i) for i in range(columns)])


def _through_all(steps: Sequence[Any], origins: list[Origin]) -> list[Origin]:
    for step in steps:
        origins = _through(step, origins)
    return origins


def _through(step: Any, origins: list[Origin]) -> list[Origin]:
    from ecu_bundle.parity.witnesses.sites import Rearrangement, Selection, Union

    name, module = type(step).__name__, type(step).__module__
    made: list[Origin]
    if isinstance(step, Selection):
        made = [origins[i] for i in step.columns]
    elif isinstance(step, Union):
        made = [origin for steps in step.members for origin in _through_all(steps, origins)]
    elif isinstance(step, Rearrangement):
        made = _rearranged(step.preprocessor, origins)
    elif _keeps_values(step):
        made = origins
    elif _keeps_columns(step):
        made = [replace(origin, unchanged=False) for origin in origins]
    elif not module.startswith("sklearn."):
        made = _lost(step, origins, f"{name} is not a step of scikit-learn")
    elif name == "Pipeline":
        made = _through_all([inner for _, inner in step.steps], origins)
    elif name == "ColumnTransformer":
        made = _blocks(step, origins)
    elif name in ("OneHotEncoder", "OrdinalEncoder"):
        widths = step._n_features_outs if name == "OneHotEncoder" else [1] * len(origins)
        made = [
            Origin(origin.raw, False, origin.reason, False)
            for origin, width in zip(origins, widths, strict=True)
            for _ in range(int(width))
        ]
    elif module.startswith("sklearn.feature_selection.") and hasattr(step, "get_support"):
        made = [origins[int(i)] for i in np.flatnonzero(step.get_support())]
    else:
        made = _lost(step, origins, f"{name} stands before the trees")
    return made


def _keeps_values(step: Any) -> bool:
    """Each column is passed on, or filled where it is NaN."""
    from sklearn import impute, preprocessing

    if step is None or (isinstance(step, str) and step == "passthrough"):
        return True
    if type(step) is preprocessing.FunctionTransformer:
        return step.func is None
    return type(step) is impute.SimpleImputer and _fills_in_place(step)


def _keeps_columns(step: Any) -> bool:
    """Each column is scaled: it goes its own monotone way."""
    from sklearn import preprocessing

    return type(step) in (
        preprocessing.MaxAbsScaler,
        preprocessing.MinMaxScaler,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
    )


def _fills_in_place(imputer: Any) -> bool:
    """Only NaN is replaced, by a number of its column, and no column comes or goes."""
    statistics = np.asarray(imputer.statistics_)
    return (
        not imputer.add_indicator
        and isinstance(imputer.missing_values, float)
        and np.isnan(imputer.missing_values)
        and statistics.dtype.kind == "f"
        and not bool(np.isnan(statistics).any())
    )


def _rearranged(preprocessor: Any, origins: list[Origin]) -> list[Origin]:
    """The columns of histogram boosting: codes of categories first, then the numbers as they are.

    Raises:
        KeyError: the preprocessor has other blocks than those of scikit-learn 1.9.
    """
    places = preprocessor._transformer_to_input_indices
    encoder = preprocessor.named_transformers_["encoder"]
    coded = []
    for place, categories in zip(places["encoder"], encoder.categories_, strict=True):
        numeric = np.asarray(categories).dtype.kind in "biuf"
        keys = [float(value) for value in categories if numeric and not np.isnan(value)]
        coded.append(origins[int(place)].looked_up(keys))
    return [*coded, *(origins[int(i)] for i in places["numerical"])]


def _blocks(transformer: Any, origins: list[Origin]) -> list[Origin]:
    places = transformer.output_indices_
    total = max((place.stop for place in places.values()), default=0)
    result = [unknown("a column that no block of the ColumnTransformer makes")] * total
    for name, block, _ in transformer.transformers_:
        place = places.get(name, slice(0, 0))
        if isinstance(block, str) and block == "drop":
            continue
        inner = [origins[int(i)] for i in transformer._transformer_to_input_indices[name]]
        made = _through(block, inner)
        if len(made) != place.stop - place.start:
            made = [unknown(f"block {name!r} of the ColumnTransformer")] * (place.stop - place.start)
        result[place] = made
    return result


def _lost(step: Any, origins: list[Origin], reason: str) -> list[Origin]:
    width = len(origins)
    if hasattr(step, "get_feature_names_out"):
        try:
            width = len(step.get_feature_names_out())
        except (ValueError, AttributeError, TypeError):
            width = len(origins)
    return [unknown(reason)] * width
