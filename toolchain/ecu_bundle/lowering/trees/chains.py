"""Which nodes of the ONNX graph become one sum.

Our converters write an ensemble as a TreeEnsembleRegressor over limbs, Gather and Cast to float64 for each
limb, and Add; a mean is divided by the number of trees, boosting adds its start value. All of this becomes
one node `SUM`. Numbers of leaves, a Cast to int64, become `NUMBERS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SUM: Final = "EcuTreeSum"
"""Attributes besides those of the trees: ``limbs`` int64 (limbs, outputs), targets in the order in which they
are added; ``exponent``: the sum is multiplied by this power of two; ``start`` float64 (outputs,), added
then, or absent; ``divisor``; ``narrow``: 1 when the result is rounded to float32."""

NUMBERS: Final = "EcuTreeNumbers"
_TREES: Final = "TreeEnsembleRegressor"
_ML: Final = "ai.onnx.ml"
_MAX_DIVISOR: Final = 65535


@dataclass(frozen=True, slots=True)
class Graph:
    """Who reads and what is constant.

    Attributes:
        readers: nodes that read each tensor.
        constants: by name.
        outputs: names of the results.
    """

    readers: Mapping[str, Sequence[onnx.NodeProto]]
    constants: Mapping[str, NDArray[Any]]
    outputs: frozenset[str]

    def only_reader(self, name: str) -> onnx.NodeProto | None:
        """The one node that reads a tensor; None when there are others, or it is a result."""
        found = self.readers.get(name, ())
        return found[0] if len(found) == 1 and name not in self.outputs else None


def with_sums(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Nodes of a graph in order, with those of each sum over trees made one."""
    known = read_graph(graph)
    replaced: dict[str, onnx.NodeProto] = {}
    removed: set[str] = set()
    for node in nodes:
        if node.op_type == _TREES:
            found = _rounded(sum_of(node, known), known) or _numbers_of(node, known)
            if found is not None:
                replaced[node.output[0]], inner = found
                removed.update(inner)
    kept = (replaced.get(node.output[0], node) for node in nodes)
    return [node for node in kept if node.op_type in (SUM, NUMBERS) or node.output[0] not in removed]


def read_graph(graph: onnx.GraphProto) -> Graph:
    """Readers and constants of a graph."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        for name in dict.fromkeys(node.input):
            readers.setdefault(name, []).append(node)
    return Graph(readers, constants, frozenset(value.name for value in graph.output))


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes by name, text as str."""
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}


def sum_of(trees: onnx.NodeProto, graph: Graph) -> tuple[onnx.NodeProto, list[str]] | None:
    """The float64 sum that begins at an ensemble, and the tensors inside it; its result is the last one."""
    limbs = _limbs(trees, graph)
    if limbs is None:
        return None
    order = [next(iter(limbs))]
    inside = [trees.output[0], *(name for name in limbs)]
    inside += [user.output[0] for user in graph.readers[trees.output[0]]]
    total = order[0]
    for other in _additions(limbs, graph):
        added, total = other
        order += added
        inside.append(total)
    if len(set(order)) != len(limbs) or len(order) != len(limbs):
        return None
    attributes: dict[str, Any] = {
        "limbs": np.stack([limbs[name] for name in order]),
        "divisor": 1,
        "exponent": 0,
        "narrow": 0,
    }
    outputs = attributes["limbs"].shape[1]
    for name, found in _tail(total, outputs, graph):
        attributes.update(found)
        total = name
        inside.append(total)
    return _node(SUM, trees, total, attributes), inside


def narrowing(total: str, graph: Graph) -> onnx.NodeProto | None:
    """The cast to float32 that alone reads a sum; None when there is none."""
    user = graph.only_reader(total)
    return user if user is not None and casts_to(user, TensorProto.FLOAT) else None


def _rounded(
    found: tuple[onnx.NodeProto, list[str]] | None, graph: Graph
) -> tuple[onnx.NodeProto, list[str]] | None:
    """The same sum with the cast to float32 that follows it alone."""
    cast = narrowing(found[0].output[0], graph) if found is not None else None
    if found is None or cast is None:
        return found
    node, inside = found
    next(a for a in node.attribute if a.name == "narrow").i = 1
    node.output[:] = cast.output
    return node, [*inside, cast.output[0]]


def _limbs(trees: onnx.NodeProto, graph: Graph) -> dict[str, NDArray[np.int64]] | None:
    """The float64 tensor of each limb with its targets, the first to be added in front; None without any."""
    users = graph.readers.get(trees.output[0], ())
    targets = helper.get_attribute_value(next(a for a in trees.attribute if a.name == "n_targets"))
    if trees.output[0] in graph.outputs:
        return None
    if len(users) == 1 and casts_to(users[0], TensorProto.DOUBLE):
        return {users[0].output[0]: np.arange(targets)}
    limbs: dict[str, NDArray[np.int64]] = {}
    for user in users:
        cast = graph.only_reader(user.output[0])
        columns = graph.constants.get(user.input[1]) if user.op_type == "Gather" else None
        if cast is None or columns is None or not casts_to(cast, TensorProto.DOUBLE):
            return None
        if _attribute(user, "axis", 0) != 1 or columns.ndim != 1:
            return None
        limbs[cast.output[0]] = columns
    if len({len(columns) for columns in limbs.values()}) != 1:
        return None
    first = _first_pair(limbs, graph)
    return {name: limbs[name] for name in (*first, *(n for n in limbs if n not in first))} if first else None


def _first_pair(limbs: Mapping[str, Any], graph: Graph) -> list[str]:
    """The two limbs that are added to each other."""
    for name in limbs:
        user = graph.only_reader(name)
        if user is not None and user.op_type == "Add" and set(user.input) <= set(limbs):
            return list(user.input)
    return []


def _additions(limbs: Mapping[str, Any], graph: Graph) -> Iterator[tuple[list[str], str]]:
    """Limbs added one after another, with the name of each partial sum."""
    total = next(iter(limbs))
    left = [name for name in limbs if name != total]
    while left:
        user = graph.only_reader(total)
        if user is None or user.op_type != "Add":
            return
        other = user.input[1] if user.input[0] == total else user.input[0]
        if other not in left or graph.only_reader(other) is None:
            return
        left.remove(other)
        total = user.output[0]
        yield [other], total


def _tail(total: str, outputs: int, graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is done with the sum: times a power of two, plus a constant, divided by a whole number."""
    for operator, read in (("Mul", _exponent), ("Add", _start), ("Div", _divisor)):
        user = graph.only_reader(total)
        if user is None or user.op_type != operator:
            continue
        if operator == "Div" and user.input[0] != total:
            continue
        other = next((name for name in user.input if name != total), "")
        constant = graph.constants.get(other)
        found = read(constant, outputs) if constant is not None else None
        if found is not None:
            total = user.output[0]
            yield total, found


def _exponent(values: NDArray[Any], outputs: int) -> dict[str, Any] | None:
    del outputs
    mantissa, exponent = np.frexp(values.ravel()[0])
    return {"exponent": int(exponent) - 1} if values.size == 1 and mantissa == 0.5 else None


def _start(values: NDArray[Any], outputs: int) -> dict[str, Any] | None:
    if values.size not in (1, outputs) or values.shape[-1:] != (values.size,):
        return None
    return {"start": np.broadcast_to(values.ravel() + 0.0, (outputs,)).copy()}


def _divisor(values: NDArray[Any], outputs: int) -> dict[str, Any] | None:
    del outputs
    value = float(values.ravel()[0])
    return (
        {"divisor": int(value)}
        if values.size == 1 and value.is_integer() and 1 <= value <= _MAX_DIVISOR
        else None
    )


def _numbers_of(trees: onnx.NodeProto, graph: Graph) -> tuple[onnx.NodeProto, list[str]] | None:
    user = graph.only_reader(trees.output[0])
    if user is None or not casts_to(user, TensorProto.INT64):
        return None
    attributes = attributes_of(trees)
    target_of = dict(zip(attributes["target_treeids"], attributes["target_ids"], strict=True))
    pairs = set(zip(attributes["target_treeids"], attributes["target_ids"], strict=True))
    ids = list(dict.fromkeys(attributes["nodes_treeids"]))
    if len(pairs) != len(ids) or [target_of.get(tree) for tree in ids] != list(
        range(attributes["n_targets"])
    ):
        return None
    return _node(NUMBERS, trees, user.output[0], {}), [trees.output[0], user.output[0]]


def _node(operator: str, trees: onnx.NodeProto, output: str, attributes: Mapping[str, Any]) -> onnx.NodeProto:
    node = helper.make_node(operator, trees.input, [output], name=trees.name, domain=_ML)
    node.attribute.extend(trees.attribute)
    for name, value in attributes.items():
        stored = numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        node.attribute.append(helper.make_attribute(name, stored))
    return node


def casts_to(node: onnx.NodeProto, kind: int) -> bool:
    return node.op_type == "Cast" and _attribute(node, "to", 0) == kind


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((int(a.i) for a in node.attribute if a.name == name), default)
