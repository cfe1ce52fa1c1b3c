"""How many splits a row passes in the trees of a program, at least and at most.

Read from the bytes that run on the device, so what is said here is proved of them: a walk takes the way of
its row through each tree and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.program import Operation, Program, Reference
from ecu_bundle.lowering.trees.layouts import KEYED, KEYED_HEAD, RANKED, RANKED_HEAD
from ecu_bundle.lowering.trees.lone import LONE_NODE

_LAYOUTS: Final = {"keyed": (KEYED, KEYED_HEAD), "ranked": (RANKED, RANKED_HEAD)}


@dataclass(frozen=True, slots=True)
class Paths:
    """Of all trees of a program together.

    Attributes:
        trees: how many there are.
        least, most: splits that a row passes. The longest ways of all trees need not belong to one row.
    """

    trees: int
    least: int
    most: int

    @property
    def constant(self) -> bool:
        """Every row passes as many splits."""
        return self.least == self.most


def paths_of(program: Program) -> Paths | None:
    """The ways through the trees of a program; None for one without trees."""
    found = [way for operation in program.operations for way in _ways(operation, program.constants)]
    if not found:
        return None
    return Paths(len(found), sum(least for least, _ in found), sum(most for _, most in found))


def _ways(operation: Operation, constants: bytes) -> Iterator[tuple[int, int]]:
    """Shortest and longest way through each tree of an operation."""
    name = operation.kernel.name
    if "node_count" not in operation.kernel.words:
        return  # words of other kernels may be groups of numbers
    words = dict(zip(operation.kernel.words, operation.words, strict=True))
    data = constants[Reference.of(words["nodes"]).place :]
    if name.startswith("trees_complete"):
        yield from [(words["depth"], words["depth"])] * words["trees"]
    elif name.startswith("trees_"):
        yield from _linked(data, words["trees"], *_LAYOUTS[name.split("_")[1]])
    else:
        nodes = np.frombuffer(data, LONE_NODE, words["node_count"])
        step = np.arange(len(nodes))
        left, right = (
            np.where(nodes[side] < 0, -1, step + nodes[side] // LONE_NODE.itemsize)
            for side in ("left", "right")
        )
        yield _extremes(left, right, np.ones(len(nodes), dtype=bool))


def _linked(
    data: bytes, trees: int, node: np.dtype[np.void], head: np.dtype[np.void]
) -> Iterator[tuple[int, int]]:
    """Trees whose splits are followed by their left child; a node on slot 0 is a leaf, not a split."""
    at = 0
    for _ in range(trees):
        rows = int(np.frombuffer(data, head, 1, at)["rows"][0])
        count = rows - 1
        nodes = np.frombuffer(data, node, count, at + head.itemsize)
        at += rows * node.itemsize
        place = np.arange(count)
        is_split = nodes["slot"] > 0
        right = np.where(nodes["link"] < 0, -1, place + nodes["link"])
        yield _extremes(np.where(is_split, place + 1, right), right, is_split)


def _extremes(
    left: NDArray[np.int64], right: NDArray[np.int64], is_split: NDArray[np.bool_]
) -> tuple[int, int]:
    """Fewest and most splits from the first node on; children come later, -1 is a leaf."""
    least, most = np.zeros(len(left) + 1, dtype=np.int64), np.zeros(len(left) + 1, dtype=np.int64)
    for node in reversed(range(len(left))):
        children = (left[node], right[node])  # -1 is the last element, 0
        least[node] = is_split[node] + min(least[child] for child in children)
        most[node] = is_split[node] + max(most[child] for child in children)
    return int(least[0]), int(most[0])
