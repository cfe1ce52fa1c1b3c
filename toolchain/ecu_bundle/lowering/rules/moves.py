"""Operators that only move elements; most of them become views and no step at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from onnx import TensorProto

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.views import ElementType, View

_KINDS: Final[dict[int, ElementType]] = {
    TensorProto.FLOAT: "f32",
    TensorProto.DOUBLE: "f64",
    TensorProto.INT64: "i32",
    TensorProto.INT32: "i32",
}


def _identity(node: Node, build: Builder) -> Sequence[Value]:
    del build
    return [node.view(0)]


def _cast(node: Node, build: Builder) -> Sequence[Value]:
    view, kind = node.view(0), int(node.attributes["to"])
    if kind == TensorProto.BOOL:
        zero = build.scalar(0, view.dtype)
        return [build.unary("not", build.binary("equal", view, zero))]
    if kind not in _KINDS:
        raise node.refused(f"a cast to {TensorProto.DataType.Name(kind)}")
    return [build.cast(view, _KINDS[kind])]


def _shape(node: Node, build: Builder) -> Sequence[Value]:
    del build
    shape = np.array(node.view(0).shape, np.int64)
    return [shape[node.attributes.get("start", 0) : node.attributes.get("end", len(shape))]]


def _reshape(node: Node, build: Builder) -> Sequence[Value]:
    view, wanted = node.view(0), node.parameter("shape", 1)
    if wanted is None:
        raise node.refused("a shape that is left out")
    keeps = not node.attributes.get("allowzero", 0)
    shape = [view.shape[i] if n == 0 and keeps else int(n) for i, n in enumerate(wanted.ravel())]
    if -1 in shape:
        known = math.prod(n for n in shape if n != -1)
        shape[shape.index(-1)] = view.elements // known
    return [build.reshape(view, tuple(shape))]


def _flatten(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    axis = node.axis(len(view.shape), 1)
    return [build.reshape(view, (math.prod(view.shape[:axis]), math.prod(view.shape[axis:])))]


def _squeeze(node: Node, build: Builder) -> Sequence[Value]:
    view, given = node.view(0), node.parameter("axes", 1)
    rank = len(view.shape)
    ones = [i for i, n in enumerate(view.shape) if n == 1]
    axes = set(ones) if given is None else {int(a) % rank for a in given.ravel()}
    return [build.reshape(view, tuple(n for i, n in enumerate(view.shape) if i not in axes))]


def _unsqueeze(node: Node, build: Builder) -> Sequence[Value]:
    view, given = node.view(0), node.parameter("axes", 1)
    if given is None:
        raise node.refused("axes that are left out")
    rank = len(view.shape) + given.size
    axes = {int(a) % rank for a in given.ravel()}
    left = iter(view.shape)
    return [build.reshape(view, tuple(1 if i in axes else next(left) for i in range(rank)))]


def _transpose(node: Node, build: Builder) -> Sequence[Value]:
    del build
    view = node.view(0)
    order = node.attributes.get("perm") or range(len(view.shape))[::-1]
    return [view.transposed(tuple(order))]


def _concat(node: Node, build: Builder) -> Sequence[Value]:
    views = [
        node.view(i) for i, v in enumerate(node.inputs) if v is not None and (isinstance(v, View) or v.size)
    ]
    return [build.concat(views, node.axis(len(views[0].shape), 0))]


def _expand(node: Node, build: Builder) -> Sequence[Value]:
    del build
    view, wanted = node.view(0), node.parameter("shape", 1)
    if wanted is None:
        raise node.refused("a shape that is left out")
    return [view.broadcast(np.broadcast_shapes(view.shape, tuple(int(n) for n in wanted.ravel())))]


def _tile(node: Node, build: Builder) -> Sequence[Value]:
    view, repeats = node.view(0), node.parameter("repeats", 1)
    if repeats is None:
        raise node.refused("repeats that are left out")
    times = [int(n) for n in repeats.ravel()]
    inner = tuple(n for pair in zip(times, view.shape, strict=True) for n in pair)
    spread = view.reshaped(tuple(n for length in view.shape for n in (1, length)))
    if spread is None:
        spread = build.reshape(view, tuple(n for length in view.shape for n in (1, length)))
    shape = tuple(t * n for t, n in zip(times, view.shape, strict=True))
    return [build.reshape(spread.broadcast(inner), shape)]


def _pad(node: Node, build: Builder) -> Sequence[Value]:
    if node.attributes.get("mode", "constant") != "constant":
        raise node.refused("padding that repeats elements")
    view, pads, axes = node.view(0), node.parameter("pads", 1), node.parameter("axes", 3)
    if pads is None:
        raise node.refused("pads that are left out")
    filling = node.parameter("value", 2)
    value = 0.0 if filling is None or filling.size == 0 else filling.ravel()[0]
    rank = len(view.shape)
    chosen = range(rank) if axes is None else [int(a) % rank for a in axes.ravel()]
    sizes = [int(n) for n in pads.ravel()]
    for axis, before, after in zip(chosen, sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :], strict=True):
        if min(before, after) < 0:
            raise node.refused("negative padding")
        pieces = [view]
        for count, at in ((before, 0), (after, len(pieces))):
            shape = (*view.shape[:axis], count, *view.shape[axis + 1 :])
            if count:
                pieces.insert(len(pieces) if at else 0, build.scalar(value, view.dtype).broadcast(shape))
        view = build.concat(pieces, axis)
    return [view]


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {
    "Cast": _cast,
    "Concat": _concat,
    "Expand": _expand,
    "Flatten": _flatten,
    "Identity": _identity,
    "Pad": _pad,
    "Reshape": _reshape,
    "Shape": _shape,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
