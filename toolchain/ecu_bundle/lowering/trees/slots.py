"""Input elements as integers in the order of the float32 numbers, and the places that splits look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.trees.ensemble import Ensemble

NAN_IS_LOW: Final = 1 << 31
BOTH_RULES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Slots:
    """Two slots, one the mirror image of the other, for each input element and rule for NaN.

    Attributes:
        table: (entries,) element, plus `NAN_IS_LOW` where NaN goes left, plus `BOTH_RULES` where it goes left
            in other splits.
        count: how many slots there are. Slot 0 is that of leaves.
        slot: (nodes,) first slot of each split; 0 for leaves.
        key: (nodes,) int32: the threshold.
        edges: for each entry its distinct thresholds, ascending.
        rank: (nodes,) position of the threshold among those of its entry.
        edge_count: (nodes,) how many thresholds the entry has.
    """

    table: NDArray[np.int64]
    count: int
    slot: NDArray[np.int64]
    key: NDArray[np.int32]
    edges: tuple[NDArray[np.int32], ...]
    rank: NDArray[np.int64]
    edge_count: NDArray[np.int64]

    def keys(self, node: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> NDArray[np.int32]:
        """What the splits hold in the keyed layout: ``x > t`` is ``~key(x) <= ~key(t) - 1``."""
        return np.where(mirrored, ~self.key[node] - 1, self.key[node])

    def ranks(self, node: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What the splits hold in the ranked layout: ``r > j`` is ``n - r <= n - j - 1``."""
        return np.where(mirrored, self.edge_count[node] - self.rank[node] - 1, self.rank[node])


def keys_of(numbers: NDArray[np.float32]) -> NDArray[np.int32]:
    """Integers in the order of the numbers; both zeros are one. No NaN."""
    bits = (numbers + np.float32(0.0)).astype(np.float32).view(np.int32)  # -0 + 0 is +0
    return np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits).astype(np.int32)


def slots_of(ensemble: Ensemble) -> Slots:
    """Numbers the slots in order of element and rule, and the thresholds of each element."""
    splits = np.flatnonzero(ensemble.leaf < 0)
    elements, own = np.unique(ensemble.element[splits], return_inverse=True)
    low = ensemble.missing_left[splits]
    is_low, is_high = (np.bincount(own[rule], minlength=len(elements)) > 0 for rule in (low, ~low))
    table = elements | np.where(is_high, 0, NAN_IS_LOW) | np.where(is_low & is_high, BOTH_RULES, 0)
    ends = 1 + np.cumsum(np.where(is_low & is_high, 4, 2))
    slot = np.zeros(len(ensemble.leaf), dtype=np.int64)
    slot[splits] = ends[own] - np.where(low | ~is_low[own], 2, 4)
    key = keys_of(ensemble.threshold)
    rank, edge_count = np.zeros_like(slot), np.zeros_like(slot)
    edges = []
    for entry in range(len(elements)):
        here = splits[own == entry]
        distinct, rank[here] = np.unique(key[here], return_inverse=True)
        edge_count[here] = len(distinct)
        edges.append(distinct)
    count = int(ends[-1]) if len(ends) else 1
    return Slots(table, count, slot, key, tuple(edges), rank, edge_count)
