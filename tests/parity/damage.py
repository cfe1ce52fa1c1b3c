"""Errors of a conversion, made by hand: each function damages a graph that was right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

Graph = onnx.GraphProto
Damage = Callable[[Graph], None]


def node(graph: Graph, kind: str) -> Any:
    found: onnx.NodeProto = next(n for n in graph.node if n.op_type.startswith(kind))
    return found


def get(graph: Graph, kind: str, name: str) -> Any:
    return next(helper.get_attribute_value(a) for a in node(graph, kind).attribute if a.name == name)


def put(graph: Graph, kind: str, name: str, value: Any) -> None:
    target = node(graph, kind)
    kept = [a for a in target.attribute if a.name != name]
    assert len(kept) < len(target.attribute)
    del target.attribute[:]
    target.attribute.extend([*kept, helper.make_attribute(name, value)])


def edit(graph: Graph, kind: str, name: str, change: Callable[[Any], Any]) -> None:
    value = get(graph, kind, name)
    changed = change(list(value))
    assert changed != list(value)
    put(graph, kind, name, changed)


def first_split(graph: Graph) -> int:
    return int(get(graph, "Tree", "nodes_modes").index(b"BRANCH_LEQ"))


def at(index: int, change: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [change(v) if i == index else v for i, v in enumerate(values)]


def threshold(change: Callable[[np.float32], float]) -> Damage:
    def damage(graph: Graph) -> None:
        edit(graph, "Tree", "nodes_values", at(first_split(graph), lambda v: float(change(np.float32(v)))))

    return damage


def less_for_less_or_equal(graph: Graph) -> None:
    put(
        graph,
        "Tree",
        "nodes_modes",
        [b"BRANCH_LT" if m == b"BRANCH_LEQ" else m for m in get(graph, "Tree", "nodes_modes")],
    )


def children_swapped(graph: Graph) -> None:
    split = first_split(graph)
    left, right = (get(graph, "Tree", f"nodes_{side}nodeids") for side in ("true", "false"))
    edit(graph, "Tree", "nodes_truenodeids", at(split, lambda _: right[split]))
    edit(graph, "Tree", "nodes_falsenodeids", at(split, lambda _: left[split]))


def other_feature(graph: Graph) -> None:
    edit(graph, "Tree", "nodes_featureids", at(first_split(graph), lambda f: (f + 1) % 4))


def leaf(name: str, change: Callable[[float], float]) -> Damage:
    def damage(graph: Graph) -> None:
        largest = int(np.argmax(np.abs(get(graph, "Tree", name))))
        edit(graph, "Tree", name, at(largest, change))

    return damage


def edited(kind: str, name: str, change: Callable[[Any], Any]) -> Damage:
    return lambda graph: edit(graph, kind, name, change)


def all_splits(change: Callable[[float], float]) -> Damage:
    """Every threshold of the first ensemble."""

    def damage(graph: Graph) -> None:
        modes = get(graph, "Tree", "nodes_modes")
        edit(
            graph,
            "Tree",
            "nodes_values",
            lambda values: [v if m == b"LEAF" else change(v) for v, m in zip(values, modes, strict=True)],
        )

    return damage


def all_of(kind: str, name: str, change: Callable[[float], float]) -> Damage:
    return lambda graph: edit(graph, kind, name, lambda values: [change(v) for v in values])


def reversed_order(kind: str, name: str) -> Damage:
    return lambda graph: edit(graph, kind, name, lambda values: values[::-1])


def missing_rule_inverted(graph: Graph) -> None:
    edit(graph, "Tree", "nodes_missing_value_tracks_true", lambda flags: [1 - f for f in flags])


def without(kind: str) -> Damage:
    """The first node of a kind passes its input on unchanged."""

    def damage(graph: Graph) -> None:
        lost = node(graph, kind)
        lost.op_type, lost.domain = "Identity", ""
        del lost.attribute[:]
        del lost.input[1:]

    return damage


def operand(kind: str, change: Callable[[Any], Any]) -> Damage:
    """Changes the constant operand of the last node of a kind that has one."""

    def damage(graph: Graph) -> None:
        constants = {tensor.name: tensor for tensor in graph.initializer}
        last = [n for n in graph.node if n.op_type == kind and set(n.input) & set(constants)][-1]
        tensor = next(constants[name] for name in last.input if name in constants)
        tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), tensor.name))

    return damage


def classes_swapped(graph: Graph) -> None:
    """The label constant, which Gather indexes, the other way round."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    tensor = next(
        constants[n.input[0]] for n in graph.node if n.op_type == "Gather" and n.input[0] in constants
    )
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor)[::-1].copy(), tensor.name))


def constant(part: str, change: Callable[[Any], Any]) -> Damage:
    """Changes the first float constant whose name holds a text."""

    def damage(graph: Graph) -> None:
        for tensor in graph.initializer:
            if part in tensor.name and tensor.data_type == onnx.TensorProto.FLOAT:
                values = numpy_helper.to_array(tensor)
                tensor.CopyFrom(numpy_helper.from_array(change(values).astype(np.float32), tensor.name))
                return
        raise AssertionError([t.name for t in graph.initializer])

    return damage


def outputs_swapped(graph: Graph) -> None:
    """Columns of the probabilities the other way round."""
    final = next(n for n in graph.node if n.output[0] == "probabilities")
    graph.initializer.append(numpy_helper.from_array(np.arange(2, -1, -1), "order"))
    graph.node.insert(
        len(graph.node) - 1, helper.make_node("Gather", [final.input[0], "order"], ["turned"], axis=1)
    )
    final.input[0] = "turned"


def columns_swapped(graph: Graph) -> None:
    join = node(graph, "Concat")
    join.input[0], join.input[2] = join.input[2], join.input[0]


def training_point(row: int, step: float) -> Damage:
    """Moves one training row of a neighbour model, the widest constant of two dimensions."""

    def damage(graph: Graph) -> None:
        tensor = next(n for n in graph.initializer if list(n.dims)[1:] == [4])
        points = numpy_helper.to_array(tensor).copy()
        points[row] += step
        tensor.CopyFrom(numpy_helper.from_array(points, tensor.name))

    return damage


def element(place: int, change: Callable[[float], float]) -> Damage:
    """Changes one element of the largest constant of real numbers."""

    def damage(graph: Graph) -> None:
        kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
        real = [tensor for tensor in graph.initializer if tensor.data_type in kinds]
        tensor = max(real, key=lambda t: int(np.prod(t.dims)))
        values = numpy_helper.to_array(tensor).copy()
        values.flat[place] = change(values.flat[place])
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))

    return damage
