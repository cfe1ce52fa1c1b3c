"""The tables of nodes. Formats: ``docs/native_trees.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.trees.ensemble import Ensemble
from ecu_bundle.lowering.trees.slots import Slots

LAST_LINK: Final = 2**15 - 1
"""Largest distance to a right child, and largest number of a leaf within its tree."""

_MAX_SLOTS: Final = 2**16
_MAX_RANKED_SLOTS: Final = 2**8
_MAX_RANKS: Final = 254
_MAX_COMPLETE_DEPTH: Final = 8
_HALVINGS_SHIFT: Final = 16
LINKED: Final = ("keyed", "ranked")
"""Layouts whose nodes name their right child."""

KEYED: Final = np.dtype([("slot", "<u2"), ("link", "<i2"), ("key", "<i4")])
KEYED_HEAD: Final = np.dtype([("rows", "<u4"), ("leaves", "<u4")])
RANKED: Final = np.dtype([("slot", "u1"), ("rank", "u1"), ("link", "<i2")])
RANKED_HEAD: Final = np.dtype([("rows", "<u2"), ("leaves", "<u2")])


@dataclass(frozen=True, slots=True)
class Links:
    """A tree in the order of its table: each split is followed by its left child.

    Attributes:
        node: of the ensemble, for each row of the table.
        mirrored: the split's children have changed sides.
        link: distance to the right child in nodes, or the complement of the number, within the tree, of the
            leaf on the right.
    """

    node: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    link: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Nodes of all trees.

    Attributes:
        name: ``keyed``, ``ranked`` or ``complete``: the first part of the kernel's name.
        table: of slots, little-endian words.
        edges: thresholds of all slots, int32; empty for ``keyed``.
        nodes: bytes.
        count: how many nodes the record says.
        slots: how many slots there are.
        slot_size: bytes of a slot.
        depth: of complete trees, else 0.
    """

    name: str
    table: NDArray[np.uint32]
    edges: NDArray[np.int32]
    nodes: bytes
    count: int
    slots: int
    slot_size: int
    depth: int = 0

    @property
    def halvings(self) -> int:
        """Steps of the searches for all ranks."""
        if self.slot_size > 1:
            return 0
        return int((self.table[:, 1] >> _HALVINGS_SHIFT).sum())

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return self.table.nbytes + self.edges.nbytes + len(self.nodes)


def links_of(ensemble: Ensemble, root: int, number: NDArray[np.int64]) -> Links:
    """The table of one tree; ``number`` is that of each leaf, within its tree.

    A right child that is a leaf is named by the link of its split; a left one takes a row of its own. The
    larger child is on the left, where a step takes half as long: rows reach it more often (benchmarks: all
    steps together cost a sixth less). So a leaf is on the left only where both children are leaves.
    """
    node: list[int] = []
    link: list[int] = []
    mirrored = ensemble.size[ensemble.right] > ensemble.size[ensemble.left]
    left = np.where(mirrored, ensemble.right, ensemble.left)
    right = np.where(mirrored, ensemble.left, ensemble.right)
    leaf = ensemble.leaf
    pending = [(root, -1)]
    while pending:
        here, parent = pending.pop()
        place = len(node)
        node.append(here)
        link.append(0)
        if parent >= 0:
            link[parent] = place - parent
        if leaf[here] >= 0:
            link[place] = ~int(number[leaf[here]])
            continue
        other = int(right[here])
        if leaf[other] >= 0:
            link[place] = ~int(number[leaf[other]])
        else:
            pending.append((other, place))
        pending.append((int(left[here]), -1))
    rows = np.array(node)
    return Links(rows, mirrored[rows] & (leaf[rows] < 0), np.array(link))


def keyed(trees: Sequence[Links], bases: Sequence[int], slots: Slots) -> Layout | None:
    """Nodes of 8 bytes; None when a number is too large for them."""
    if slots.count > _MAX_SLOTS or not _links_fit(trees):
        return None
    parts = []
    for tree, leaves in zip(trees, bases, strict=True):
        rows = np.zeros(len(tree.node), dtype=KEYED)
        rows["slot"], rows["link"] = slots.slot[tree.node] + tree.mirrored, tree.link
        rows["key"] = np.where(rows["slot"] > 0, slots.keys(tree.node, tree.mirrored), 0)
        parts += [np.array([(len(rows) + 1, leaves)], dtype=KEYED_HEAD).tobytes(), rows.tobytes()]
    nodes = b"".join(parts)
    table = slots.table.astype("<u4")
    return Layout("keyed", table, np.zeros(0, "<i4"), nodes, len(nodes) // KEYED.itemsize, slots.count, 4)


def ranked(trees: Sequence[Links], bases: Sequence[int], slots: Slots) -> Layout | None:
    """Nodes of 4 bytes; None when a number is too large for them."""
    head_limit = np.iinfo(np.uint16).max
    fits = _ranks_fit(slots) and _links_fit(trees) and max(bases) <= head_limit
    if not fits or max(len(tree.node) for tree in trees) >= head_limit:
        return None
    parts = []
    for tree, leaves in zip(trees, bases, strict=True):
        rows = np.zeros(len(tree.node), dtype=RANKED)
        rows["slot"], rows["link"] = slots.slot[tree.node] + tree.mirrored, tree.link
        rows["rank"] = np.where(rows["slot"] > 0, slots.ranks(tree.node, tree.mirrored), 0)
        parts += [np.array([(len(rows) + 1, leaves)], dtype=RANKED_HEAD).tobytes(), rows.tobytes()]
    nodes = b"".join(parts)
    count = len(nodes) // RANKED.itemsize
    return Layout("ranked", _ranked_table(slots), _edges(slots), nodes, count, slots.count, 1)


def depth_of(ensemble: Ensemble) -> int:
    """Most splits from a root to a leaf."""
    depth, level = 0, ensemble.roots
    while True:
        level = level[ensemble.leaf[level] < 0]
        if not len(level):
            return depth
        level = np.concatenate([ensemble.left[level], ensemble.right[level]])
        depth += 1


def complete(ensemble: Ensemble, slots: Slots) -> tuple[Layout, NDArray[np.int64]] | None:
    """Splits of 2 bytes in trees that are filled up to the same depth, and the leaf at each end.

    Returns:
        The layout, and (trees, 2**depth) positions of leaves; None when they would be too deep.
    """
    depth = max(depth_of(ensemble), 1)
    if depth > _MAX_COMPLETE_DEPTH or not _ranks_fit(slots):
        return None
    level = ensemble.roots[:, np.newaxis]
    parts = []
    for _ in range(depth):
        is_split = ensemble.leaf[level] < 0
        # A leaf is repeated below itself: its splits send nothing anywhere else than to it.
        parts.append(np.where(is_split, slots.slot[level] | slots.rank[level] << 8, 0))
        both = [np.where(is_split, side[level], level) for side in (ensemble.left, ensemble.right)]
        level = np.stack(both, axis=2).reshape(len(level), -1)
    nodes = np.concatenate(parts, axis=1).astype("<u2").tobytes()
    nodes += bytes(-len(nodes) % 4)
    table, edges = _ranked_table(slots), _edges(slots)
    layout = Layout("complete", table, edges, nodes, len(nodes) // 4, slots.count, 1, depth)
    return layout, ensemble.leaf[level]


def _links_fit(trees: Sequence[Links]) -> bool:
    return all(tree.link.min() >= -LAST_LINK - 1 and tree.link.max() <= LAST_LINK for tree in trees)


def _ranks_fit(slots: Slots) -> bool:
    return slots.count <= _MAX_RANKED_SLOTS and all(len(edges) <= _MAX_RANKS for edges in slots.edges)


def _ranked_table(slots: Slots) -> NDArray[np.uint32]:
    """Elements with flags; how many edges, and the exponent of the largest power of two that is no more."""
    counts = [len(edges) | len(edges).bit_length() - 1 << _HALVINGS_SHIFT for edges in slots.edges]
    return np.stack([slots.table, np.array(counts, dtype=np.int64)], axis=1).astype("<u4")


def _edges(slots: Slots) -> NDArray[np.int32]:
    return np.concatenate([*slots.edges, np.zeros(0, np.int32)]).astype("<i4")
