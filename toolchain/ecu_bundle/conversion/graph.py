"""Passes over the converted ONNX graph: inputs by column, codes for labels, standard output names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import MATRIX_INPUT, Tensor

PRODUCER = "ecu-bundle"
IR_VERSION = 10
"""ONNX IR version of opset 21; newer ones are refused by older libraries without need."""


def free_prefix(names: Iterable[str]) -> str:
    """A prefix that no interface name starts with, for every inner name of the graph."""
    prefix = "ecu_"
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return prefix


def isolate_names(proto: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    """Prefixes every name, so that no column or output name can collide with an inner one."""
    from onnx import compose

    return compose.add_prefix(proto, prefix)


def take_inputs(proto: onnx.ModelProto, tensors: Sequence[Tensor], prefix: str, *, double: bool) -> None:
    """Replaces the matrix input by the inputs of the interface, put together again by Concat.

    Args:
        proto: changed in place; its only input is the matrix.
        tensors: inputs of the interface.
        prefix: of inner names.
        double: the graph computes in float64; the inputs are float32 all the same.
    """
    graph = proto.graph
    nodes = []
    parts = []
    for position, tensor in enumerate(tensors):
        name = tensor.name
        if tensor.dtype == "int32":
            name = f"{prefix}column_{position}"
            nodes.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT, name=name))
        parts.append(name)
    matrix = parts[0]
    if len(parts) > 1:
        matrix = f"{prefix}columns"
        nodes.append(helper.make_node("Concat", parts, [matrix], axis=1, name=matrix))
    if double:
        wide = f"{prefix}wide"
        nodes.append(helper.make_node("Cast", [matrix], [wide], to=TensorProto.DOUBLE, name=wide))
        matrix = wide
    rename_input(graph, prefix + MATRIX_INPUT, matrix)
    old = list(graph.node)
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes + old)
    graph.input.extend(_value(t.name, _graph_type(t), t.elements) for t in tensors)


def rename_input(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Lets every node, also those of subgraphs, read ``new`` where it read ``old``."""
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                rename_input(attribute.g, old, new)
    for output in graph.output:
        if output.name == old:
            output.name = new


def class_codes(proto: onnx.ModelProto, classes: Sequence[str]) -> None:
    """Replaces every text label in the graph by its position in ``classes``.

    Raises:
        UnsupportedModelError: the graph holds text that is not a class label.
    """
    positions = {name.encode(): i for i, name in enumerate(classes)}

    def code(text: bytes, node: str) -> int:
        if text not in positions:
            raise UnsupportedModelError(
                "convert",
                f"the text {text.decode(errors='replace')!r} in the graph is neither a category nor a class",
                place=f"ONNX node {node}",
                hint="train with whole-number classes",
            )
        return positions[text]

    renames = {
        "classlabels_strings": "classlabels_int64s",
        "keys_strings": "keys_int64s",
        "values_strings": "values_int64s",
        "cats_strings": "cats_int64s",
        "value_strings": "value_ints",
    }
    for node in proto.graph.node:
        for attribute in node.attribute:
            if attribute.name in renames and attribute.strings:
                codes = [code(s, node.name) for s in attribute.strings]
                short = node.op_type in ("LinearClassifier", "SVMClassifier")
                key = "classlabels_ints" if short else renames[attribute.name]
                attribute.CopyFrom(helper.make_attribute(key, codes))
            elif node.op_type == "LabelEncoder" and attribute.name == "default_string":
                attribute.CopyFrom(helper.make_attribute("default_int64", -1))
            elif node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.STRING:
                attribute.i = TensorProto.INT64
            elif attribute.name == "value" and attribute.t.data_type == TensorProto.STRING:
                attribute.t.CopyFrom(_coded(attribute.t, lambda s, n=node.name: code(s, n)))
    for tensor in proto.graph.initializer:
        if tensor.data_type == TensorProto.STRING:
            tensor.CopyFrom(_coded(tensor, lambda s, n=tensor.name: code(s, n)))
    for value in (*proto.graph.output, *proto.graph.value_info):
        if value.type.tensor_type.elem_type == TensorProto.STRING:
            value.type.tensor_type.elem_type = TensorProto.INT64


def _coded(tensor: onnx.TensorProto, code: Any) -> onnx.TensorProto:
    codes = np.array([code(s) for s in tensor.string_data], dtype=np.int64).reshape(tuple(tensor.dims))
    return numpy_helper.from_array(codes, tensor.name)


def force_c_locale(proto: onnx.ModelProto) -> None:
    """Text nodes use the C locale; ONNX Runtime's default is missing on small systems."""
    for node in proto.graph.node:
        if node.op_type == "StringNormalizer":
            kept = [a for a in node.attribute if a.name != "locale"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("locale", "C")])


def set_outputs(
    proto: onnx.ModelProto,
    chosen: Sequence[tuple[str, Tensor, int | None]],
    prefix: str,
    *,
    double: bool = False,
) -> None:
    """Keeps the chosen outputs under their interface names.

    Args:
        proto: changed in place.
        chosen: (name in the graph, tensor of the interface, column to keep or None for all).
        prefix: of new inner names.
        double: values are float64 in the graph; the outputs are float32 all the same.
    """
    graph = proto.graph
    del graph.output[:]
    for position, (source, tensor, column) in enumerate(chosen):
        current = source
        if column is not None:
            index = f"{prefix}index_{position}"
            graph.initializer.append(numpy_helper.from_array(np.array([column], dtype=np.int64), index))
            picked = f"{prefix}picked_{position}"
            graph.node.append(helper.make_node("Gather", [current, index], [picked], axis=1, name=picked))
            current = picked
        if double and tensor.dtype == "float32":
            narrow = f"{prefix}narrow_{position}"
            graph.node.append(
                helper.make_node("Cast", [current], [narrow], to=TensorProto.FLOAT, name=narrow)
            )
            current = narrow
        label = tensor.dtype == "int32" and tensor.elements == 1
        shape = np.array([-1] if label else [-1, tensor.elements], dtype=np.int64)
        reshape = [current, f"{prefix}shape_{position}"]
        graph.initializer.append(numpy_helper.from_array(shape, reshape[1]))
        name = f"{prefix}output_{position}"
        graph.node.append(helper.make_node("Reshape", reshape, [tensor.name], name=name))
        value = _value(tensor.name, _graph_type(tensor), None if label else tensor.elements)
        graph.output.append(value)


def finish(proto: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """Drops dead nodes and text about the tools, fixes versions; the same bytes every time."""
    prune(proto.graph)
    del proto.graph.value_info[:]
    number_names(proto.graph)
    proto.graph.name = name
    proto.graph.doc_string = ""
    proto.doc_string = ""
    proto.domain = ""
    proto.model_version = 0
    proto.producer_name = PRODUCER
    proto.producer_version = ""
    proto.ir_version = IR_VERSION
    del proto.metadata_props[:]
    used = {node.domain or "" for node in proto.graph.node} | {""}
    opsets = {o.domain: o.version for o in proto.opset_import if o.domain in used}
    del proto.opset_import[:]
    proto.opset_import.extend(helper.make_opsetid(d, v) for d, v in sorted(opsets.items()))
    return proto


_COUNTED = re.compile(r"UU\d+UU")


def number_names(graph: onnx.GraphProto, numbers: dict[str, str] | None = None) -> None:
    """Numbers the names afresh that skl2onnx takes from a counter of the whole process."""
    numbers = {} if numbers is None else numbers

    def renamed(name: str) -> str:
        return _COUNTED.sub(lambda found: numbers.setdefault(found[0], f"v{len(numbers)}"), name)

    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        value.name = renamed(value.name)
    for node in graph.node:
        node.name = renamed(node.name)
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                number_names(attribute.g, numbers)


def prune(graph: onnx.GraphProto) -> None:
    """Removes nodes and initializers that no output needs."""
    needed = {o.name for o in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input) | set(_outer_names(node))
    kept.reverse()
    del graph.node[:]
    graph.node.extend(kept)
    initializers = [i for i in graph.initializer if i.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(initializers)


def _outer_names(node: onnx.NodeProto) -> Iterable[str]:
    """Names that a node's subgraphs take from outside."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            for inner in attribute.g.node:
                yield from inner.input
                yield from _outer_names(inner)


def _graph_type(tensor: Tensor) -> int:
    return int(TensorProto.FLOAT if tensor.dtype == "float32" else TensorProto.INT64)


def _value(name: str, kind: int, elements: int | None) -> onnx.ValueInfoProto:
    shape: list[int | str] = ["rows"] if elements is None else ["rows", elements]
    return helper.make_tensor_value_info(name, kind, shape)
