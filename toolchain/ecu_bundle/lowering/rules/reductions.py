"""Operators along axes: sums, products, norms, Softmax, CumSum."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.rules.elementwise import binary, unary
from ecu_bundle.lowering.views import View

Rule = Callable[[Node, Builder], Sequence[Value]]
Axes = tuple[int, ...]


def along(build: Builder, name: str, view: View, axes: Axes, *, keep: bool) -> View:
    """A reduction over axes, counted from the front and ascending; whole numbers go through f64.

    Args:
        name: ``reduce_sum`` and the like.
        keep: the axes stay, with length 1.
    """
    dtype = view.dtype
    wide = build.cast(view, "f64") if dtype == "i32" else view
    kept = tuple(i for i in range(len(view.shape)) if i not in axes)
    shape = tuple(1 if i in axes else n for i, n in enumerate(view.shape))
    shape = shape if keep else tuple(view.shape[i] for i in kept)
    long = [i for i in axes if view.shape[i] != 1]
    if not long:
        return build.reshape(view, shape)
    if long != list(range(long[0], long[-1] + 1)):
        wide, long = wide.transposed((*kept, *axes)), list(range(len(kept), len(view.shape)))
    lengths = wide.shape
    joined = (*lengths[: long[0]], math.prod(lengths[i] for i in long), *lengths[long[-1] + 1 :])
    result = build.along(name, build.reshape(wide, joined), long[0])
    return build.reshape(build.cast(result, dtype), shape)


def axes_of(node: Node, view: View) -> Axes:
    """The axes of a reduction, ascending; all of them when they are left out."""
    rank, given = len(view.shape), node.parameter("axes", 1)
    if given is None or given.size == 0:
        none = given is not None and node.attributes.get("noop_with_empty_axes", 0)
        return () if none else tuple(range(rank))
    return tuple(sorted({int(a) % rank for a in given.ravel()}))


def _keeps(node: Node) -> bool:
    return bool(node.attributes.get("keepdims", 1))


def _reduce(name: str, prepare: str, finish: str, node: Node, build: Builder) -> Sequence[Value]:
    """A reduction of prepared elements, and a function of what comes out; empty names do nothing."""
    view = node.view(0)
    prepared = _prepared(build, prepare, view) if prepare else view
    result = along(build, name, prepared, axes_of(node, view), keep=_keeps(node))
    return [build.unary(finish, result) if finish else result]


def _prepared(build: Builder, name: str, view: View) -> View:
    return binary(build, "mul", view, view) if name == "square" else unary(build, name, view)


def _mean(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    axes = axes_of(node, view)
    total = along(build, "reduce_sum", view, axes, keep=_keeps(node))
    count = math.prod(view.shape[i] for i in axes)
    return [binary(build, "div", total, build.scalar(count, view.dtype))]


def _log_sum_exp(node: Node, build: Builder) -> Sequence[Value]:
    """log(sum(exp(x - m))) + m, where m is the largest element, or 0 where that is not finite."""
    view = node.view(0)
    axes = axes_of(node, view)
    largest = along(build, "reduce_max", view, axes, keep=True)
    zero = build.scalar(0, view.dtype)
    finite = build.binary("equal", build.binary("sub", largest, largest), zero)
    shift = build.where(finite, largest, zero)
    powers = build.unary("exp", build.binary("sub", view, shift))
    total = build.unary("log", along(build, "reduce_sum", powers, axes, keep=True))
    result = build.binary("add", total, shift)
    kept = tuple(n for i, n in enumerate(view.shape) if i not in axes)
    return [result if _keeps(node) else build.reshape(result, kept)]


def _softmax(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    rank = len(view.shape)
    if node.version < 13:  # all axes from the given one on are one
        axis = node.axis(rank, 1)
        flat = build.reshape(view, (math.prod(view.shape[:axis]), math.prod(view.shape[axis:])))
        return [build.reshape(build.softmax(flat), view.shape)]
    axis = node.axis(rank, -1)
    order = (*(i for i in range(rank) if i != axis), axis)
    return [build.softmax(view.transposed(order)).transposed(np.argsort(order).tolist())]


def _norm(node: Node, build: Builder) -> Sequence[Value]:
    """x / norm; a row of norm 0 stays."""
    view = node.view(0)
    return [normalized(build, view, node.axis(len(view.shape), -1), f"L{node.attributes.get('p', 2)}")]


def normalized(build: Builder, view: View, axis: int, norm: str) -> View:
    """x / norm along an axis, for the norms L1, L2 and MAX, as ONNX defines them; norm 0 counts as 1.

    Shares of 1 stay as they are under L1: what a division would change is their rounding.
    """
    if norm == "L1" and view in build.shares and axis == len(view.shape) - 1:
        return view
    parts = {"L1": ("reduce_sum", "abs"), "L2": ("reduce_sum", "square"), "MAX": ("reduce_max", "")}
    name, prepare = parts[norm]
    prepared = _prepared(build, prepare, view) if prepare else view
    size = along(build, name, prepared, (axis,), keep=True)
    size = build.unary("sqrt", size) if norm == "L2" else size
    is_zero = build.binary("equal", size, build.scalar(0, size.dtype))
    return build.binary("div", view, build.where(is_zero, build.scalar(1, size.dtype), size))


def _cumulative_sum(node: Node, build: Builder) -> Sequence[Value]:
    view, axis = node.view(0), node.parameter("axis", 1)
    if node.attributes.get("exclusive", 0) or node.attributes.get("reverse", 0) or axis is None:
        raise node.refused("a cumulative sum that is exclusive or backward")
    wide = build.cast(view, "f64") if view.dtype == "i32" else view
    sums = build.cumulative_sum(wide, int(axis.ravel()[0]) % len(view.shape))
    return [build.cast(sums, view.dtype)]


RULES: Final[Mapping[str, Rule]] = {
    "CumSum": _cumulative_sum,
    "LpNormalization": _norm,
    "ReduceL1": partial(_reduce, "reduce_sum", "abs", ""),
    "ReduceL2": partial(_reduce, "reduce_sum", "square", "sqrt"),
    "ReduceLogSum": partial(_reduce, "reduce_sum", "", "log"),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceMax": partial(_reduce, "reduce_max", "", ""),
    "ReduceMean": _mean,
    "ReduceMin": partial(_reduce, "reduce_min", "", ""),
    "ReduceProd": partial(_reduce, "reduce_prod", "", ""),
    "ReduceSum": partial(_reduce, "reduce_sum", "", ""),
    "ReduceSumSquare": partial(_reduce, "reduce_sum", "square", ""),
    "Softmax": _softmax,
}
