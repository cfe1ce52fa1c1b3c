"""Coarser sums for regressors whose sum over trees is rounded to float32 and is then an output.

The limbs of ``limbs.split`` hold a sum to 2**-44, for decisions on it and for estimators around it. Float32
keeps 24 bits of an output. Here leaves become multiples of one grid, in 40 or 48 bits with their sign, so
that they take five or six bytes on a device in place of twelve; the start value becomes a multiple too, so
that the sum is exact in float64 and rounds once. Runs on the whole graph, since only there is known that
nothing else reads the sum.

How fine the grid must be depends on how near to 0 the output comes. That is tried, on rows of thresholds of
the model itself: eight standard deviations of the rounding of all leaves must be less than half a unit in
the last place of an output a quarter as large as the smallest one, or less than what the gate allows where a
sum cancels. The bound that holds for every row is in the certificate: half a grid for each tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ecu_bundle.conversion.trees.limbs import split_on_grid

_MOVES: Final = frozenset({"Concat", "Flatten", "Gather", "Identity", "Reshape", "Squeeze", "Transpose"})
"""Operators that only move values on their way to an output."""

_LEAF_BITS: Final = (40, 48)
_DOUBLE_BITS: Final = 53
_FLOAT_BITS: Final = 24
_ROWS: Final = 1024
_DEVIATIONS: Final = 8.0
_NEARER: Final = 4.0
"""How much nearer to 0 an output may come than on the rows that are tried."""

_CANCELLED: Final = 2.0**-41
"""Half of what the gate allows where a sum cancels, relative to the largest output."""

_SHARE: Final = 2.0**-11
"""Of outputs, how many may round to the neighbour; the contract has twice as many."""

_LEAF_ERROR: Final = 2.0**-41
"""Half of what the proof allows a leaf, relative to the largest sum."""


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum over trees whose grid may change.

    Attributes:
        trees: the node.
        joined: the same with what follows, as ``lowering.trees.chains`` says it.
        inside: tensors between the trees and the result.
    """

    trees: onnx.NodeProto
    joined: onnx.NodeProto
    inside: frozenset[str]

    @property
    def result(self) -> str:
        return str(self.joined.output[0])


def coarsen(proto: onnx.ModelProto) -> None:
    """Rewrites the sums of a graph that may be coarser; in place."""
    for found in list(_candidates(proto.graph)):
        nodes = _rewritten(found, proto.graph)
        if nodes:
            _replace(proto.graph, found, nodes)


def _candidates(graph: onnx.GraphProto) -> Iterator[_Sum]:
    from ecu_bundle.lowering.trees.chains import narrowing, read_graph, sum_of

    known = read_graph(graph)
    for node in graph.node:
        found = sum_of(node, known) if node.op_type == "TreeEnsembleRegressor" else None
        if found is None:
            continue
        joined, inside = found
        cast = narrowing(joined.output[0], known)
        if cast is not None and _is_output(cast.output[0], known):
            yield _Sum(node, joined, frozenset(inside))


def _is_output(name: str, known: Any) -> bool:
    """Whether a tensor is only moved, and then an output."""
    while name not in known.outputs:
        user = known.only_reader(name)
        if user is None or user.op_type not in _MOVES:
            return False
        name = user.output[0]
    return name not in known.readers


def _rewritten(found: _Sum, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes of the same sum on a coarser grid; none where it stays as it is."""
    from ecu_bundle.lowering.trees.chains import attributes_of
    from ecu_bundle.lowering.trees.ensemble import read_ensemble

    attributes = attributes_of(found.joined)
    columns = numpy_helper.to_array(attributes["limbs"])
    start = numpy_helper.to_array(attributes["start"]) if "start" in attributes else None
    ensemble = read_ensemble(attributes_of(found.trees))
    if len(columns) == 1 or len(ensemble.roots) == 1:
        return []
    leaves = np.add.reduce([ensemble.values[:, own] for own in columns])
    scale = 2.0 ** attributes["exponent"]
    first = np.zeros(leaves.shape[1]) if start is None else start / scale
    tree = ensemble.tree_of_leaf()
    sums = first + _sums(ensemble, leaves)
    for bits in _LEAF_BITS:
        grid = _grid(leaves, bits)
        if _fine_enough(grid, leaves, tree, sums, first):
            rounded = np.round(first / grid) * grid * scale if start is not None else None
            return _nodes(found, graph, _limbs(leaves, tree, grid), rounded, attributes)
    return []


def _grid(leaves: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """(outputs,) the finest power of two of which every leaf is fewer than 2**(bits - 1) multiples."""
    largest = np.abs(leaves).max(axis=0) * (1.0 + 2.0**-20)
    return np.where(
        largest > 0.0, np.exp2(np.floor(np.log2(np.maximum(largest, 2.0**-1000))) + 2 - bits), 1.0
    )


def _fine_enough(
    grid: NDArray[np.float64],
    leaves: NDArray[np.float64],
    tree: NDArray[np.int64],
    sums: NDArray[np.float64],
    first: NDArray[np.float64],
) -> bool:
    """Whether outputs on this grid are as near to scikit-learn's as the contract says.

    Args:
        grid: (outputs,).
        leaves: (leaves, outputs).
        tree: (leaves,) the tree of each.
        sums: (rows, outputs) tried.
        first: (outputs,) where sums start.
    """
    trees = int(tree.max()) + 1
    largest = np.zeros((trees, leaves.shape[1]))
    np.maximum.at(largest, tree, np.abs(leaves))
    reach = largest.sum(axis=0)
    deviation = grid * np.sqrt(trees / 12.0)
    sizes = np.abs(sums)
    unit = np.spacing(np.quantile(sizes, 0.25, axis=0).astype(np.float32)).astype(np.float64)
    nearest = np.spacing((sizes.min(axis=0) / _NEARER).astype(np.float32)).astype(np.float64)
    allowed = np.maximum(nearest / 2.0, _CANCELLED * sizes.max(axis=0))
    conditions = (
        grid >= 2.0**-149,
        (reach + np.abs(first)) * (1.0 + 2.0**-20) <= grid * 2.0 ** (_DOUBLE_BITS - 1),
        grid / 2.0 <= _LEAF_ERROR * reach,
        2.0 * deviation <= _SHARE * unit,
        _DEVIATIONS * deviation <= allowed,
    )
    return all(bool(np.all(condition)) for condition in conditions)


def _sums(ensemble: Any, leaves: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows, outputs) sums over trees for rows whose elements are thresholds of the model, or above all."""
    random = np.random.default_rng(0)
    splits = np.flatnonzero(ensemble.leaf < 0)
    elements = np.unique(ensemble.element[splits])
    rows = np.zeros((_ROWS, int(elements.max(initial=0)) + 1), dtype=np.float32)
    for element in elements.tolist():
        edges = np.unique(ensemble.threshold[splits[ensemble.element[splits] == element]])
        rows[:, element] = random.choice(np.append(edges, np.float32(np.inf)), size=_ROWS)
    total = np.zeros((_ROWS, leaves.shape[1]))
    every = np.arange(_ROWS)
    for root in ensemble.roots.tolist():
        node = np.full(_ROWS, root)
        while True:
            inner = ensemble.leaf[node] < 0
            if not inner.any():
                break
            goes_left = rows[every, ensemble.element[node]] <= ensemble.threshold[node]
            below = np.where(goes_left, ensemble.left[node], ensemble.right[node])
            node = np.where(inner, below, node)
        total += leaves[ensemble.leaf[node]]
    return total


def _limbs(
    leaves: NDArray[np.float64], tree: NDArray[np.int64], grid: NDArray[np.float64]
) -> list[NDArray[np.float32]]:
    """Limbs of all leaves, each (leaves, outputs), the most significant first."""
    members = [np.flatnonzero(tree == number) for number in range(int(tree.max()) + 1)]
    limbs = []
    for limb in split_on_grid([leaves[own] for own in members], grid):
        table = np.zeros(leaves.shape, dtype=np.float32)
        for own, values in zip(members, limb, strict=True):
            table[own] = values
        limbs.append(table)
    return limbs


def _nodes(
    found: _Sum,
    graph: onnx.GraphProto,
    limbs: list[NDArray[np.float32]],
    start: NDArray[np.float64] | None,
    attributes: dict[str, Any],
) -> list[onnx.NodeProto]:
    """The trees with these limbs, their float64 sum, and what follows it."""
    made: list[onnx.NodeProto] = []
    stem = f"{found.trees.output[0]}_coarse"

    def constant(values: NDArray[Any], name: str) -> str:
        graph.initializer.append(numpy_helper.from_array(values, f"{stem}_{name}"))
        return f"{stem}_{name}"

    def add(operator: str, inputs: list[str], name: str, **options: Any) -> str:
        made.append(helper.make_node(operator, inputs, [f"{stem}_{name}"], name=f"{stem}_{name}", **options))
        return f"{stem}_{name}"

    raw = f"{stem}_trees"
    made.append(_with_leaves(found.trees, np.concatenate(limbs, axis=1), raw))
    outputs = limbs[0].shape[1]
    total = ""
    for position in reversed(range(len(limbs))):
        place = np.arange(position * outputs, (position + 1) * outputs, dtype=np.int64)
        limb = raw
        if len(limbs) > 1:
            limb = add("Gather", [raw, constant(place, f"place{position}")], f"limb{position}", axis=1)
        part = add("Cast", [limb], f"wide{position}", to=TensorProto.DOUBLE)
        total = add("Add", [total, part], f"sum{position}") if total else part
    if attributes["exponent"]:
        factor = np.array([2.0 ** attributes["exponent"]])
        total = add("Mul", [total, constant(factor, "factor")], "scaled")
    if start is not None:
        total = add("Add", [total, constant(start, "start")], "started")
    if attributes["divisor"] != 1:
        total = add("Div", [total, constant(np.array([float(attributes["divisor"])]), "divisor")], "mean")
    made[-1].output[:] = [found.result]
    return made


def _with_leaves(trees: onnx.NodeProto, weights: NDArray[np.float32], output: str) -> onnx.NodeProto:
    """The same trees with other leaves, (leaves, targets) in the order of the nodes."""
    old = {a.name: helper.get_attribute_value(a) for a in trees.attribute}
    is_leaf = np.array(old["nodes_modes"]) == b"LEAF"
    ids = [np.array(old[name])[is_leaf] for name in ("nodes_treeids", "nodes_nodeids")]
    leaf, target = np.nonzero((weights != 0.0) | (np.arange(weights.shape[1]) == 0))
    new = {
        "n_targets": weights.shape[1],
        "target_treeids": ids[0][leaf].tolist(),
        "target_nodeids": ids[1][leaf].tolist(),
        "target_ids": target.tolist(),
        "target_weights": weights[leaf, target].tolist(),
    }
    node = onnx.NodeProto()
    node.CopyFrom(trees)
    kept = [a for a in node.attribute if a.name not in new]
    del node.attribute[:]
    node.attribute.extend([*kept, *(helper.make_attribute(name, value) for name, value in new.items())])
    node.output[:] = [output]
    return node


def _replace(graph: onnx.GraphProto, found: _Sum, nodes: list[onnx.NodeProto]) -> None:
    """Puts the nodes where the trees stood, and leaves out what made the sum before."""
    kept: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.output[0] == found.trees.output[0]:
            kept += nodes
        elif node.output[0] not in found.inside:
            kept.append(node)
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept]
    del graph.node[:]
    graph.node.extend(copies)
