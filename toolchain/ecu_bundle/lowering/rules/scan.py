"""Scan over fixed points, which skl2onnx writes for distances: all points are computed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import onnx

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value, initializers, read_node
from ecu_bundle.lowering.rules import elementwise, moves, reductions

_SAME: Final = ("Abs", "Identity", "Mul", "Pow", "Sub")
_REDUCING: Final = ("ReduceMax", "ReduceSum", "ReduceSumSquare")
_BODY_RULES: Final = {**elementwise.RULES, **reductions.RULES, **moves.RULES}


def _scan(node: Node, build: Builder) -> Sequence[Value]:
    """A body (row, point) -> (row, distance), where the row stays as it is.

    The points get an axis in front: a tensor of rank r in the body has rank r + 1 here, and axes are
    counted from the back.
    """
    body: onnx.GraphProto = node.attributes["body"]
    points = node.inputs[1] if len(node.inputs) == 2 else None
    if points is None or int(node.attributes["num_scan_inputs"]) != 1 or len(body.output) != 2:
        raise node.refused("this loop")
    known = points if not isinstance(points, np.ndarray) else node.constant(points)
    row, point = (value.name for value in body.input)
    first = node.view(0)
    spread = build.reshape(known, (known.shape[0], *(1,) * (len(first.shape) - 1), *known.shape[1:]))
    values: dict[str, Value] = {**initializers(body), row: first, point: spread}
    for proto in body.node:
        inner = read_node(proto, node.model, {"": node.version}, values)
        if proto.op_type in _REDUCING:
            inner = _counted_from_the_back(inner)
        elif proto.op_type not in _SAME:
            raise node.refused(f"a loop with {proto.op_type}")
        values[proto.output[0]] = _BODY_RULES[proto.op_type](inner, build)[0]
    if values[body.output[0].name] is not first:
        raise node.refused("a loop that changes its state")
    return [first, values[body.output[1].name]]


def _counted_from_the_back(node: Node) -> Node:
    rank = len(node.view(0).shape) - 1
    axes = node.parameter("axes", 1)
    if axes is None:
        axes = np.arange(rank)
    counted = [int(a) % rank - rank for a in axes.ravel()]
    return replace(node, attributes={**node.attributes, "axes": counted}, inputs=node.inputs[:1])


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {"Scan": _scan}
