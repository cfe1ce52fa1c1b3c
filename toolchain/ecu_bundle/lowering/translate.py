"""OnnxModel -> steps: every node of the graph through its rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Tensor
from ecu_bundle.lowering.builder import Builder, CannotLowerError
from ecu_bundle.lowering.graph import HINT, Value, folded, initializers, operator_versions, read_node
from ecu_bundle.lowering.rules import RULES
from ecu_bundle.lowering.steps import Step
from ecu_bundle.lowering.trees import joined
from ecu_bundle.lowering.views import Input, View, dense_view

_STAGE = "lower"


@dataclass(frozen=True, slots=True)
class Steps:
    """A program before it has addresses.

    Attributes:
        steps: in order; they write workspace only.
        outputs: what each output of the interface holds.
        alternatives: kernels that other numbers in the same graph may need.
    """

    steps: tuple[Step, ...]
    outputs: tuple[View, ...]
    alternatives: frozenset[str] = frozenset()


def translate(model: OnnxModel) -> Steps:
    """Writes the steps of a model for one row.

    Raises:
        UnsupportedModelError: a node that the native engine cannot run; names it.
    """
    build = Builder()
    graph = model.proto.graph
    versions = operator_versions(model)
    values: dict[str, Value] = dict(initializers(graph))
    for number, tensor in enumerate(model.interface.inputs):
        values[tensor.name] = _input(number, tensor)
        if not tensor.accepts_nan:
            build.without_nan.add(Input(number))
    matrix = _matrix_of_inputs(model)
    for proto in joined(model.proto):
        if proto.output[0] == matrix:
            results: list[Value] = [_gathered(build, model)]
        else:
            results = _results(proto, model, versions, values, build)
        for name, result in zip(proto.output, results, strict=False):
            if name:
                values[name] = result
    outputs = [_output(model, t, values[t.name]) for t in model.interface.outputs]
    return Steps(tuple(build.steps), tuple(outputs), frozenset(build.alternatives))


def _results(
    proto: onnx.NodeProto,
    model: OnnxModel,
    versions: dict[str, int],
    values: dict[str, Value],
    build: Builder,
) -> list[Value]:
    node = read_node(proto, model.name, versions, values)
    if proto.op_type != "Scan" and not any(isinstance(value, View) for value in node.inputs):
        constants = [value for value in node.inputs if not isinstance(value, View)]
        return list(folded(proto, constants, versions))
    rule = RULES.get(proto.op_type)
    if rule is None or proto.domain not in ("", "ai.onnx", "ai.onnx.ml"):
        raise node.refused("the operator")
    try:
        return list(rule(node, build))
    except CannotLowerError as error:
        raise node.refused(str(error)) from error


def _input(number: int, tensor: Tensor) -> View:
    return dense_view(Input(number), "f32" if tensor.dtype == "float32" else "i32", (1, tensor.elements))


def _matrix_of_inputs(model: OnnxModel) -> str:
    """The output of the Concat that puts all inputs side by side, as numbers; "" when there is none."""
    inputs = {t.name: t.name for t in model.interface.inputs}
    for node in model.proto.graph.node:
        if node.op_type == "Cast" and node.input[0] in inputs:
            if helper.get_attribute_value(node.attribute[0]) == TensorProto.FLOAT:
                inputs[node.output[0]] = node.input[0]
        elif node.op_type == "Concat" and len(node.input) > 1:
            found = [inputs.get(name) for name in node.input]
            return node.output[0] if found == [t.name for t in model.interface.inputs] else ""
    return ""


def _gathered(build: Builder, model: OnnxModel) -> View:
    result = build.buffer("f32", (1, model.interface.features))
    build.step("gather_inputs", result)
    if not any(tensor.accepts_nan for tensor in model.interface.inputs):
        build.without_nan.add(result.storage)
    return result


def _output(model: OnnxModel, tensor: Tensor, value: Value) -> View:
    """What an output holds, dense and of its element type."""
    view = value if isinstance(value, View) else _constant_output(model, tensor, value)
    wanted = "f32" if tensor.dtype == "float32" else "i32"
    if view.dtype != wanted or view.elements != tensor.elements:
        raise UnsupportedModelError(
            _STAGE,
            f"the graph gives {view.elements} {view.dtype}, the interface says {tensor.elements} {wanted}",
            place=f"{model.name}, output {tensor.name!r}",
            hint=HINT,
        )
    return view


def _constant_output(model: OnnxModel, tensor: Tensor, values: np.ndarray[Any, Any]) -> View:
    node = read_node(helper.make_node("Constant", [], [tensor.name]), model.name, {}, {})
    return replace(node, operator="output").constant(values)
