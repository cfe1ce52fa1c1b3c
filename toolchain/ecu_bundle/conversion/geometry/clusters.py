"""Clusters of the nearest centre: KMeans, MeanShift, AffinityPropagation, Birch, BisectingKMeans.

A label without distances beside it, or from comparisons that the distances do not show, is decided in
float64: nothing says how close such a decision was, so it must be scikit-learn's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.geometry import distances
from ecu_bundle.conversion.geometry.distances import EUCLIDEAN
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_label


def convert_centres(scope: Any, operator: Any, container: Any) -> None:
    """KMeans, MiniBatchKMeans: the nearest centre, and the distances to all of them."""
    _write_nearest(Arithmetic(scope, operator, container), operator.raw_operator.cluster_centers_)


def convert_birch(scope: Any, operator: Any, container: Any) -> None:
    """Birch: the cluster of the nearest subcluster, and the distances to all subclusters."""
    model = operator.raw_operator
    real = Arithmetic(scope, operator, container)
    _write_nearest(real, model.subcluster_centers_, model.subcluster_labels_)


def convert_labels(scope: Any, operator: Any, container: Any) -> None:
    """MeanShift, AffinityPropagation: the nearest centre alone."""
    centres = getattr(operator.raw_operator, "cluster_centers_", None)
    if centres is None:
        raise NotImplementedError("it was trained on affinities and cannot predict; train it on rows")
    if len(centres) == 0:
        raise NotImplementedError("its training did not converge and found no clusters")
    real = Arithmetic(scope, operator, container, double=True)
    squared = distances.reduced(real, real.input(), centres, EUCLIDEAN)
    real.write_label(real.op("ArgMin", squared, axis=1, keepdims=0), np.arange(len(centres)))


def _write_nearest(
    real: Arithmetic, centres: NDArray[np.float64], labels: NDArray[np.int64] | None = None
) -> None:
    squared = distances.reduced(real, real.input(), centres, EUCLIDEAN)
    nearest = real.op("ArgMin", squared, axis=1, keepdims=0)
    real.write_label(nearest, np.arange(len(centres)) if labels is None else labels)
    real.write(real.op("Sqrt", squared), 1)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A cluster of a bisecting tree: its label, and the turns (split, to the right) that lead to it."""

    label: int
    turns: tuple[tuple[int, bool], ...]


def convert_bisecting(scope: Any, operator: Any, container: Any) -> None:
    """BisectingKMeans: the label at the end of a path of comparisons, and the distances to all centres.

    Every comparison of the tree is made; a leaf is reached when all turns on its path are right, which
    a product with whole numbers counts.
    """
    model = operator.raw_operator
    pairs: list[NDArray[np.float64]] = []
    leaves = list(_leaves(model._bisecting_tree, (), pairs))
    real = Arithmetic(scope, operator, container)
    squared = distances.reduced(real, real.input(), model.cluster_centers_, EUCLIDEAN)
    real.write(real.op("Sqrt", squared), 1)
    if not pairs:
        nearest = real.op("ArgMin", squared, axis=1, keepdims=0)
        real.write_label(nearest, [leaf.label for leaf in leaves])
        return
    exact = Arithmetic(scope, operator, container, double=True)
    centres = np.stack(pairs) + getattr(model, "_X_mean", 0.0)
    rows = exact.input()
    left, right = (distances.reduced(exact, rows, centres[:, side], EUCLIDEAN) for side in (0, 1))
    goes_right = exact.real(exact.op("Less", right, left))
    turns = np.zeros((len(pairs), len(leaves)))
    wrong = np.zeros(len(leaves))
    for position, leaf in enumerate(leaves):
        for split, to_right in leaf.turns:
            turns[split, position] = 1.0 if to_right else -1.0
            wrong[position] -= 1.0 if to_right else 0.0
    # 0 for the leaf that is reached, else minus the number of wrong turns
    score = exact.op("Add", exact.op("MatMul", goes_right, turns), wrong)
    exact.write_label(exact.op("ArgMax", score, axis=1, keepdims=0), [leaf.label for leaf in leaves])


def _leaves(
    node: Any, turns: tuple[tuple[int, bool], ...], pairs: list[NDArray[np.float64]]
) -> Iterator[_Leaf]:
    """The leaves from left to right; adds the two centres (2, features) of each split to ``pairs``."""
    if node.left is None:
        yield _Leaf(int(node.label), turns)
        return
    split = len(pairs)
    pairs.append(np.stack([node.left.center, node.right.center]))
    yield from _leaves(node.left, (*turns, (split, False)), pairs)
    yield from _leaves(node.right, (*turns, (split, True)), pairs)


def families() -> list[Family]:
    """Every kind of cluster that is predicted by distances to centres."""
    from sklearn import cluster

    distance_to_centres = shape_of_label(lambda model: len(model.cluster_centers_))
    both, label = outputs("label", "scores"), outputs("label")
    return [
        Family(cluster.KMeans, convert_centres, distance_to_centres, both),
        Family(cluster.MiniBatchKMeans, convert_centres, distance_to_centres, both),
        Family(cluster.BisectingKMeans, convert_bisecting, distance_to_centres, both),
        Family(
            cluster.Birch, convert_birch, shape_of_label(lambda model: len(model.subcluster_centers_)), both
        ),
        Family(cluster.MeanShift, convert_labels, shape_of_label(), label, wide=True),
        Family(cluster.AffinityPropagation, convert_labels, shape_of_label(), label, wide=True),
    ]
