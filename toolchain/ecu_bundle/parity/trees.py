"""Tree ensembles of an ONNX graph as arrays, and rows that sit on their decision boundaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from ecu_bundle.parity.tracing import Source

LEAF = "LEAF"


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The nodes of one TreeEnsemble operator, flat.

    Attributes:
        feature, threshold: of each split, int64 and float32; meaningless for leaves.
        true_child, false_child: positions of the children, -1 for leaves.
        roots: positions of the root nodes.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    true_child: NDArray[np.int64]
    false_child: NDArray[np.int64]
    roots: tuple[int, ...]

    @property
    def splits(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.true_child >= 0)


def ensemble_of(node: onnx.NodeProto) -> Ensemble:
    """Reads TreeEnsembleClassifier or TreeEnsembleRegressor, opset 1 or 3."""
    a: dict[str, Any] = {x.name: helper.get_attribute_value(x) for x in node.attribute}
    keys = list(zip(a["nodes_treeids"], a["nodes_nodeids"], strict=True))
    position = {key: i for i, key in enumerate(keys)}
    modes = [m.decode() for m in a["nodes_modes"]]
    leaf = np.array([m == LEAF for m in modes])
    tree = a["nodes_treeids"]

    def children(name: str) -> NDArray[np.int64]:
        ids = a[name]
        return np.array(
            [-1 if leaf[i] else position[(tree[i], ids[i])] for i in range(len(keys))], dtype=np.int64
        )

    true_child, false_child = children("nodes_truenodeids"), children("nodes_falsenodeids")
    inner = set(true_child.tolist()) | set(false_child.tolist())
    return Ensemble(
        feature=np.array(a["nodes_featureids"], dtype=np.int64),
        threshold=np.array(a["nodes_values"], dtype=np.float32),
        true_child=true_child,
        false_child=false_child,
        roots=tuple(i for i in range(len(keys)) if i not in inner),
    )


def boundary_rows(
    ensemble: Ensemble,
    sources: Mapping[int, Source],
    base: NDArray[np.float32],
    limit: int,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """For each split: rows that reach it and hold its threshold and the float32 next above and below.

    Args:
        ensemble: the trees.
        sources: tree input column -> input value of the row.
        base: rows (any number, features) that give the values of the other features.
        limit: at most so many splits, chosen at random when there are more.
        generator: source of the choices.

    Returns:
        Rows (3 x splits, features). A split behind columns that cannot be traced gives no row, nor
        does one whose threshold is not finite: it only sends NaN another way.
    """
    splits = [int(s) for s in ensemble.splits if int(ensemble.feature[s]) in sources]
    if len(splits) > limit:
        splits = sorted(generator.choice(splits, limit, replace=False).tolist())
    wanted = set(splits)
    rows = []
    for split, lower, upper in _paths(ensemble, sources, base.shape[1]):
        if split not in wanted:
            continue
        source = sources[int(ensemble.feature[split])]
        edge = _input_threshold(ensemble.threshold[split], source)
        if not np.isfinite(edge):
            continue
        row = base[int(generator.integers(len(base)))].copy()
        row = np.where(row > upper, upper, row)
        row = np.where(row <= lower, np.nextafter(lower, np.float32(np.inf)), row).astype(np.float32)
        for value in (edge, np.nextafter(edge, np.float32(np.inf)), np.nextafter(edge, np.float32(-np.inf))):
            row[source.feature] = value
            rows.append(row.copy())
    found = np.array(rows, dtype=np.float32).reshape(-1, base.shape[1])
    return np.asarray(found[np.isfinite(found).all(axis=1)])


def _paths(
    ensemble: Ensemble, sources: Mapping[int, Source], features: int
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
    """Every split with the open lower and closed upper bound that its path sets on each feature."""
    everything = np.full(features, np.inf, dtype=np.float32)
    stack = [(root, -everything, everything) for root in reversed(ensemble.roots)]
    while stack:
        node, lower, upper = stack.pop()
        if ensemble.true_child[node] < 0:
            continue
        yield node, lower, upper
        source = sources.get(int(ensemble.feature[node]))
        down, up = upper, lower
        if source is not None:
            edge = _input_threshold(ensemble.threshold[node], source)
            down, up = upper.copy(), lower.copy()
            down[source.feature] = min(down[source.feature], edge)
            up[source.feature] = max(up[source.feature], edge)
        stack.append((int(ensemble.false_child[node]), up, upper))
        stack.append((int(ensemble.true_child[node]), lower, down))


def _input_threshold(threshold: np.float32, source: Source) -> np.float32:
    """The threshold in units of the input; exact when nothing stands before the tree."""
    if source.exact:
        return np.float32(threshold)
    return np.float32(float(threshold) / source.scale + source.offset)
