"""KBinsDiscretizer: exact bins for every float32."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.decisions.labels import write_real
from ecu_bundle.conversion.decisions.lookup import below, lookup_tree
from ecu_bundle.conversion.nodes import Nodes, real_type
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import shape_of_values
from ecu_bundle.conversion.trees.emit import add_sums


def convert_bins(scope: Any, operator: Any, container: Any) -> None:
    """The number of inner edges at or below each value, or a 1 in the place of that bin."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    if model.dtype is np.float32:
        raise NotImplementedError("dtype=float32 rounds the numbers before they are compared")
    edges = [np.asarray(e, dtype=np.float64)[1:-1] for e in model.bin_edges_]
    if real_type(operator) is np.float64:
        bins = _compared(nodes, operator.inputs[0].full_name, edges, onehot=model.encode != "ordinal")
    else:
        matrix = nodes.cast(operator.inputs[0].full_name, TensorProto.FLOAT)
        bins = add_sums(nodes, matrix, _trees(edges, onehot=model.encode != "ordinal"))
    write_real(nodes, operator, bins)


def _trees(edges: list[NDArray[np.float64]], *, onehot: bool) -> list[Any]:
    """One tree for each column, since trees compare float32 exactly, whatever stands before them."""
    widths = [len(e) + 1 if onehot else 1 for e in edges]
    trees = []
    for feature, inner in enumerate(edges):
        values = np.zeros((len(inner) + 1, sum(widths)))
        start = sum(widths[:feature])
        table = np.eye(len(inner) + 1) if onehot else np.arange(len(inner) + 1.0)[:, None]
        values[:, start : start + widths[feature]] = table
        trees.append(lookup_tree(feature, below(inner), values))
    return trees


def _compared(nodes: Nodes, source: str, edges: list[NDArray[np.float64]], *, onehot: bool) -> str:
    """The same by comparisons in float64, for numbers that float32 does not hold."""
    columns = []
    for feature, inner in enumerate(edges):
        place = nodes.constant(np.array([feature], dtype=np.int64))
        column = nodes.add("Gather", [source, place], axis=1)
        # an edge of -inf adds a column that always holds, so that there is something to sum
        padded = nodes.constant(np.concatenate([[-np.inf], inner])[None, :])
        passed = nodes.cast(nodes.add("GreaterOrEqual", [column, padded]), TensorProto.DOUBLE)
        axis = nodes.constant(np.array([1], dtype=np.int64))
        count = nodes.add("ReduceSum", [passed, axis], keepdims=1)
        index = nodes.add("Sub", [count, nodes.constant(np.array([1.0]))])
        if onehot:
            places = nodes.constant(np.arange(len(inner) + 1.0)[None, :])
            index = nodes.cast(nodes.add("Equal", [index, places]), TensorProto.DOUBLE)
        columns.append(index)
    return nodes.add("Concat", columns, axis=1)


def _width(model: Any) -> int:
    return len(model.bin_edges_) if model.encode == "ordinal" else int(sum(model.n_bins_))


def families() -> list[Family]:
    """KBinsDiscretizer."""
    from sklearn.preprocessing import KBinsDiscretizer

    return [Family(KBinsDiscretizer, convert_bins, shape=shape_of_values(_width))]
