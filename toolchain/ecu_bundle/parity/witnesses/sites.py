"""Find every forest inside a fitted estimator, and the steps that stand before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.parity.witnesses.families import all_trees, forest_of, members_of, plain, spread
from ecu_bundle.parity.witnesses.forests import Forest, Use, join


@dataclass(frozen=True, slots=True)
class Site:
    """A forest and the steps that make its matrix from the columns of the whole estimator.

    Attributes:
        forest, steps: as said.
        parts: the same trees one by one, for an ensemble whose members have steps of their own.
    """

    forest: Forest
    steps: tuple[Any, ...]
    parts: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """A step of our own: the columns that a member of a bagging ensemble sees."""

    columns: tuple[int, ...]

    def transform(self, X: Any) -> Any:
        return X.iloc[:, list(self.columns)] if hasattr(X, "iloc") else X[:, list(self.columns)]


@dataclass(frozen=True, slots=True)
class Union:
    """A step of our own: the matrices of several members side by side."""

    members: tuple[tuple[Any, ...], ...]

    def transform(self, X: Any) -> NDArray[np.float64]:
        blocks = []
        for steps in self.members:
            made = X
            for step in steps:
                made = made if isinstance(step, str) else step.transform(made)
            blocks.append(np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=np.float64))
        return np.concatenate(blocks, axis=1)


@dataclass(frozen=True, slots=True)
class Rearrangement:
    """A step of our own: what histogram boosting does to its input; categories become codes, in front."""

    preprocessor: Any

    def transform(self, X: Any) -> Any:
        return self.preprocessor.transform(X)


_SHELLS = {
    "FixedThresholdClassifier": "estimator_",
    "FrozenEstimator": "estimator",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "SelfTrainingClassifier": "estimator_",
    "TransformedTargetRegressor": "regressor_",
    "TunedThresholdClassifierCV": "estimator_",
}
"""Estimators that hand their rows to the estimator in one attribute."""

_PANELS = (
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "OneVsOneClassifier",
    "OneVsRestClassifier",
    "StackingClassifier",
    "StackingRegressor",
    "VotingClassifier",
    "VotingRegressor",
)
"""Estimators that hand their rows to each of ``estimators_``."""

_BAGS = ("BaggingClassifier", "BaggingRegressor")


def sites_of(estimator: Any) -> tuple[list[Site], list[str]]:
    """Finds every forest inside a fitted estimator.

    Returns:
        The forests in the order of the members, and for those whose place is not understood a sentence.
    """
    sites: list[Site] = []
    reasons: list[str] = []
    _visit(estimator, (), sites, reasons)
    return sites, reasons


def _visit(part: Any, steps: tuple[Any, ...], sites: list[Site], reasons: list[str]) -> None:
    name = type(part).__name__
    if type(part).__module__.startswith(("lightgbm.", "xgboost.")):
        _add_forest(part, steps, sites, reasons)
    elif not type(part).__module__.startswith("sklearn."):
        reasons += [f"{name} is not an estimator of scikit-learn"] * _holds_trees(part)
    elif name in _SHELLS:
        _visit(getattr(part, _SHELLS[name]), steps, sites, reasons)
    elif name == "Pipeline":
        _visit_pipeline(part, steps, sites, reasons)
    elif name == "CalibratedClassifierCV":
        for calibrated in part.calibrated_classifiers_:
            _visit(calibrated.estimator, steps, sites, reasons)
    elif name in _PANELS:
        for member in part.estimators_:
            _visit(member, steps, sites, reasons)
        if _holds_trees(getattr(part, "final_estimator_", None)):
            reasons.append(f"trees as final estimator of {name} see results of other estimators")
    elif name in _BAGS and not all_trees(part.estimators_):
        _visit_bag(part, steps, sites, reasons)
    else:
        _add_forest(part, steps, sites, reasons)


def _visit_pipeline(part: Any, steps: tuple[Any, ...], sites: list[Site], reasons: list[str]) -> None:
    for _, step in part.steps[:-1]:
        if type(step).__name__ == "RandomTreesEmbedding":
            _visit(step, steps, sites, reasons)
        if step is not None:
            steps = (*steps, step)
    if part.steps[-1][1] is not None:
        _visit(part.steps[-1][1], steps, sites, reasons)


def _visit_bag(part: Any, steps: tuple[Any, ...], sites: list[Site], reasons: list[str]) -> None:
    """The members one by one; those that are a tree behind steps of its own also as one forest."""
    own: list[Site] = []
    for member, columns in members_of(part):
        _visit(member, (*steps, Selection(tuple(int(c) for c in columns))), own, reasons)
    trees = [_tree_of(member) for member in part.estimators_]
    if len(own) == len(trees) and all_trees(trees):
        sites.append(_joined(part, trees, own, steps))
    else:
        sites += own


def _tree_of(member: Any) -> Any:
    """The last step of a pipeline, else the member."""
    while type(member).__name__ == "Pipeline":
        member = member.steps[-1][1]
    return member


def _joined(part: Any, trees: Sequence[Any], own: Sequence[Site], steps: tuple[Any, ...]) -> Site:
    """One forest over the matrices of all members side by side."""
    tables, start = [], 0
    for member, tree in zip(part.estimators_, trees, strict=True):
        table = spread(plain(tree), member, part)
        tables.append(replace(table, feature=np.where(table.left < 0, 0, table.feature + start)))
        start += tree.n_features_in_
    forest = join(type(part).__name__, tables, single=True, use=Use.ADDED)
    before = Union(tuple(site.steps[len(steps) :] for site in own))
    return Site(forest, (*steps, before), tuple(own))


def _add_forest(part: Any, steps: tuple[Any, ...], sites: list[Site], reasons: list[str]) -> None:
    forest = forest_of(part)
    if isinstance(forest, str):
        if forest or _holds_trees(part):
            reasons.append(forest or f"trees inside {type(part).__name__} are not traced")
        return
    preprocessor = getattr(part, "_preprocessor", None)
    own = () if preprocessor is None else (Rearrangement(preprocessor),)
    sites.append(Site(forest, (*steps, *own)))


def _holds_trees(part: Any, depth: int = 6) -> bool:
    """True when a fitted tree is somewhere inside the object."""
    if hasattr(part, "tree_") or hasattr(part, "_predictors"):
        return True
    if depth == 0 or isinstance(part, type) or not hasattr(part, "__dict__"):
        return False
    for value in vars(part).values():
        items = value.ravel().tolist() if isinstance(value, np.ndarray) and value.dtype.kind == "O" else value
        for item in items if isinstance(items, list | tuple) else [items]:
            inner = item[1] if isinstance(item, tuple) and len(item) > 1 else item
            if hasattr(inner, "fit") and _holds_trees(inner, depth - 1):
                return True
    return False
