"""Straight lines between knots, as ``numpy.interp`` and scipy's ``interp1d`` draw them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes

_KINDS = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


def interpolate(nodes: Nodes, source: str, knots: NDArray[np.floating], heights: NDArray[np.floating]) -> str:
    """Adds ``y0 + (x - x0) * slope`` for the piece that holds x; the end pieces go on outside.

    The piece is found by comparisons alone, so that a value on a knot falls where scipy's
    ``searchsorted(side="left")`` puts it.

    Args:
        nodes: where to add.
        source: (rows, 1), of the type of ``knots``.
        knots: rising, at least one, float32 or float64.
        heights: one for each knot.

    Returns:
        Name of (rows, 1), of the same type.
    """
    kind = knots.dtype.type
    if len(knots) == 1:
        knots, heights = np.concatenate([knots, knots + 1]).astype(kind), np.repeat(heights, 2)
    slopes = np.diff(heights.astype(np.float64)) / np.diff(knots.astype(np.float64))
    tables = [knots[:-1], heights[:-1].astype(kind), slopes.astype(kind)]
    if len(slopes) == 1:
        x0, y0, slope = (nodes.constant(table[:, None]) for table in tables)
    else:
        inner = nodes.constant(knots[None, 1:-1])  # neither the first nor the last knot ends a piece
        passed = nodes.cast(nodes.add("Greater", [source, inner]), _KINDS[knots.dtype.name])
        count = nodes.add("ReduceSum", [passed, nodes.constant(np.array([1], dtype=np.int64))], keepdims=1)
        piece = nodes.cast(count, TensorProto.INT64)
        x0, y0, slope = (nodes.add("Gather", [nodes.constant(table), piece], axis=0) for table in tables)
    return nodes.add("Add", [nodes.add("Mul", [slope, nodes.add("Sub", [source, x0])]), y0])
