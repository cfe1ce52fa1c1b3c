"""Match the trees of a graph with scikit-learn's, split by split, and witness each split.

A split of the graph sends a float32 x to its true child when ``x <= edge``; scikit-learn sends it left
when ``cast(g(x)) <= t``, with g its own preprocessing of that column. Both decide by one cut of the
line, g being monotone; so they agree for every float32 x when they agree at the edge, at the float32
next above it, and at both infinities. NaN is tried on its own. Where both look a number up in a table,
they agree for every float32 when they agree at every key of both tables and at one other number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.errors import VerificationError
from ecu_bundle.parity.witnesses.columns import Origin
from ecu_bundle.parity.witnesses.forests import MAX_CODES, Forest
from ecu_bundle.parity.witnesses.graph import GraphTrees
from ecu_bundle.parity.witnesses.probes import Probes

UNPROVED, RISING, FALLING = 0, 1, -1
"""Verdicts: no proof; the true child is scikit-learn's left one; it is the right one."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side makes of the probes.

    Attributes:
        values: (probes, columns): the matrix that the trees see; None when no column is understood.
        feature: the input value behind each column; -1 when there is no proof for the column.
        reasons: why there is none, by column.
        keys: of the columns that are looked up in a table, as in `Origin`; None for others.
    """

    values: NDArray[np.float64] | None
    feature: NDArray[np.int64]
    reasons: tuple[str, ...]
    keys: tuple[tuple[float, ...] | None, ...]

    @property
    def listed(self) -> NDArray[np.bool_]:
        """The columns that are looked up."""
        return np.array([keys is not None for keys in self.keys], dtype=bool)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The values, of a side that has columns with a proof."""
        return np.empty((0, 0)) if self.values is None else self.values


def side_of(origins: Sequence[Origin], feature_of_raw: Sequence[int], coded: NDArray[np.bool_]) -> Side:
    """The columns of one side, without values yet.

    Args:
        origins: of the columns.
        feature_of_raw: the input value for each raw column; -1 when the interface does not have it.
        coded: input values that are enumerations: they need no monotone way, every code is tried.
    """
    features, reasons, keys = [], [], []
    for origin in origins:
        feature = -1 if origin.raw is None else feature_of_raw[origin.raw]
        proof = feature >= 0 and (origin.monotone or origin.keys is not None or bool(coded[feature]))
        features.append(feature if proof else -1)
        reasons.append("" if proof else origin.reason or "its column is not a monotone way of one number")
        keys.append(origin.keys if proof and not coded[feature] else None)
    return Side(None, np.array(features, dtype=np.int64), tuple(reasons), tuple(keys))


@dataclass(frozen=True, slots=True)
class Matched:
    """The splits and leaves of a forest with their counterparts in the graph.

    Attributes:
        splits, graph_splits: positions of splits in the forest and in the graph.
        verdicts: of each split: RISING (true child is left), FALLING (true child is right), UNPROVED.
        leaves, graph_leaves: positions of leaves.
    """

    splits: NDArray[np.int64]
    graph_splits: NDArray[np.int64]
    verdicts: NDArray[np.int64]
    leaves: NDArray[np.int64]
    graph_leaves: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairing:
    """A forest of scikit-learn beside its counterpart in the graph.

    Attributes:
        forest: scikit-learn's trees.
        graph: the trees of the graph.
        roots: position in the graph of the counterpart of each tree's root.
        ours: scikit-learn's side.
        theirs: the graph's side, by ensemble.
        slot: for each node of the graph the slot of its edge among the probes.
        probes: the rows that were tried.
    """

    forest: Forest
    graph: GraphTrees
    roots: NDArray[np.int64]
    ours: Side
    theirs: Sequence[Side]
    slot: NDArray[np.int64]
    probes: Probes

    def match(self) -> Matched:
        """Walks both forests from the roots, level by level, and judges every split.

        Raises:
            VerificationError: a split that goes another way, or trees of another shape; names the
                tree, the node and the input.
        """
        forest, graph = self.forest, self.graph
        a, b = forest.roots, self.roots
        found: list[tuple[NDArray[np.int64], ...]] = []
        while len(a):
            leaf = forest.left[a] < 0
            differs = leaf != (graph.true_child[b] < 0)
            if differs.any():
                self._refute_shape(int(a[np.argmax(differs)]), leaf=bool(leaf[np.argmax(differs)]))
            leaves = a[leaf], b[leaf]
            a, b = a[~leaf], b[~leaf]
            verdict = self._judge(a, b)
            found.append((a, b, verdict, *leaves))
            swapped = verdict == FALLING
            left = np.where(swapped, graph.false_child[b], graph.true_child[b])
            right = np.where(swapped, graph.true_child[b], graph.false_child[b])
            a, b = (np.concatenate([forest.left[a], forest.right[a]]), np.concatenate([left, right]))
        return Matched(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _judge(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
        """The verdict on pairs of splits."""
        verdict = np.full(len(a), UNPROVED, dtype=np.int64)
        if self.ours.values is None:
            return verdict
        mine = self.ours.feature[self.forest.feature[a]]
        for ensemble in np.unique(self.graph.ensemble[b]).tolist():
            side = self.theirs[ensemble]
            here = np.flatnonzero(self.graph.ensemble[b] == ensemble)
            other = side.feature[self.graph.feature[b[here]]]
            known = (mine[here] >= 0) & (other >= 0) & ~np.isnan(self.graph.edge[b[here]])
            listed = self.ours.listed[self.forest.feature[a[here]]]
            known &= listed == side.listed[self.graph.feature[b[here]]]
            another = np.flatnonzero(known & (mine[here] != other))
            if len(another):
                names = (
                    self.probes.names[int(mine[here[another[0]]])],
                    self.probes.names[int(other[another[0]])],
                )
                self._refute(int(a[here[another[0]]]), names[0], f"the converted split tests {names[1]!r}")
            chosen = here[known]
            coded, listed = self.probes.codes[mine[chosen]] > 0, listed[known]
            for part, tried in (
                (chosen[~coded & ~listed], self.probes.around_edges),
                (chosen[coded], self.probes.all_codes),
                (chosen[listed], self.probes.all_keys),
            ):
                if len(part):
                    trials = tried(mine[part], self.slot[b[part]])
                    verdict[part] = self._try(a[part], b[part], mine[part], side, trials)
        return verdict

    def _try(
        self,
        a: NDArray[np.int64],
        b: NDArray[np.int64],
        feature: NDArray[np.int64],
        side: Side,
        tried: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """The verdict on splits by the rows that are tried for each, (splits, trials); -1 for none."""
        counts = tried >= 0
        truth = _goes_true(self.graph, side, b, tried)
        left = _goes_left(self.forest, self.ours, a, tried)
        same = np.all((truth == left) | ~counts, axis=1)
        opposite = np.all((truth != left) | ~counts, axis=1)
        wrong = np.flatnonzero(~same & ~opposite)
        if len(wrong):
            # the trial that goes against most others is the odd one
            w = wrong[0]
            agree = truth[w] == left[w]
            rising = 2 * np.count_nonzero(agree & counts[w]) >= np.count_nonzero(counts[w])
            odd = int(np.argmax(counts[w] & (agree != rising)))
            value = self.probes.value(int(tried[w, odd]), int(feature[w]))
            way = "left" if left[w, odd] else "right"
            more = f"; {len(wrong) - 1} more splits of this depth differ" if len(wrong) > 1 else ""
            cause = f"at {value!s} scikit-learn goes {way}, the graph not{more}"
            self._refute(int(a[w]), self.probes.names[int(feature[w])], cause)
        return np.where(same, RISING, FALLING).astype(np.int64)

    def _refute_shape(self, node: int, *, leaf: bool) -> None:
        kinds = ("a leaf", "a split") if leaf else ("a split", "a leaf")
        self._refute(node, "", f"{kinds[0]} in scikit-learn is {kinds[1]} in the graph")

    def _refute(self, node: int, name: str, cause: str) -> None:
        raise refutation(self.forest, node, cause, feature=name)


def refutation(forest: Forest, node: int, cause: str, *, feature: str = "") -> VerificationError:
    """The error that names a tree, a node and an input."""
    place = f"{forest.name}, tree {forest.tree[node]}, node {forest.node[node]}"
    return VerificationError(
        "verify",
        f"the converted trees are not scikit-learn's: {cause}",
        place=place + (f", feature {feature}" if feature else ""),
        hint="the conversion is wrong; report it with the model",
    )


def _goes_true(
    graph: GraphTrees, side: Side, b: NDArray[np.int64], tried: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The test of the graph on the graph's matrix."""
    value = side.matrix[tried, graph.feature[b][:, None]]
    edge = graph.edge[b][:, None].astype(np.float64)
    passed: NDArray[np.bool_] = np.where(np.isnan(value), graph.missing_true[b][:, None], value <= edge)
    return passed


def _goes_left(
    forest: Forest, side: Side, a: NDArray[np.int64], tried: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """scikit-learn's test on scikit-learn's matrix."""
    value = side.matrix[tried, forest.feature[a][:, None]]
    if forest.single:
        with np.errstate(over="ignore"):
            value = value.astype(np.float32).astype(np.float64)
    missing = forest.missing_left[a][:, None]
    left: NDArray[np.bool_] = value <= forest.threshold[a][:, None]
    by_set = np.flatnonzero(forest.set_of[a] >= 0)
    if len(by_set):
        # codes are whole numbers from 0; every other one goes where missing values go
        code = np.nan_to_num(value[by_set], nan=-1.0, posinf=-1.0, neginf=-1.0).astype(np.int64)
        known = (code >= 0) & (code < MAX_CODES)
        inside = forest.sets[forest.set_of[a[by_set]][:, None], np.where(known, code, 0)]
        left[by_set] = np.where(known, inside, missing[by_set])
    left = np.where(np.isnan(value), missing, left)
    return left
