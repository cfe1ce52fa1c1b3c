"""The trees of an ONNX graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ecu_bundle.errors import VerificationError


@dataclass(frozen=True, slots=True)
class GraphTrees:
    """All trees of all TreeEnsemble nodes; arrays over their nodes.

    Attributes:
        ensemble: number of the TreeEnsemble node in the graph.
        tree: number of the tree over the whole graph.
        feature: column of the ensemble's input; 0 for leaves.
        edge: float32: the test is ``x <= edge``; other comparisons are written as this one.
        true_child, false_child: positions of the children; -1 for leaves.
        missing_true: NaN goes to the true child.
        roots: position of each tree's root.
        weights: per ensemble (nodes of the ensemble, targets) float32; None for a classifier's.
        starts: position of each ensemble's first node.
        inputs: name of each ensemble's input tensor.
        outputs: name of each ensemble's result.
        names: name of each ensemble's node.
    """

    ensemble: NDArray[np.int64]
    tree: NDArray[np.int64]
    feature: NDArray[np.int64]
    edge: NDArray[np.float32]
    true_child: NDArray[np.int64]
    false_child: NDArray[np.int64]
    missing_true: NDArray[np.bool_]
    roots: NDArray[np.int64]
    weights: tuple[NDArray[np.float32] | None, ...]
    starts: tuple[int, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    names: tuple[str, ...]

    def trees(self, ensemble: int) -> NDArray[np.int64]:
        """Positions of the roots of one ensemble."""
        roots: NDArray[np.int64] = self.roots[self.ensemble[self.roots] == ensemble]
        return roots

    def sizes(self, ensemble: int) -> list[int]:
        """Nodes of each tree of one ensemble."""
        sizes: list[int] = np.unique(self.tree[self.ensemble == ensemble], return_counts=True)[1].tolist()
        return sizes

    @property
    def splits(self) -> int:
        return int(np.count_nonzero(self.true_child >= 0))


def trees_of(proto: onnx.ModelProto) -> GraphTrees:
    """Reads every TreeEnsembleRegressor and TreeEnsembleClassifier of a graph, in its order."""
    nodes = [n for n in proto.graph.node if n.op_type.startswith("TreeEnsemble")]
    parts = []
    start = trees = 0
    for number, node in enumerate(nodes):
        part = _Part.read(node, number, start, trees)
        parts.append(part)
        start += len(part.tree)
        trees += len(part.roots)

    def joined(name: str, kind: Any) -> NDArray[Any]:
        return np.concatenate([np.empty(0, kind), *(getattr(part, name) for part in parts)]).astype(kind)

    return GraphTrees(
        ensemble=joined("ensemble", np.int64),
        tree=joined("tree", np.int64),
        feature=joined("feature", np.int64),
        edge=joined("edge", np.float32),
        true_child=joined("true_child", np.int64),
        false_child=joined("false_child", np.int64),
        missing_true=joined("missing_true", np.bool_),
        roots=joined("roots", np.int64),
        weights=tuple(part.weights for part in parts),
        starts=tuple(part.start for part in parts),
        inputs=tuple(node.input[0] for node in nodes),
        outputs=tuple(node.output[0] for node in nodes),
        names=tuple(node.name or node.output[0] for node in nodes),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One TreeEnsemble node with positions as in the whole graph."""

    start: int
    ensemble: NDArray[np.int64]
    tree: NDArray[np.int64]
    feature: NDArray[np.int64]
    edge: NDArray[np.float32]
    true_child: NDArray[np.int64]
    false_child: NDArray[np.int64]
    missing_true: NDArray[np.bool_]
    roots: NDArray[np.int64]
    weights: NDArray[np.float32] | None

    @classmethod
    def read(cls, node: onnx.NodeProto, number: int, start: int, trees: int) -> _Part:
        a = {x.name: helper.get_attribute_value(x) for x in node.attribute}
        tree_ids = np.array(a["nodes_treeids"], dtype=np.int64)
        node_ids = np.array(a["nodes_nodeids"], dtype=np.int64)
        modes = np.array([mode.decode() for mode in a["nodes_modes"]])
        leaf = modes == "LEAF"
        stride = int(node_ids.max()) + 1
        keys = tree_ids * stride + node_ids
        order = np.argsort(keys, kind="stable")

        def position(tree: NDArray[np.int64], ids: Any) -> NDArray[np.int64]:
            wanted = tree * stride + np.asarray(ids, dtype=np.int64)
            found = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
            return np.where(keys[found] == wanted, found, -1).astype(np.int64)

        true_child = np.where(leaf, -1, position(tree_ids, a["nodes_truenodeids"]) + start)
        false_child = np.where(leaf, -1, position(tree_ids, a["nodes_falsenodeids"]) + start)
        if bool(np.any(~leaf & ((true_child < start) | (false_child < start)))):
            raise VerificationError("verify", "a split names a child that is not there", place=node.name)
        edge = np.array(a["nodes_values"], dtype=np.float32)
        missing = np.array(a.get("nodes_missing_value_tracks_true") or np.zeros(len(leaf)), dtype=bool)
        # x < t is x <= the float32 below t; x > t is "not x <= t": the children change places
        below = np.isin(modes, ["BRANCH_LT", "BRANCH_GTE"])
        with np.errstate(over="ignore"):
            edge = np.where(below, np.nextafter(edge, np.float32(-np.inf)), edge).astype(np.float32)
        turned = np.isin(modes, ["BRANCH_GT", "BRANCH_GTE"])
        odd = ~leaf & ~np.isin(modes, ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"])
        inner = np.zeros(len(leaf), dtype=bool)
        for children in (true_child, false_child):
            inner[children[~leaf] - start] = True
        roots = np.flatnonzero(~inner)
        roots = roots[np.argsort(tree_ids[roots], kind="stable")]
        numbers = np.unique(tree_ids, return_inverse=True)[1]
        return cls(
            start=start,
            ensemble=np.full(len(leaf), number, dtype=np.int64),
            tree=numbers + trees,
            feature=np.where(leaf, 0, np.array(a["nodes_featureids"], dtype=np.int64)),
            edge=np.where(odd, np.float32(np.nan), edge),
            true_child=np.where(turned, false_child, true_child),
            false_child=np.where(turned, true_child, false_child),
            missing_true=missing ^ turned,
            roots=roots + start,
            weights=_weights(a, position, len(leaf)),
        )


def _weights(a: Mapping[str, Any], position: Any, nodes: int) -> NDArray[np.float32] | None:
    plain = a.get("post_transform", b"NONE") == b"NONE" and a.get("aggregate_function", b"SUM") == b"SUM"
    if "target_weights" not in a or not plain or any(a.get("base_values") or ()):
        return None
    weights = np.zeros((nodes, int(a.get("n_targets", 1))), dtype=np.float32)
    rows = position(np.array(a["target_treeids"], dtype=np.int64), a["target_nodeids"])
    weights[rows, np.array(a["target_ids"], dtype=np.int64)] = np.array(a["target_weights"], np.float32)
    return weights


def constants_of(proto: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    """Initializers and Constant nodes by name."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type == "Constant":
            constants.update(
                (node.output[0], numpy_helper.to_array(a.t)) for a in node.attribute if a.name == "value"
            )
    return constants


def prefix(proto: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The part of a graph that computes some float32 tensors, with these as its outputs."""
    needed = set(names)
    kept = []
    for node in reversed(proto.graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input)
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in dict.fromkeys(names)]
    graph = helper.make_graph(
        kept[::-1],
        proto.graph.name or "prefix",
        list(proto.graph.input),
        outputs,
        [tensor for tensor in proto.graph.initializer if tensor.name in needed],
    )
    return helper.make_model(graph, opset_imports=proto.opset_import, ir_version=proto.ir_version)
