"""What a model made of trees computes, as names of tensors in the graph, before any rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a classifier.

    Attributes:
        index: int64 (rows,): position of the class.
        shares: float64 (rows, classes): ``predict_proba``; for a hard vote the votes.
        scores: float64 (rows, classes): ``decision_function``, for two classes as [-d, d]; empty
            without one.
    """

    index: str
    shares: str
    scores: str = ""


def largest(nodes: Nodes, shares: str) -> Decision:
    """The first class with the largest share."""
    return Decision(nodes.add("ArgMax", [shares], axis=1, keepdims=0), shares)


def divided(nodes: Nodes, values: str, by: float) -> str:
    """Each value divided; the same values for 1."""
    return values if by == 1.0 else nodes.add("Div", [values, number(nodes, by)])


def number(nodes: Nodes, value: float) -> str:
    """A float64 constant of shape (1,)."""
    return nodes.constant(np.array([float(value)]))


def both_sides(nodes: Nodes, score: str) -> str:
    """[-d, d] of a binary score (rows, 1)."""
    return nodes.add("Concat", [nodes.add("Neg", [score]), score], axis=1)


def sign(nodes: Nodes, score: str, *, zero_is_second: bool) -> str:
    """Position 0 or 1 by the sign of a binary score (rows, 1)."""
    flat = nodes.add("Reshape", [score, whole(nodes, -1)])
    comparison = "GreaterOrEqual" if zero_is_second else "Greater"
    return nodes.cast(nodes.add(comparison, [flat, number(nodes, 0.0)]), TensorProto.INT64)


def whole(nodes: Nodes, *values: int) -> str:
    """An int64 constant of one dimension."""
    return nodes.constant(np.array(values, dtype=np.int64))


def running_sum(nodes: Nodes, values: str, count: int) -> str:
    """Sums along axis 1 one after another in float64, as scikit-learn's own loop does.

    Args:
        nodes: where to add.
        values: float64 (rows, count) or (rows, count, outputs).
        count: length of axis 1.

    Returns:
        Name of a tensor with axis 1 of length 1.
    """
    steps = nodes.add("CumSum", [values, nodes.constant(np.array(1, dtype=np.int64))])
    return nodes.add("Gather", [steps, whole(nodes, count - 1)], axis=1)
