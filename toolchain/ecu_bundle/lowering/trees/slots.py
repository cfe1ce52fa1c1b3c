"""Input elements as integers in the order of the float32 numbers, and the places that splits look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.trees.ensemble import Ensemble

NAN_IS_LOW: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Slots:
    """One slot for each input element and rule for NaN; number 0 is the slot of leaves.

    Attributes:
        table: (slots,) element, plus `NAN_IS_LOW` where NaN goes left.
        slot: (nodes,) slot of each split, from 1; 0 for leaves.
        key: (nodes,) int32: the threshold.
        edges: for each slot its distinct thresholds, ascending.
        rank: (nodes,) position of the threshold among those of its slot.
    """

    table: NDArray[np.int64]
    slot: NDArray[np.int64]
    key: NDArray[np.int32]
    edges: tuple[NDArray[np.int32], ...]
    rank: NDArray[np.int64]


def keys_of(numbers: NDArray[np.float32]) -> NDArray[np.int32]:
    """Integers in the order of the numbers; both zeros are one. No NaN."""
    bits = (numbers + np.float32(0.0)).astype(np.float32).view(np.int32)  # -0 + 0 is +0
    return np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits).astype(np.int32)


def slots_of(ensemble: Ensemble) -> Slots:
    """Numbers the slots in order of element and rule, and the thresholds of each."""
    splits = np.flatnonzero(ensemble.leaf < 0)
    names = ensemble.element[splits] | np.where(ensemble.missing_left[splits], NAN_IS_LOW, 0)
    table, own = np.unique(names, return_inverse=True)
    slot = np.zeros(len(ensemble.leaf), dtype=np.int64)
    slot[splits] = own + 1
    key = keys_of(ensemble.threshold)
    rank = np.zeros(len(slot), dtype=np.int64)
    edges = []
    for number in range(1, len(table) + 1):
        here = np.flatnonzero(slot == number)
        distinct, rank[here] = np.unique(key[here], return_inverse=True)
        edges.append(distinct)
    return Slots(table, slot, key, tuple(edges), rank)
