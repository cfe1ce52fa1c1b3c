"""Tables over ranges of one column, written as trees: exact, in front of any engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.trees.emit import add_sums
from ecu_bundle.conversion.trees.ensemble import Tree


def lookup_tree(feature: int, edges: NDArray[np.float64], values: NDArray[np.float64]) -> Tree:
    """A balanced tree that gives row i of a table to x, where i counts the edges below x.

    Args:
        feature: input column of x.
        edges: rising; a value on an edge belongs to the entry before it.
        values: (edges + 1, outputs).
    """
    nodes: list[tuple[float, int, int, int]] = []  # threshold, left, right, entry

    def add(first: int, last: int) -> int:
        """Adds the nodes for the entries from first to last; returns the position of their root."""
        position = len(nodes)
        if first == last:
            nodes.append((0.0, -1, -1, first))
            return position
        middle = (first + last) // 2
        nodes.append((0.0, -1, -1, first))
        left, right = add(first, middle), add(middle + 1, last)
        nodes[position] = (float(edges[middle]), left, right, first)
        return position

    add(0, len(edges))
    threshold, left, right, entry = (np.array(column) for column in zip(*nodes, strict=True))
    return Tree(
        feature=np.where(left < 0, 0, feature).astype(np.int64),
        threshold=threshold.astype(np.float64),
        left=left.astype(np.int64),
        right=right.astype(np.int64),
        missing_left=np.zeros(len(nodes), dtype=bool),
        values=np.asarray(values, dtype=np.float64)[entry],
    )


def below(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges for ``x < edge``: the float64 next below each; no float32 lies between the two."""
    return np.nextafter(np.asarray(edges, dtype=np.float64), -np.inf)


def constant_rows(nodes: Nodes, source: str, values: NDArray[np.float64]) -> str:
    """The same float64 values for every row, whatever it holds: a tree of one leaf.

    Args:
        nodes: where to add.
        source: a matrix that has the rows.
        values: (1, outputs).

    Returns:
        Name of (rows, outputs).
    """
    matrix = nodes.cast(source, TensorProto.FLOAT)
    return add_sums(nodes, matrix, [lookup_tree(0, np.empty(0), values)])
