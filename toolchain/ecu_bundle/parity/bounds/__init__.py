"""Bounds of what a converted graph may differ from exact arithmetic by.

- ``bounded``: a tensor with its value, radius and error
- ``arithmetic``, ``elementary``, ``reductions``, ``moves``, ``discrete``, ``models``, ``trees``: the rules
- ``table``: which rule bounds which operator

``docs/proof.md`` has the formulas, their sources, and what is assumed of ONNX Runtime.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.interface import Interface, Rows
from ecu_bundle.parity.bounds.bounded import Bounded, Kind, NoBoundError, constant, exact
from ecu_bundle.parity.bounds.table import RULES

__all__ = ["OutputBound", "output_bounds"]

REFERENCE_SHARE = 2.0**-16
"""Allowance for scikit-learn's own float64 arithmetic, relative to the bound for float32. Its unit of
roundoff is 2**-29 of that of float32, so its error is covered unless its formula amplifies roundings
8000 times as much as the graph's."""

REFERENCE_SIZE = 2.0**-40
"""The same allowance relative to the output, for graphs that compute in float64 themselves."""

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class OutputBound:
    """Bounds of one output.

    Attributes:
        name: of the output.
        rows: (rows, elements): |ONNX Runtime - scikit-learn| is at most this; for a label 0 where it is
            certain and infinite where it is not.
        interval: the same for every input in the declared ranges; None when there is no such number.
        reason: why ``rows`` or ``interval`` is not bounded; "" when both are.
    """

    name: str
    rows: NDArray[np.float64]
    interval: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Lost:
    """A tensor without a bound."""

    reason: str


def output_bounds(model: OnnxModel, rows: Rows) -> list[OutputBound]:
    """Bounds every output on given rows and over the declared ranges of the inputs.

    Args:
        model: the graph and its interface.
        rows: in device form.

    Returns:
        One bound per output, in the order of the interface.
    """
    constants = _constants(model.proto)
    found: dict[str, list[NDArray[np.float64]]] = {t.name: [] for t in model.interface.outputs}
    reasons: dict[str, str] = {}
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows.take(slice(start, start + _ROWS_AT_ONCE))
        inputs = {t.name: _input(part, t.name) for t in model.interface.inputs}
        results = _evaluate(model.proto, {**constants, **inputs})
        for tensor in model.interface.outputs:
            result = results[tensor.name]
            if isinstance(result, _Lost):
                reasons[tensor.name] = result.reason
                found[tensor.name].append(np.full((len(part), tensor.elements), np.inf))
            else:
                found[tensor.name].append(_total(result).reshape(len(part), tensor.elements))
    ranges = _ranges(model.interface)
    wide = {} if isinstance(ranges, _Lost) else _evaluate(model.proto, {**constants, **ranges})
    bounds = []
    for tensor in model.interface.outputs:
        result = ranges if isinstance(ranges, _Lost) else wide[tensor.name]
        interval, reason = _interval(result)
        rows_of = np.concatenate([np.empty((0, tensor.elements)), *found[tensor.name]])
        bounds.append(OutputBound(tensor.name, rows_of, interval, reasons.get(tensor.name) or reason))
    return bounds


def _total(result: Bounded) -> NDArray[np.float64]:
    """The error with the allowance for the reference."""
    size = np.where(result.kind == "int64", 0.0, REFERENCE_SIZE * result.size)
    total: NDArray[np.float64] = result.error * (1.0 + REFERENCE_SHARE) + size
    return total


def _interval(result: Bounded | _Lost) -> tuple[float | None, str]:
    if isinstance(result, _Lost):
        return None, result.reason
    widest = float(_total(result).max(initial=0.0))
    if np.isfinite(widest):
        return widest, ""
    decision = result.kind in ("int64", "bool")
    text = "the ranges hold inputs on both sides of a decision" if decision else "the ranges are too wide"
    return None, text


def _input(rows: Rows, name: str) -> Bounded:
    array = rows.tensors[name]
    kind: Kind = "int64" if array.dtype.kind == "i" else "float32"
    return exact(array, kind)


def _ranges(interface: Interface) -> dict[str, Bounded | _Lost] | _Lost:
    """One row that stands for every row in the ranges; codes as the range of their numbers."""
    inputs: dict[str, Bounded | _Lost] = {}
    for tensor in interface.inputs:
        low, high = tensor.minimum, tensor.maximum
        if tensor.codes:
            codes = [code.value for code in tensor.codes]
            low, high = float(min(codes)), float(max(codes))
        if not (np.isfinite(low) and np.isfinite(high)):
            return _Lost(f"no finite range is declared for {tensor.name}")
        kind: Kind = "int64" if tensor.codes else "float32"
        shape = (1, tensor.elements)
        middle, radius = low / 2.0 + high / 2.0, (high / 2.0 - low / 2.0) * (1.0 + 2.0**-50)
        inputs[tensor.name] = Bounded(
            np.full(shape, middle), np.full(shape, radius), np.zeros(shape), kind, low
        )
    return inputs


def _constants(proto: onnx.ModelProto) -> dict[str, Bounded | _Lost]:
    """Initializers and Constant nodes."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type == "Constant":
            value = helper.get_attribute_value(node.attribute[0])
            kind = {"value_float": np.float32, "value_floats": np.float32}.get(node.attribute[0].name)
            tensor = isinstance(value, onnx.TensorProto)
            arrays[node.output[0]] = numpy_helper.to_array(value) if tensor else np.array(value, dtype=kind)
    found: dict[str, Bounded | _Lost] = {}
    for name, array in arrays.items():
        try:
            found[name] = constant(array)
        except NoBoundError as error:
            found[name] = _Lost(error.cause)
    return found


def _evaluate(proto: onnx.ModelProto, known: dict[str, Bounded | _Lost]) -> dict[str, Bounded | _Lost]:
    """All tensors of a graph; a node without a rule, or behind such a node, gives none."""
    for node in proto.graph.node:
        if node.op_type == "Constant":
            continue
        results: list[Bounded] | _Lost = _apply(node, known)
        for position, name in enumerate(node.output):
            known[name] = results if isinstance(results, _Lost) else results[position]
    return known


def _apply(node: onnx.NodeProto, known: dict[str, Bounded | _Lost]) -> list[Bounded] | _Lost:
    rule = RULES.get(node.op_type)
    if rule is None:
        return _Lost(f"no bound for {node.op_type}")
    inputs: list[Bounded] = []
    for name in node.input:
        tensor = known.get(name, _Lost(f"no bound for {node.op_type} without one of its inputs"))
        if isinstance(tensor, _Lost):
            return tensor
        inputs.append(tensor)
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    try:
        with np.errstate(all="ignore"):
            return rule(attributes, inputs)
    except NoBoundError as error:
        return _Lost(error.cause)
