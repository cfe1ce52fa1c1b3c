"""FunctionTransformer with numpy's own functions of one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.decisions.labels import write_real
from ecu_bundle.conversion.nodes import Nodes, real_input, real_type
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import shape_of_values

Writer = Callable[[Nodes, str, type[np.floating[Any]]], str]
"""(nodes, input, float32 or float64) -> name of the result."""


def _operator(op_type: str) -> Writer:
    return lambda nodes, source, _: nodes.add(op_type, [source])


def _square(nodes: Nodes, source: str, _: type[np.floating[Any]]) -> str:
    return nodes.add("Mul", [source, source])


def _reciprocal(nodes: Nodes, source: str, kind: type[np.floating[Any]]) -> str:
    return nodes.add("Div", [nodes.constant(np.array([1.0], dtype=kind)), source])


def _log1p(nodes: Nodes, source: str, kind: type[np.floating[Any]]) -> str:
    """``log(u) + (x - (u - 1)) / u`` with ``u = 1 + x``: what the sum has lost is added again."""
    one, zero = (nodes.constant(np.array([v], dtype=kind)) for v in (1.0, 0.0))
    u = nodes.add("Add", [source, one])
    kept = nodes.add("Sub", [u, one])
    lost = nodes.add("Div", [nodes.add("Sub", [source, kept]), u])
    # infinite, and -1, are kept whole
    correction = nodes.add("Where", [nodes.add("Equal", [kept, source]), zero, lost])
    return nodes.add("Add", [nodes.add("Log", [u]), correction])


def _expm1(nodes: Nodes, source: str, kind: type[np.floating[Any]]) -> str:
    """``tanh(x / 2) * (exp(x) + 1)``, which loses nothing near 0."""
    half, one = (nodes.constant(np.array([v], dtype=kind)) for v in (0.5, 1.0))
    rate = nodes.add("Tanh", [nodes.add("Mul", [source, half])])
    return nodes.add("Mul", [rate, nodes.add("Add", [nodes.add("Exp", [source]), one])])


def _logarithm(base: float) -> Writer:
    def write(nodes: Nodes, source: str, kind: type[np.floating[Any]]) -> str:
        scale = nodes.constant(np.array([1.0 / np.log(base)], dtype=kind))
        return nodes.add("Mul", [nodes.add("Log", [source]), scale])

    return write


_WRITERS: dict[Any, Writer] = {
    np.abs: _operator("Abs"),
    np.exp: _operator("Exp"),
    np.expm1: _expm1,
    np.fabs: _operator("Abs"),
    np.log: _operator("Log"),
    np.log10: _logarithm(10.0),
    np.log1p: _log1p,
    np.log2: _logarithm(2.0),
    np.negative: _operator("Neg"),
    np.reciprocal: _reciprocal,
    np.sign: _operator("Sign"),
    np.sqrt: _operator("Sqrt"),
    np.square: _square,
    np.tanh: _operator("Tanh"),
}


def is_known(function: Any) -> bool:
    """True for a numpy function that has a writer here."""
    return isinstance(function, np.ufunc) and function in _WRITERS


def write_function(nodes: Nodes, function: Any, source: str, kind: type[np.floating[Any]]) -> str:
    """Adds a known function of each number of a tensor; None is the identity."""
    return source if function is None else _WRITERS[function](nodes, source, kind)


_ROUNDED_ONCE = frozenset(
    {np.abs, np.fabs, np.negative, np.reciprocal, np.sign, np.sqrt, np.square}
)  # fmt: skip
"""Functions of one IEEE operation: float32 has the bits of float64 rounded."""


def convert_function(scope: Any, operator: Any, container: Any) -> None:
    """FunctionTransformer: the function of each number.

    In float64, rounded once: where a function is flat (tanh of 9), a tree or a search for neighbours behind
    it tells numbers apart that float32's own function makes equal.
    """
    nodes, model = Nodes(scope, container), operator.raw_operator
    if model.kw_args:
        raise NotImplementedError("kw_args are not supported")
    source = real_input(nodes, operator)
    if model.func is None or model.func in _ROUNDED_ONCE:
        result = write_function(nodes, model.func, source, real_type(operator))
    else:
        wide = nodes.cast(source, TensorProto.DOUBLE)
        result = write_function(nodes, model.func, wide, np.float64)
    write_real(nodes, operator, result)


def _shape(operator: Any) -> None:
    shape_of_values(lambda _: operator.inputs[0].get_second_dimension())(operator)


def families() -> list[Family]:
    """FunctionTransformer."""
    from sklearn.preprocessing import FunctionTransformer

    return [Family(FunctionTransformer, convert_function, shape=_shape)]
