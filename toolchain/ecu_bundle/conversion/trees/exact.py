"""Which models are made of trees alone, and their exact float64 results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecu_bundle.conversion.boosters.emit import boosted_decision, boosted_values
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees import adaboost, boosting, means, votes
from ecu_bundle.conversion.trees.results import Decision


def is_exact(model: Any) -> bool:
    """True for a fitted model whose result `values` or `decision` can add to a graph."""
    kind = type(model).__name__
    if not type(model).__module__.startswith(("sklearn.", "ecu_bundle.")):
        return False
    if kind in _AVERAGES:
        return all(is_exact(member) for member in model.estimators_)
    if kind in ("AdaBoostClassifier", "AdaBoostRegressor"):
        return all(type(member).__name__ in _SINGLE for member in model.estimators_)
    return kind in _VALUES or kind in _DECISIONS


def values(nodes: Nodes, matrix: str, model: Any) -> str:
    """What ``predict`` of a regressor gives, float64 (rows, outputs)."""
    kind = type(model).__name__
    if kind in _AVERAGES and not _is_bag_of_trees(model):
        return votes.average_values(nodes, matrix, model, values)
    return _VALUES[kind](nodes, matrix, model)


def decision(nodes: Nodes, matrix: str, model: Any) -> Decision:
    """What a classifier decides."""
    kind = type(model).__name__
    if kind in _AVERAGES and not _is_bag_of_trees(model):
        return votes.average_decision(nodes, matrix, model, decision)
    return _DECISIONS[kind](nodes, matrix, model)


def _is_bag_of_trees(model: Any) -> bool:
    bag = type(model).__name__ in ("BaggingClassifier", "BaggingRegressor")
    return bag and all(type(member).__name__ in _SINGLE for member in model.estimators_)


_SINGLE = frozenset(
    {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
)
_AVERAGES = frozenset({"BaggingClassifier", "BaggingRegressor", "VotingClassifier", "VotingRegressor"})

_VALUES: dict[str, Callable[[Nodes, str, Any], str]] = {
    "AdaBoostRegressor": adaboost.median_values,
    "BaggingRegressor": means.mean_values,
    "BoostedRegressor": boosted_values,
    "DecisionTreeRegressor": means.mean_values,
    "ExtraTreeRegressor": means.mean_values,
    "ExtraTreesRegressor": means.mean_values,
    "GradientBoostingRegressor": boosting.boosting_values,
    "HistGradientBoostingRegressor": boosting.hist_values,
    "RandomForestRegressor": means.mean_values,
}
_DECISIONS: dict[str, Callable[[Nodes, str, Any], Decision]] = {
    "AdaBoostClassifier": adaboost.vote_decision,
    "BaggingClassifier": means.mean_decision,
    "BoostedClassifier": boosted_decision,
    "DecisionTreeClassifier": means.mean_decision,
    "ExtraTreeClassifier": means.mean_decision,
    "ExtraTreesClassifier": means.mean_decision,
    "GradientBoostingClassifier": boosting.boosting_decision,
    "HistGradientBoostingClassifier": boosting.hist_decision,
    "RandomForestClassifier": means.mean_decision,
}
