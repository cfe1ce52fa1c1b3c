"""The estimators inside an estimator that read its input, and where they are kept."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHELLS = {
    "FrozenEstimator": "estimator",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "SelfTrainingClassifier": "estimator_",
}
"""Estimators that predict what the estimator in one attribute predicts, and nothing else."""

_LISTS = frozenset(
    {
        "AdaBoostClassifier",
        "AdaBoostRegressor",
        "BaggingClassifier",
        "BaggingRegressor",
        "MultiOutputClassifier",
        "MultiOutputRegressor",
        "OneVsOneClassifier",
        "OneVsRestClassifier",
        "OutputCodeClassifier",
        "StackingClassifier",
        "StackingRegressor",
        "VotingClassifier",
        "VotingRegressor",
    }
)
"""Meta-estimators whose members, in ``estimators_``, all read the whole input or chosen columns of it."""

_SINGLES = {
    "FixedThresholdClassifier": "estimator_",
    "TransformedTargetRegressor": "regressor_",
    "TunedThresholdClassifierCV": "estimator_",
}
"""Meta-estimators with one member that reads the input."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an estimator inside another one is kept.

    Attributes:
        model: the estimator.
        put: replaces it.
        columns: of the outer input, for a member that reads some; None: all.
        behind: how many columns stand before the outer input in what the member reads.
    """

    model: Any
    put: Callable[[Any], None]
    columns: NDArray[np.intp] | None = None
    behind: int = 0


def places_of(model: Any) -> list[Place]:
    """The fitted estimators inside a meta-estimator that read its input; none for other estimators."""
    name = type(model).__name__
    if not type(model).__module__.startswith("sklearn."):
        return []
    if name in _SINGLES and hasattr(model, _SINGLES[name]):
        key = _SINGLES[name]
        return [Place(getattr(model, key), _attribute(model, key))]
    if name == "CalibratedClassifierCV":
        parts = getattr(model, "calibrated_classifiers_", ())
        return [Place(part.estimator, _attribute(part, "estimator")) for part in parts]
    members = getattr(model, "estimators_", None) if name in _LISTS else None
    if not isinstance(members, list):
        return []
    columns = getattr(model, "estimators_features_", None) or [None] * len(members)
    found = [
        Place(member, _item(members, i), _subset(model, part))
        for i, (member, part) in enumerate(zip(members, columns, strict=True))
        if type(member).__name__ != "_ConstantPredictor"
    ]
    if getattr(model, "passthrough", False) is True:
        final = model.final_estimator_
        behind = int(final.n_features_in_) - int(model.n_features_in_)
        found.append(Place(final, _attribute(model, "final_estimator_"), None, behind))
    return found


def _subset(model: Any, columns: Any) -> NDArray[np.intp] | None:
    """Columns of a member; None where it reads all of them in order."""
    if columns is None or list(columns) == list(range(model.n_features_in_)):
        return None
    return np.asarray(columns, dtype=np.intp)


def inner_places(model: Any) -> list[Place]:
    """Every fitted estimator right inside a pipeline, a column transformer or a meta-estimator."""
    kind = type(model).__name__
    if kind in ("Pipeline", "FeatureUnion", "ColumnTransformer"):
        key = {"Pipeline": "steps", "FeatureUnion": "transformer_list"}.get(kind, "transformers_")
        entries = getattr(model, key, [])
        return [
            Place(entry[1], _entry(entries, i)) for i, entry in enumerate(entries) if hasattr(entry[1], "fit")
        ]
    places = places_of(model)
    if getattr(model, "final_estimator_", None) is not None and model.passthrough is not True:
        places.append(Place(model.final_estimator_, _attribute(model, "final_estimator_")))
    return places


def separate(estimator: Any) -> Any:
    """Takes shells away and gives each place an estimator of its own, in place.

    Returns:
        The estimator, or what its shell holds.
    """
    return _separate(estimator, set())


def _separate(model: Any, seen: set[int]) -> Any:
    while type(model).__name__ in SHELLS and type(model).__module__.startswith("sklearn."):
        model = getattr(model, SHELLS[type(model).__name__])
    if id(model) in seen:
        model = copy.deepcopy(model)
    seen.add(id(model))
    vars(model).pop("named_estimators_", None)
    if isinstance(vars(model).get("estimators_"), tuple):
        model.estimators_ = list(model.estimators_)
    for place in inner_places(model):
        place.put(_separate(place.model, seen))
    return model


def is_pipeline(model: Any) -> bool:
    from sklearn.pipeline import Pipeline

    return type(model) is Pipeline


def steps_of(model: Any) -> list[Any]:
    """The steps of a pipeline and of the pipelines in it, without those that do nothing."""
    if not is_pipeline(model):
        return [model]
    return [inner for _, step in model.steps if hasattr(step, "fit") for inner in steps_of(step)]


def _attribute(owner: Any, key: str) -> Callable[[Any], None]:
    return lambda model: setattr(owner, key, model)


def _item(members: list[Any], index: int) -> Callable[[Any], None]:
    return lambda model: members.__setitem__(index, model)


def _entry(entries: list[Any], index: int) -> Callable[[Any], None]:
    def put(model: Any) -> None:
        name, _, *rest = entries[index]
        entries[index] = (name, model, *rest)

    return put
