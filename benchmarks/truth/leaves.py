"""Which leaf a row reaches: by the ONNX graph, with a walk of its own, and by scikit-learn's ``apply``."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from ecu_bundle.interface import Rows
from ecu_bundle.parity.witnesses.probes import graph_matrices

_INPUT = "X"


def wrong_leaves(proto: onnx.ModelProto, estimator: Any, rows: NDArray[np.float32]) -> int | None:
    """How many (row, tree) pairs reach another leaf; None where the trees cannot be told apart."""
    ours, theirs = graph_leaves(proto, rows), estimator_leaves(estimator, rows)
    if ours.shape != theirs.shape or not _in_order(proto, estimator):
        return None
    return int((ours != theirs).sum())


def _in_order(proto: onnx.ModelProto, estimator: Any) -> bool:
    """Trees of one ensemble are numbered. Several ensembles may stand in any order in a graph: they are
    in the estimator's when each root has the threshold of its tree, but for the rounding to float32."""
    nodes = [node for node in proto.graph.node if node.op_type.startswith("TreeEnsemble")]
    if len(nodes) == 1:
        return True
    model = estimator[-1] if hasattr(estimator, "steps") else estimator
    found = [
        next(helper.get_attribute_value(a)[0] for a in n.attribute if a.name == "nodes_values") for n in nodes
    ]
    own = [member.tree_.threshold[0] for member in model.estimators_]
    return len(found) == len(own) and np.allclose(found, own, rtol=2.0**-22, atol=0.0)


def graph_leaves(proto: onnx.ModelProto, rows: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number of the leaf in each tree of the graph, (rows, trees), in the order of the graph."""
    nodes = [node for node in proto.graph.node if node.op_type.startswith("TreeEnsemble")]
    matrices = graph_matrices(proto, [node.input[0] for node in nodes], Rows({_INPUT: rows}))
    columns = [_walk(node, matrices[node.input[0]]) for node in nodes]
    return np.concatenate([np.empty((len(rows), 0), dtype=np.int64), *columns], axis=1)


def _walk(node: onnx.NodeProto, matrix: NDArray[np.float32]) -> NDArray[np.int64]:
    a: dict[str, Any] = {x.name: helper.get_attribute_value(x) for x in node.attribute}
    place = {key: i for i, key in enumerate(zip(a["nodes_treeids"], a["nodes_nodeids"], strict=True))}
    inner = np.array([mode != b"LEAF" for mode in a["nodes_modes"]])
    missing = np.array(a.get("nodes_missing_value_tracks_true") or np.zeros(len(inner)), dtype=bool)

    def children(name: str) -> NDArray[np.int64]:
        pairs = zip(a["nodes_treeids"], a[name], strict=True)
        return np.array([place[pair] if split else -1 for pair, split in zip(pairs, inner, strict=True)])

    true, false = children("nodes_truenodeids"), children("nodes_falsenodeids")
    feature, edge = np.array(a["nodes_featureids"]), np.array(a["nodes_values"], dtype=np.float32)
    roots = [place[tree, 0] for tree in sorted(set(a["nodes_treeids"]))]
    at = np.tile(np.array(roots), (len(matrix), 1))
    while (going := inner[at]).any():
        row, column = np.nonzero(going)
        here = at[row, column]
        value = matrix[row, feature[here]]
        yes = np.where(np.isnan(value), missing[here], value <= edge[here])
        at[row, column] = np.where(yes, true[here], false[here])
    reached: NDArray[np.int64] = np.array(a["nodes_nodeids"], dtype=np.int64)[at]
    return reached


def estimator_leaves(estimator: Any, rows: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number of the leaf in each tree of the estimator, (rows, trees), by its own arithmetic."""
    matrix: Any = rows.astype(np.float64)
    model = estimator
    if hasattr(estimator, "steps"):
        matrix, model = estimator[:-1].transform(matrix), estimator[-1]
    if hasattr(model, "_predictors"):
        found = [
            _hist_leaves(predictor, model, matrix)
            for iteration in model._predictors
            for predictor in iteration
        ]
        return np.stack(found, axis=1)
    if not hasattr(model, "estimators_"):
        return np.asarray(model.apply(matrix), dtype=np.int64)[:, None]
    if hasattr(model, "apply"):
        return np.asarray(model.apply(matrix), dtype=np.int64).reshape(len(rows), -1)
    columns = getattr(model, "estimators_features_", None) or [slice(None)] * len(model.estimators_)
    found = [member.apply(matrix[:, part]) for member, part in zip(model.estimators_, columns, strict=True)]
    return np.stack(found, axis=1).astype(np.int64)


def _hist_leaves(predictor: Any, model: Any, matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    """A predictor of histogram boosting whose leaves say their number in place of their value."""
    numbered = copy.deepcopy(predictor)
    numbered.nodes["value"] = np.arange(len(numbered.nodes))
    known, place = model._bin_mapper.make_known_categories_bitsets()
    values = numbered.predict(np.ascontiguousarray(matrix), known, place, n_threads=1)
    return np.asarray(values, dtype=np.int64)
