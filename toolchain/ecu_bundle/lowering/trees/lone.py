"""A single tree: everything that follows from its leaf alone is a table with a row for each leaf.

The rows are computed by ONNX Runtime, one at a time, from what the leaf adds; so they have its bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.trees.chains import Graph, attributes_of, read_graph
from ecu_bundle.lowering.trees.ensemble import Ensemble, read_ensemble
from ecu_bundle.lowering.trees.slots import NAN_IS_LOW, keys_of
from ecu_bundle.lowering.views import ElementType, View, constant_view

LONE: Final = "EcuLoneTree"
"""Attributes besides those of the tree: ``tables``, one tensor (leaves, elements) of int32 or float32 for
each output; ``shapes``, that of each output for one row."""

LONE_ROWS: Final = "tree_rows"
"""The kernel of a lone tree with one or two results."""

LONE_NODE: Final = np.dtype([("key", "<i4"), ("element", "<u4"), ("left", "<i4"), ("right", "<i4")])
_MAX_LEAVES: Final = 2**16
"""Beyond, a table for every leaf takes longer to compute and more flash than it saves."""

_MAX_ROWS: Final = 2
"""Results of `tree_rows`."""

_TYPES: Final = {TensorProto.FLOAT: np.float32, TensorProto.INT64: np.int64}


@dataclass(frozen=True, slots=True)
class _Region:
    """Nodes that depend on one tree and constants only, in order, and what others read of them."""

    nodes: tuple[onnx.NodeProto, ...]
    outputs: tuple[str, ...]


def with_tables(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes of a graph in order, with each lone tree and all that follows from it made one."""
    graph = read_graph(model.graph)
    nodes = list(model.graph.node)
    for tree in model.graph.node:
        if tree.op_type != "TreeEnsembleRegressor":
            continue
        attributes = attributes_of(tree)
        if len(set(attributes["nodes_treeids"])) > 1 or len(attributes["nodes_treeids"]) > _MAX_LEAVES:
            continue
        region = _region(tree, model.graph, graph)
        made = _lone_node(model, tree, region, read_ensemble(attributes)) if region.nodes else None
        if made is not None:
            inside = {node.output[0] for node in region.nodes}
            nodes = [made if n.output[0] == tree.output[0] else n for n in nodes if n.output[0] not in inside]
    return nodes


def add_lone_tree(
    build: Builder, matrix: View, ensemble: Ensemble, tables: Sequence[NDArray[Any]]
) -> list[View]:
    """Adds the step of a lone tree.

    Args:
        matrix: dense f32 elements of one row.
        tables: (leaves, elements) int32 or float32 of each result.

    Returns:
        The row of the reached leaf of each table, f32 or i32 (1, elements).
    """
    number, rows = _distinct(tables)
    nodes = _nodes(ensemble, number)
    tree = (matrix, matrix.elements, constant_view(nodes.view("<i4"), "i32"), len(nodes))
    if len(tables) <= _MAX_ROWS:
        return _row(build, tree, [table[rows] for table in tables])
    leaf = build.buffer("i32", (1,))
    build.step("tree_lone", leaf, *tree)
    return [build.pick(constant_view(table[rows], _element_type(table)), leaf) for table in tables]


def _row(build: Builder, tree: Sequence[int | View], tables: Sequence[NDArray[Any]]) -> list[View]:
    """The row of the reached leaf of one table, which holds all of them side by side."""
    results = [build.buffer(_element_type(table), (1, table.shape[1])) for table in tables]
    second = results[1] if len(results) > 1 else None
    one_nan = [np.where(table != table, np.float32(np.nan), table).astype(table.dtype) for table in tables]  # noqa: PLR0124
    words = np.concatenate([table.view(np.int32) for table in one_nan], axis=1)
    sizes = (results[0].elements, second.elements if second else 0)
    build.step(LONE_ROWS, results[0], second, *tree, len(words), constant_view(words, "i32"), *sizes)
    return results


def _element_type(table: NDArray[Any]) -> ElementType:
    return "f32" if table.dtype == np.float32 else "i32"


def _distinct(tables: Sequence[NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of each leaf, where leaves with the same results have the same, and a leaf for each number."""
    bits = np.concatenate([np.ascontiguousarray(table).view(np.int32) for table in tables], axis=1)
    _, rows, number = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    return number.ravel(), rows


def _nodes(ensemble: Ensemble, number: NDArray[np.int64]) -> NDArray[Any]:
    """Splits in their order; a lone leaf is a split with the same leaf on both sides."""
    splits = np.flatnonzero(ensemble.leaf < 0)
    if not len(splits):
        return np.array([(0, 0, ~int(number[0]), ~int(number[0]))], dtype=LONE_NODE)
    order = _preorder(ensemble)
    place = np.zeros(len(ensemble.leaf), dtype=np.int64)
    place[order] = np.arange(len(order))

    def child(side: NDArray[np.int64]) -> NDArray[np.int64]:
        leaf = ensemble.leaf[side[order]]
        distance = place[side[order]] - np.arange(len(order))
        return np.where(leaf >= 0, ~number[leaf], distance * LONE_NODE.itemsize)

    nodes = np.zeros(len(order), dtype=LONE_NODE)
    nodes["key"] = keys_of(ensemble.threshold[order])
    nodes["element"] = ensemble.element[order] | np.where(ensemble.missing_left[order], NAN_IS_LOW, 0)
    nodes["left"], nodes["right"] = child(ensemble.left), child(ensemble.right)
    return nodes


def _preorder(ensemble: Ensemble) -> NDArray[np.int64]:
    order: list[int] = []
    pending = [int(ensemble.roots[0])]
    while pending:
        node = pending.pop()
        if ensemble.leaf[node] < 0:
            order.append(node)
            pending += (int(ensemble.right[node]), int(ensemble.left[node]))
    return np.array(order)


def _region(tree: onnx.NodeProto, graph: onnx.GraphProto, known: Graph) -> _Region:
    inside: set[str] = {tree.output[0]}
    nodes = []
    for node in graph.node:
        computed = [name for name in node.input if name and name not in known.constants]
        if computed and all(name in inside for name in computed):
            nodes.append(node)
            inside.update(node.output)
    members = {node.output[0] for node in nodes}
    outputs = [
        name
        for name in (tree.output[0], *(name for node in nodes for name in node.output))
        if name in known.outputs or any(u.output[0] not in members for u in known.readers.get(name, ()))
    ]
    return _Region(tuple(nodes), tuple(outputs))


def _lone_node(
    model: onnx.ModelProto, tree: onnx.NodeProto, region: _Region, ensemble: Ensemble
) -> onnx.NodeProto | None:
    """The node with its tables; None when a result is neither float32 nor a whole number."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    types = {v.name: v.type.tensor_type.elem_type for v in (*inferred.value_info, *inferred.output)}
    if any(types.get(name) not in _TYPES for name in region.outputs):
        return None
    rows = _rows(model, tree.output[0], region, ensemble.values.astype(np.float32), types)
    node = helper.make_node(LONE, tree.input, region.outputs, name=tree.name, domain=tree.domain)
    node.attribute.extend(tree.attribute)
    shapes = [np.array(results[0].shape, dtype=np.int64) for results in rows]
    tables = [np.stack([result.ravel() for result in results]) for results in rows]
    limits = np.iinfo(np.int32)
    if any(t.dtype == np.int64 and (t.min() < limits.min or t.max() > limits.max) for t in tables):
        return None
    narrow = [t.astype(np.int32) if t.dtype == np.int64 else t for t in tables]
    for name, arrays in (("tables", narrow), ("shapes", shapes)):
        node.attribute.append(helper.make_attribute(name, [numpy_helper.from_array(a) for a in arrays]))
    return node


def _rows(
    model: onnx.ModelProto,
    source: str,
    region: _Region,
    leaves: NDArray[np.float32],
    types: dict[str, int],
) -> list[list[NDArray[Any]]]:
    """For each output what ONNX Runtime gives for each leaf."""
    from ecu_bundle.parity.session import open_session

    used = {name for node in region.nodes for name in node.input}
    graph = helper.make_graph(
        region.nodes,
        "leaf",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, [None, leaves.shape[1]])],
        [helper.make_tensor_value_info(name, types[name], None) for name in region.outputs],
        [tensor for tensor in model.graph.initializer if tensor.name in used],
    )
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    session = open_session(part)
    found = [session.run(list(region.outputs), {source: row[np.newaxis]}) for row in leaves]
    return [[np.asarray(row[position]) for row in found] for position in range(len(region.outputs))]
