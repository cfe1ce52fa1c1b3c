"""Proof for tree models: every split of the converted graph goes scikit-learn's way for every float32.

- ``forests``, ``families``, ``boosters``: the trees of an estimator, and what it does with their leaves
- ``sites``: where they are in the fitted estimator, and the steps before them
- ``columns``: which raw column stands behind each column of the trees' matrix, in scikit-learn
- ``graph``, ``graph_columns``: the same of the ONNX graph
- ``probes``: the values that are tried, through scikit-learn's steps and through the graph
- ``splits``: the two forests side by side, a verdict for each split
- ``leaves``, ``numbers``: leaf values and their sum, and values that are looked up

``docs/proof.md`` explains the argument. Nothing here uses the conversion.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.errors import VerificationError
from ecu_bundle.parity.witnesses.columns import origins_of
from ecu_bundle.parity.witnesses.forests import Forest, Use
from ecu_bundle.parity.witnesses.graph import GraphTrees, trees_of
from ecu_bundle.parity.witnesses.graph_columns import column_origins, padded
from ecu_bundle.parity.witnesses.leaves import Leaves, SumBound, leaf_errors, witness_leaves
from ecu_bundle.parity.witnesses.numbers import Lookup, lookup_of
from ecu_bundle.parity.witnesses.probes import Probes, graph_matrices, prepared, probes_of
from ecu_bundle.parity.witnesses.sites import Site, sites_of
from ecu_bundle.parity.witnesses.splits import UNPROVED, Matched, Pairing, Side, refutation, side_of

__all__ = ["SumBound", "Witnesses", "leaf_errors", "witness"]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What is proved of the trees of a converted model.

    Attributes:
        splits: splits of all trees of the graph.
        proved: of these, witnessed: every float32 that the input accepts goes scikit-learn's way.
        unproved: for the rest, how many and why, one sentence each.
        digest: SHA-256 over all witnesses in the order of the trees.
        sums: what is proved of the sums of leaves.
    """

    splits: int
    proved: int
    unproved: tuple[str, ...]
    digest: str
    sums: tuple[SumBound, ...] = ()

    @property
    def complete(self) -> bool:
        """Every leaf that the graph reaches is scikit-learn's, for every accepted input."""
        return self.splits == self.proved and not self.unproved


def witness(estimator: Any, model: OnnxModel) -> Witnesses:
    """Witnesses every split and leaf of a converted model.

    Args:
        estimator: the fitted scikit-learn estimator as it was handed over.
        model: its conversion.

    Returns:
        Counts, sums and digest. A model without trees has no splits and nothing unproved.

    Raises:
        VerificationError: a split that sends a float32 another way than scikit-learn, trees of another
            shape, or leaves of another value; names the tree, the node and the input.
    """
    graph = trees_of(model.proto)
    sites, reasons = sites_of(estimator)
    digest = hashlib.sha256()
    if not graph.names:
        return Witnesses(0, 0, tuple(reasons), digest.hexdigest())
    coded = np.array([bool(t.codes) for t in model.interface.inputs for _ in range(t.elements)])
    raw = _feature_of_raw(model)
    places = [place for site in sites for place in _places(site, graph)]
    columns = max(len(model.columns), len(raw))
    mine = [side_of(origins_of(place.steps, columns), raw, coded) for place in places]
    theirs = _graph_sides(graph, model, coded)
    slot, probes = _probes(graph, model, theirs, mine)
    theirs = _with_values(graph, model, theirs, probes)
    lookups = [lookup_of(model.proto, name) for name in graph.outputs]
    unproved: Counter[str] = Counter()
    sums: list[SumBound] = []
    free = list(range(len(graph.names)))
    proved = matched_splits = 0
    for place, side in zip(places, mine, strict=True):
        ours = side
        if (ours.feature >= 0).any():
            ours = dataclasses.replace(ours, values=prepared(place.steps, model, probes.rows))
        for forest in _units(place.forest, graph, free):
            found = _find(forest, graph, free, lookups, ours=ours, theirs=theirs, slot=slot, probes=probes)
            if found is None:
                reasons.append(f"no ensemble of the graph has the {len(forest.sizes)} trees of {forest.name}")
                continue
            matched, leaves = found
            unproved.update(_reasons(forest, graph, matched, ours, theirs))
            proved += int(np.count_nonzero(matched.verdicts != UNPROVED))
            matched_splits += len(matched.splits)
            sums += leaves.bounds
            if leaves.reason:
                unproved[f"leaf values of {forest.name}: {leaves.reason}"] += len(matched.leaves)
            _record(digest, forest, graph, matched, leaves.errors)
    if matched_splits < graph.splits:
        reasons.append(f"{graph.splits - matched_splits} splits of the graph have no counterpart")
    told = [f"{reason} ({count})" for reason, count in sorted(unproved.items())]
    return Witnesses(graph.splits, proved, (*told, *reasons), digest.hexdigest(), tuple(sums))


def _places(site: Site, graph: GraphTrees) -> list[Site]:
    """The site, or its parts where the graph has no ensemble of all its trees."""
    count = len(site.forest.sizes)
    whole = any(len(graph.trees(ensemble)) == count for ensemble in range(len(graph.names)))
    return [site] if whole or not site.parts else list(site.parts)


def _units(forest: Forest, graph: GraphTrees, free: Sequence[int]) -> list[Forest]:
    """The forest as the graph has it: one ensemble, or one for each tree."""
    count = len(forest.sizes)
    whole = any(len(graph.trees(ensemble)) == count for ensemble in free)
    return [forest] if whole or count == 1 or forest.use is not Use.ADDED else forest.members()


def _find(
    forest: Forest,
    graph: GraphTrees,
    free: list[int],
    lookups: Sequence[Lookup | None],
    *,
    ours: Side,
    theirs: Sequence[Side],
    slot: NDArray[np.int64],
    probes: Probes,
) -> tuple[Matched, Leaves] | None:
    """Takes the ensemble of the graph that is this forest: the order of members may differ.

    Returns:
        None when no free ensemble has as many trees.

    Raises:
        VerificationError: the ensemble of the same shape differs.
    """
    candidates = [e for e in free if len(graph.trees(e)) == len(forest.sizes)]
    candidates.sort(key=lambda e: graph.sizes(e) != forest.sizes)
    failures: list[VerificationError] = []
    wrong = -1
    for ensemble in candidates:
        pairing = Pairing(forest, graph, graph.trees(ensemble), ours, theirs, slot, probes)
        try:
            matched = pairing.match()
        except VerificationError as error:
            failures.append(error)
            continue
        leaves = witness_leaves(forest, graph, matched, lookups[ensemble])
        if leaves.worst < 0:
            free.remove(ensemble)
            return matched, leaves
        wrong = leaves.worst if wrong < 0 else wrong
    if wrong >= 0:
        raise refutation(forest, wrong, "a leaf has another value")
    if failures:
        raise failures[0]
    return None


def _feature_of_raw(model: OnnxModel) -> list[int]:
    """The input value of the interface for each column of the estimator; -1 when it is left out."""
    if not any(column.name for column in model.columns):
        return list(range(model.interface.features))
    place = {}
    start = 0
    for tensor in model.interface.inputs:
        place[tensor.name] = start
        start += tensor.elements
    return [place.get(column.name, -1) for column in model.columns]


def _graph_sides(graph: GraphTrees, model: OnnxModel, coded: NDArray[np.bool_]) -> list[Side]:
    known = column_origins(model.proto, model.interface)
    sides = []
    for number, name in enumerate(graph.inputs):
        features = graph.feature[graph.ensemble == number]
        origins = padded(known.get(name, []), int(features.max(initial=0)) + 1)
        sides.append(side_of(origins, range(model.interface.features), coded))
    return sides


def _probes(
    graph: GraphTrees, model: OnnxModel, theirs: Sequence[Side], ours: Sequence[Side]
) -> tuple[NDArray[np.int64], Probes]:
    """The probes of all edges and of all numbers that are looked up, and the slot of each node's edge."""
    feature = np.full(len(graph.edge), -1, dtype=np.int64)
    for number, side in enumerate(theirs):
        here = (graph.ensemble == number) & (graph.true_child >= 0) & ~np.isnan(graph.edge)
        feature[here] = side.feature[graph.feature[here]]
    slot = np.zeros(len(graph.edge), dtype=np.int64)
    edges = []
    keys = _keys([*theirs, *ours])
    for number in range(model.interface.features):
        here = np.flatnonzero(feature == number)
        own = np.unique(np.concatenate([graph.edge[here], keys.get(number, graph.edge[:0])]))
        slot[here] = np.searchsorted(own, graph.edge[here])
        edges.append(own)
    return slot, probes_of(model, edges)


def _keys(sides: Sequence[Side]) -> dict[int, NDArray[np.float32]]:
    """The float32 numbers that tables tell apart, by input value."""
    found: dict[int, set[float]] = {}
    for side in sides:
        for feature, keys in zip(side.feature.tolist(), side.keys, strict=True):
            if keys is not None:
                found.setdefault(feature, set()).update(keys)
    with np.errstate(over="ignore"):
        return {feature: np.array(sorted(keys), dtype=np.float32) for feature, keys in found.items()}


def _with_values(graph: GraphTrees, model: OnnxModel, sides: Sequence[Side], probes: Probes) -> list[Side]:
    used = [name for name, side in zip(graph.inputs, sides, strict=True) if (side.feature >= 0).any()]
    matrices = graph_matrices(model.proto, used, probes.rows)
    return [
        dataclasses.replace(side, values=matrices[name].astype(np.float64)) if name in matrices else side
        for name, side in zip(graph.inputs, sides, strict=True)
    ]


def _reasons(
    forest: Forest, graph: GraphTrees, matched: Matched, ours: Side, theirs: Sequence[Side]
) -> Counter[str]:
    found: Counter[str] = Counter()
    open_ = matched.verdicts == UNPROVED
    for a, b in zip(matched.splits[open_].tolist(), matched.graph_splits[open_].tolist(), strict=True):
        side = theirs[int(graph.ensemble[b])]
        column, other = int(forest.feature[a]), int(graph.feature[b])
        reason = ours.reasons[column] or side.reasons[other]
        found[reason or "a comparison that ONNX does not have for trees"] += 1
    return found


def _record(
    digest: Any, forest: Forest, graph: GraphTrees, matched: Matched, errors: NDArray[np.float64]
) -> None:
    """Adds the witnesses of one forest, by tree and node, little-endian."""
    order = np.argsort(matched.splits, kind="stable")
    a, b = matched.splits[order], matched.graph_splits[order]
    arrays: tuple[tuple[NDArray[Any], str], ...] = (
        (forest.tree[a], "<i8"),
        (forest.node[a], "<i8"),
        (forest.feature[a], "<i8"),
        (forest.threshold[a], "<f8"),
        (graph.feature[b], "<i8"),
        (graph.edge[b], "<f4"),
        (matched.verdicts[order], "<i8"),
        (errors[np.argsort(matched.leaves, kind="stable")] if len(errors) else errors, "<f8"),
    )
    digest.update(forest.name.encode() + b"\0")
    for array, kind in arrays:
        digest.update(np.ascontiguousarray(array.astype(kind)).tobytes())
