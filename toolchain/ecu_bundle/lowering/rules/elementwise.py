"""Operators on one element at a time: arithmetic, functions, comparisons, Where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.views import View, constant_values

Rule = Callable[[Node, Builder], Sequence[Value]]

_INTEGER_KERNELS: Final = ("add", "sub", "mul", "less", "equal", "and", "or")


def binary(build: Builder, name: str, a: View, b: View) -> View:
    """A binary operator; what is missing for i32 is computed exactly in f64."""
    if a.dtype != "i32" or name in _INTEGER_KERNELS:
        return build.binary(name, a, b)
    if name == "less_equal":
        return build.unary("not", build.binary("less", b, a))
    wide = build.binary(name, build.cast(a, "f64"), build.cast(b, "f64"))
    return build.cast(wide, "i32")


def _binary(name: str, node: Node, build: Builder) -> Sequence[Value]:
    return [binary(build, name, node.view(0), node.view(1))]


def _swapped(name: str, node: Node, build: Builder) -> Sequence[Value]:
    return [binary(build, name, node.view(1), node.view(0))]


def _chained(build: Builder, name: str, views: Sequence[View]) -> View:
    """The operator over all views, first to last."""
    result = views[0]
    for view in views[1:]:
        result = binary(build, name, result, view)
    return result


def _chain(name: str, node: Node, build: Builder) -> Sequence[Value]:
    return [_chained(build, name, node.views())]


def _mean(node: Node, build: Builder) -> Sequence[Value]:
    total = _chained(build, "add", node.views())
    return [build.binary("div", total, build.scalar(len(node.inputs), total.dtype))]


def _pow(node: Node, build: Builder) -> Sequence[Value]:
    base, exponent = node.view(0), node.view(1)
    values = constant_values(exponent)
    if values is not None and (values == 2).all():
        wide = base.broadcast(np.broadcast_shapes(base.shape, exponent.shape))
        return [binary(build, "mul", wide, wide)]
    return [binary(build, "pow", base, build.cast(exponent, base.dtype))]


def unary(build: Builder, name: str, view: View) -> View:
    """A function of each element; whole numbers go through f64, which holds them exactly."""
    if view.dtype == "i32":
        return build.cast(build.unary(name, build.cast(view, "f64")), "i32")
    return build.unary(name, view)


def _unary(name: str, node: Node, build: Builder) -> Sequence[Value]:
    return [unary(build, name, node.view(0))]


def _not(node: Node, build: Builder) -> Sequence[Value]:
    return [build.unary("not", node.view(0))]


def _xor(node: Node, build: Builder) -> Sequence[Value]:
    return [build.unary("not", build.binary("equal", node.view(0), node.view(1)))]


def _is_infinite(node: Node, build: Builder) -> Sequence[Value]:
    if not (node.attributes.get("detect_negative", 1) and node.attributes.get("detect_positive", 1)):
        raise node.refused("a test for one of the infinities only")
    size = build.unary("abs", node.view(0))
    return [build.binary("equal", size, build.scalar(np.inf, size.dtype))]


def _relu(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    return [binary(build, "max", view, build.scalar(0, view.dtype))]


def _leaky_relu(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    small = build.binary("mul", view, build.scalar(node.attributes.get("alpha", 0.01), view.dtype))
    negative = build.binary("less", view, build.scalar(0, view.dtype))
    return [build.where(negative, small, view)]


def _reciprocal(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    return [build.binary("div", build.scalar(1, view.dtype), view)]


def _clip(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    for name, position, kernel in (("min", 1, "max"), ("max", 2, "min")):
        limit = node.parameter(name, position)
        if limit is not None:
            view = binary(build, kernel, view, build.scalar(limit.ravel()[0], view.dtype))
    return [view]


def _where(node: Node, build: Builder) -> Sequence[Value]:
    return [build.where(node.view(0), node.view(1), node.view(2))]


_BINARY: Final = {
    "Add": "add",
    "And": "and",
    "Div": "div",
    "Equal": "equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
    "Mul": "mul",
    "Or": "or",
    "Sub": "sub",
}
_UNARY: Final = {
    "Abs": "abs",
    "Ceil": "ceil",
    "Cos": "cos",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "Log": "log",
    "Neg": "neg",
    "Round": "round",
    "Sigmoid": "logistic",
    "Sign": "sign",
    "Sin": "sin",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}

RULES: Final[Mapping[str, Rule]] = {
    **{operator: partial(_binary, name) for operator, name in _BINARY.items()},
    **{operator: partial(_unary, name) for operator, name in _UNARY.items()},
    "Clip": _clip,
    "Greater": partial(_swapped, "less"),
    "GreaterOrEqual": partial(_swapped, "less_equal"),
    "IsInf": _is_infinite,
    "IsNaN": lambda node, build: [build.unary("is_nan", node.view(0))],
    "LeakyRelu": _leaky_relu,
    "Max": partial(_chain, "max"),
    "Mean": _mean,
    "Min": partial(_chain, "min"),
    "Not": _not,
    "Pow": _pow,
    "Reciprocal": _reciprocal,
    "Relu": _relu,
    "Sum": partial(_chain, "add"),
    "Where": _where,
    "Xor": _xor,
}
