"""The ONNX graph for one row: nodes with their attributes, operands with static shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.lowering.views import ElementType, View, constant_view

Value = NDArray[Any] | View
"""A constant of the graph, or what the program has computed."""

HINT: Final = 'use engine="ort", which needs a target with ONNX Runtime; `ecu-bundle targets` lists them'
ML: Final = "ai.onnx.ml"


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    Attributes:
        model: name of the model, for error texts.
        name: of the node; that of its first output where it has none.
        operator: for instance ``MatMul``.
        version: of the operator set that the node belongs to.
        attributes: by name; text as str, tensors as arrays.
        inputs: one each; None where an optional one is left out.
        outputs: how many there are.
    """

    model: str
    name: str
    operator: str
    version: int
    attributes: Mapping[str, Any]
    inputs: tuple[Value | None, ...]
    outputs: int

    def refused(self, cause: str, *, hint: str = HINT) -> UnsupportedModelError:
        """The error to raise when the native engine cannot do what the node does."""
        place = f"{self.model}, ONNX node {self.name!r}, operator {self.operator}"
        return UnsupportedModelError("lower", f"the native engine cannot run {cause}", place=place, hint=hint)

    def view(self, position: int) -> View:
        """An input as an operand of a kernel.

        Raises:
            UnsupportedModelError: it is missing, or a constant that has no element type of the engine.
        """
        value = self.inputs[position] if position < len(self.inputs) else None
        if value is None:
            raise self.refused(f"the operator without its input {position}")
        return value if isinstance(value, View) else self.constant(value)

    def views(self) -> list[View]:
        """All inputs that are there."""
        return [self.view(i) for i, value in enumerate(self.inputs) if value is not None]

    def constant(self, values: NDArray[Any]) -> View:
        """A constant of the graph as an operand; int64 and truth values become i32."""
        if values.size == 0:
            raise self.refused("a tensor without elements")
        kinds: dict[str, ElementType] = {"float32": "f32", "float64": "f64"}
        if values.dtype.name in kinds:
            return constant_view(values, kinds[values.dtype.name])
        if values.dtype.kind not in "biu":
            raise self.refused(f"constants of the type {values.dtype}")
        limits = np.iinfo(np.int32)
        if values.min() < limits.min or values.max() > limits.max:
            raise self.refused("whole numbers beyond 32 bits")
        return constant_view(values, "i32")

    def parameter(self, name: str, position: int) -> NDArray[Any] | None:
        """A setting that is an attribute in older operator sets and a constant input in newer ones.

        Returns:
            The values; None where the setting is left out.

        Raises:
            UnsupportedModelError: it is computed while running.
        """
        if name in self.attributes:
            return np.asarray(self.attributes[name])
        value = self.inputs[position] if position < len(self.inputs) else None
        if isinstance(value, View):
            raise self.refused(f"{name!r} that depends on the input")
        return value

    def floats(self, name: str) -> NDArray[np.float32]:
        """An attribute as float32 numbers; empty when it is left out."""
        return np.asarray(self.attributes.get(name, ()), np.float32)

    def axis(self, rank: int, default: int) -> int:
        """The attribute ``axis``, counted from the front."""
        axis = int(self.attributes.get("axis", default))
        return axis + rank if axis < 0 else axis


def read_node(
    proto: onnx.NodeProto, model: str, versions: Mapping[str, int], values: Mapping[str, Value]
) -> Node:
    """A node with the values of its inputs."""
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    return Node(
        model=model,
        name=proto.name or proto.output[0],
        operator=proto.op_type,
        version=versions.get(domain, 1),
        attributes={a.name: _attribute(a) for a in proto.attribute},
        inputs=tuple(values[name] if name else None for name in proto.input),
        outputs=len(proto.output),
    )


def operator_versions(model: OnnxModel) -> dict[str, int]:
    """The version of each operator set that the graph uses."""
    return {"" if o.domain == "ai.onnx" else o.domain: o.version for o in model.proto.opset_import}


def initializers(graph: onnx.GraphProto) -> dict[str, Value]:
    """The constants that a graph holds."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def folded(
    proto: onnx.NodeProto, inputs: Sequence[NDArray[Any] | None], versions: Mapping[str, int]
) -> list[NDArray[Any]]:
    """The outputs of a node whose inputs are all constants, by ONNX's reference implementation."""
    from onnx.reference import ReferenceEvaluator

    feeds = {n: v for n, v in zip(proto.input, inputs, strict=True) if v is not None}
    graph = helper.make_graph(
        [proto],
        "constants",
        [helper.make_value_info(name, onnx.TypeProto()) for name in feeds],
        [helper.make_value_info(name, onnx.TypeProto()) for name in proto.output if name],
    )
    domains = {proto.domain: versions.get(proto.domain, 1)}
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(d, v) for d, v in domains.items()])
    with np.errstate(all="ignore"):  # infinities and NaN are values like others
        return [np.asarray(result) for result in ReferenceEvaluator(model).run(None, feeds)]


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
