"""GradientBoosting and HistGradientBoosting: a start value plus the sum of leaves, and a link."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.emit import add_sums
from ecu_bundle.conversion.trees.ensemble import Tree, of_tree
from ecu_bundle.conversion.trees.hist import hist_matrix, hist_trees
from ecu_bundle.conversion.trees.results import Decision, both_sides, number, sign

_CONSTANT_STRATEGIES = frozenset({"prior", "most_frequent", "constant", "mean", "median", "quantile"})


def boosting_values(nodes: Nodes, matrix: str, model: Any) -> str:
    """What ``predict`` of GradientBoostingRegressor gives, float64 (rows, 1)."""
    return nodes.add("Add", [add_sums(nodes, matrix, _trees(model)), nodes.constant(_start(model))])


def boosting_decision(nodes: Nodes, matrix: str, model: Any) -> Decision:
    """GradientBoostingClassifier: a binary score of 0 is the second class."""
    raw = boosting_values(nodes, matrix, model)
    scale = 2.0 if model.loss == "exponential" else 1.0
    outputs = model.estimators_.shape[1]
    return _decision(nodes, raw, outputs=outputs, scale=scale, zero_is_second=True)


def hist_values(nodes: Nodes, matrix: str, model: Any) -> str:
    """What ``predict`` of HistGradientBoostingRegressor gives: identity link, or exp."""
    raw = _hist_raw(nodes, matrix, model)
    return nodes.add("Exp", [raw]) if model.loss in ("poisson", "gamma") else raw


def hist_decision(nodes: Nodes, matrix: str, model: Any) -> Decision:
    """HistGradientBoostingClassifier: a binary score of 0 is the first class."""
    raw = _hist_raw(nodes, matrix, model)
    outputs = model.n_trees_per_iteration_
    return _decision(nodes, raw, outputs=outputs, scale=1.0, zero_is_second=False)


def _trees(model: Any) -> list[Tree]:
    outputs = model.estimators_.shape[1]
    trees = []
    for stage in model.estimators_:
        for output, member in enumerate(stage):
            values = np.zeros((member.tree_.node_count, outputs))
            values[:, output] = member.tree_.value[:, 0, 0] * model.learning_rate
            trees.append(of_tree(member.tree_, values))
    return trees


def _start(model: Any) -> NDArray[np.float64]:
    """The raw prediction before the first stage: the same for every row, or refused.

    Raises:
        NotImplementedError: an ``init`` whose prediction differs from row to row.
    """
    if model.init is not None and model.init != "zero":
        init = model.init_
        if type(init).__module__ != "sklearn.dummy" or init.strategy not in _CONSTANT_STRATEGIES:
            what = f"strategy={init.strategy!r}" if hasattr(init, "strategy") else type(init).__name__
            raise NotImplementedError(f"its init ({what}) starts from another value in every row")
    zeros = np.zeros((1, model.n_features_in_), dtype=np.float32)
    return np.asarray(model._raw_predict_init(zeros), dtype=np.float64)


def _hist_raw(nodes: Nodes, matrix: str, model: Any) -> str:
    baseline = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(1, -1)
    sums = add_sums(nodes, hist_matrix(nodes, matrix, model), hist_trees(model))
    return nodes.add("Add", [sums, nodes.constant(baseline)])


def _decision(nodes: Nodes, raw: str, *, outputs: int, scale: float, zero_is_second: bool) -> Decision:
    """Label by the exact scores (rows, outputs); shares by sigmoid or softmax, in float64."""
    if outputs > 1:
        index = nodes.add("ArgMax", [raw], axis=1, keepdims=0)
        return Decision(index, nodes.add("Softmax", [raw], axis=1), raw)
    scaled = raw if scale == 1.0 else nodes.add("Mul", [raw, number(nodes, scale)])
    # 1 / (1 + exp(-x)) for the positive class; the other one is what is left, as in scikit-learn
    one = number(nodes, 1.0)
    yes = nodes.add("Div", [one, nodes.add("Add", [one, nodes.add("Exp", [nodes.add("Neg", [scaled])])])])
    shares = nodes.add("Concat", [nodes.add("Sub", [one, yes]), yes], axis=1)
    return Decision(sign(nodes, raw, zero_is_second=zero_is_second), shares, both_sides(nodes, raw))
