"""The nodes of LightGBM and XGBoost models: exact sums of leaves, then the link in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.boosters.ensemble import ZERO, Ensemble
from ecu_bundle.conversion.decisions.lookup import lookup_tree
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.emit import add_sums
from ecu_bundle.conversion.trees.results import Decision, both_sides, divided, number, whole

_UNIT = {False: 2.0**-53, True: 2.0**-24}
"""Unit roundoff of what a model computes in, by ``single``."""


def boosted_values(nodes: Nodes, matrix: str, model: Any) -> str:
    """What ``predict`` of a regressor gives, float64 (rows, outputs)."""
    return _linked(nodes, _sums(nodes, matrix, model.ensemble), model.ensemble)


def boosted_decision(nodes: Nodes, matrix: str, model: Any) -> Decision:
    """The label by the exact sums, where they decide it; shares by the link."""
    ensemble: Ensemble = model.ensemble
    sums = _sums(nodes, matrix, ensemble)
    shares = _linked(nodes, sums, ensemble)
    if len(ensemble.start) == 1:
        both = nodes.add("Concat", [nodes.add("Sub", [number(nodes, 1.0), shares]), shares], axis=1)
        return Decision(_second_class(nodes, sums, ensemble), both, both_sides(nodes, sums))
    # sigmoids of large sums are all 1, and the first of them is chosen; a softmax keeps the order
    compared = shares if ensemble.link == "sigmoid" else sums
    return Decision(nodes.add("ArgMax", [compared], axis=1, keepdims=0), shares, sums)


def _second_class(nodes: Nodes, sums: str, ensemble: Ensemble) -> str:
    """1 where the sigmoid, as computed, is above 1/2.

    ``1 / (1 + exp(-x))`` in arithmetic of unit roundoff u rounds to 1/2 up to x = 1.5 u: to there
    ``exp(-x)`` rounds to at least 1 - u, and 1 + (1 - u) to 2.
    """
    limit = 1.5 * _UNIT[ensemble.single] / ensemble.scale
    flat = nodes.add("Reshape", [sums, whole(nodes, -1)])
    return nodes.cast(nodes.add("Greater", [flat, number(nodes, limit)]), TensorProto.INT64)


def _sums(nodes: Nodes, matrix: str, ensemble: Ensemble) -> str:
    """What the link is given, float64 (rows, outputs)."""
    total = divided(
        nodes, add_sums(nodes, _columns(nodes, matrix, ensemble), ensemble.trees), ensemble.divisor
    )
    if not ensemble.start.any():
        return total
    return nodes.add("Add", [total, nodes.constant(ensemble.start.reshape(1, -1))])


def _columns(nodes: Nodes, matrix: str, ensemble: Ensemble) -> str:
    """The input, without what counts as missing, and behind it the columns of splits on categories."""
    parts = [matrix]
    if ensemble.zero_missing:
        limits = np.full((1, ensemble.columns), -1.0, dtype=np.float32)
        limits[0, list(ensemble.zero_missing)] = ZERO
        zero = nodes.add("LessOrEqual", [nodes.add("Abs", [matrix]), nodes.constant(limits)])
        nothing = nodes.constant(np.array([np.nan], dtype=np.float32))
        parts = [nodes.add("Where", [zero, nothing, matrix])]
    for category in ensemble.categories:
        tree = lookup_tree(category.source, category.edges, category.values.reshape(-1, 1))
        parts.append(nodes.cast(add_sums(nodes, matrix, [tree]), TensorProto.FLOAT))
    return parts[0] if len(parts) == 1 else nodes.add("Concat", parts, axis=1)


def _linked(nodes: Nodes, sums: str, ensemble: Ensemble) -> str:
    if ensemble.link == "exp":
        return nodes.add("Exp", [sums])
    if ensemble.link == "signed square":
        return nodes.add("Mul", [sums, nodes.add("Abs", [sums])])
    if ensemble.link == "softmax":
        return nodes.add("Softmax", [sums], axis=1)
    one = number(nodes, 1.0)
    if ensemble.link == "log1p exp":
        return nodes.add("Log", [nodes.add("Add", [one, nodes.add("Exp", [sums])])])
    if ensemble.link == "sigmoid":
        falling = nodes.add("Mul", [sums, number(nodes, -ensemble.scale)])
        return nodes.add("Div", [one, nodes.add("Add", [one, nodes.add("Exp", [falling])])])
    return sums
