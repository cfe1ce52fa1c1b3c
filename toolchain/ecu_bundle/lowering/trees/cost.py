"""What a layout costs, of which the choice is made.

The figures are estimates: instructions of a Cortex-M4F, read from the code that GCC 12 makes at ``-O2``.
`benchmarks/native_models.py` counts what the chosen layout costs; it does not measure the other ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.trees.ensemble import Ensemble
from ecu_bundle.lowering.trees.layouts import Layout
from ecu_bundle.lowering.trees.leaves import Leaves

_PER_STEP: Final = {"keyed": 6.4, "ranked": 6.4, "complete": 6.0}
"""One split. In linked trees 5 to the left and 9 to the right; the larger side, on the left, is taken in two
of three steps."""

_PER_TREE: Final = {"keyed": 9.0, "ranked": 10.0, "complete": 4.0}
_PER_ENTRY: Final = {"keyed": 18.0, "ranked": 34.0, "complete": 34.0}
_PER_HALVING: Final = 4.0
"""One step of the search for a rank."""

_PER_LEAF: Final = {
    **{"values": 8.0, "values40": 9.0, "values48": 9.0},
    **{"pairs": 10.0, "shares": 6.0, "numbers": 4.0, "rows": 4.0},
}

_PER_COLUMN: Final = 10.0
"""Of leaves that are rows."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one row.

    Attributes:
        instructions: expected.
        size: bytes of flash.
    """

    instructions: float
    size: int

    @property
    def product(self) -> float:
        return self.instructions * self.size


def cost_of(ensemble: Ensemble, layout: Layout, leaves: Leaves) -> Cost:
    """Expected cost when each split sends half of the rows to either side."""
    trees = len(ensemble.roots)
    steps = trees * layout.depth if layout.depth else expected_steps(ensemble)
    instructions = (
        steps * _PER_STEP[layout.name]
        + trees * (_PER_TREE[layout.name] + _PER_LEAF[leaves.name] + _PER_COLUMN * leaves.row)
        + len(layout.table) * _PER_ENTRY[layout.name]
        + layout.halvings * _PER_HALVING
    )
    return Cost(instructions, layout.size + leaves.size)


def expected_steps(ensemble: Ensemble) -> float:
    """Splits that a row passes in all trees, when both sides of a split are equally likely."""
    total, chance = 0.0, 1.0
    level: NDArray[np.int64] = ensemble.roots
    while True:
        level = level[ensemble.leaf[level] < 0]
        if not len(level):
            return total
        total += chance * len(level)
        chance /= 2.0
        level = np.concatenate([ensemble.left[level], ensemble.right[level]])
