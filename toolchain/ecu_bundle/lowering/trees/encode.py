"""The step that adds up an ensemble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.builder import Builder, CannotLowerError
from ecu_bundle.lowering.trees.cost import Cost, cost_of
from ecu_bundle.lowering.trees.ensemble import Ensemble
from ecu_bundle.lowering.trees.layouts import LINKED, Layout, complete, keyed, links_of, ranked
from ecu_bundle.lowering.trees.leaves import LISTED, Leaves, encode_leaves, encode_numbers, is_grouped
from ecu_bundle.lowering.trees.lone import LONE_ROWS
from ecu_bundle.lowering.trees.slots import Slots, slots_of
from ecu_bundle.lowering.views import View, constant_view

_NEAR: Final = 1.05
"""Products of instructions and bytes within this factor count as equal; flash then decides."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to store an ensemble."""

    layout: Layout
    leaves: Leaves
    cost: Cost

    @property
    def kernel(self) -> str:
        return f"trees_{self.layout.name}_{self.leaves.name}"


def add_sums(build: Builder, matrix: View, ensemble: Ensemble, values: NDArray[np.int64], words: int) -> View:
    """Adds the exact sums of whole numbers over all trees.

    Args:
        build: where the step goes.
        matrix: dense f32 elements of one row.
        ensemble: the trees.
        values: (leaves, columns) what each leaf adds.
        words: columns of one output.

    Returns:
        i64 (columns,).

    Raises:
        CannotLowerError: no layout can hold the trees.
    """
    form = best_form(forms_of_sums(ensemble, values, words))
    build.may_need(*_other_sums(ensemble, values, words))
    out = build.buffer("i64", (values.shape[1],))
    _write(build, form, out, matrix, len(ensemble.roots))
    return out


def add_numbers(build: Builder, matrix: View, ensemble: Ensemble, numbers: NDArray[np.int64]) -> View:
    """Adds the number of the leaf that each tree reaches.

    Args:
        numbers: (leaves,) below 2**31.

    Returns:
        i32 (trees,).

    Raises:
        CannotLowerError: no layout can hold the trees.
    """
    leaves = encode_numbers(numbers, ensemble.tree_of_leaf())
    form = best_form(_linked_forms(ensemble, slots_of(ensemble), leaves))
    build.may_need(*(f"trees_{layout}_{leaves.name}" for layout in LINKED), LONE_ROWS)
    out = build.buffer("i32", (len(ensemble.roots),))
    _write(build, form, out, matrix, len(ensemble.roots))
    return out


def forms_of_sums(ensemble: Ensemble, values: NDArray[np.int64], words: int) -> list[Form]:
    """All ways to store an ensemble of sums."""
    slots = slots_of(ensemble)
    tree = ensemble.tree_of_leaf()
    forms = []
    for leaves in encode_leaves(values, tree, words=words):
        forms += _linked_forms(ensemble, slots, leaves)
    filled = complete(ensemble, slots)
    if filled is not None:
        for leaves in encode_leaves(values, tree, words=words, complete=filled[1]):
            layout, _ = complete(_ordered(ensemble, leaves.order), slots) or filled
            forms.append(Form(layout, leaves, cost_of(ensemble, layout, leaves)))
    return forms


def _other_sums(ensemble: Ensemble, values: NDArray[np.int64], words: int) -> Iterator[str]:
    """Kernels of the same sums with other leaves, other splits, or a single tree.

    Rows are left out where each tree adds to one output: the listed leaves are smaller and faster, unless
    leaves of two words are beyond the limits of `pairs`.
    """
    yield LONE_ROWS
    grouped = is_grouped(values, ensemble.tree_of_leaf(), words)
    for leaves in (*LISTED, "shares") if grouped else ("shares", "rows"):
        yield from (f"trees_{layout}_{leaves}" for layout in LINKED)
    if grouped:
        yield from (f"trees_complete_{leaves}" for leaves in LISTED)


def best_form(forms: Sequence[Form]) -> Form:
    """The smallest of the forms whose product of instructions and bytes is near the least.

    Raises:
        CannotLowerError: there is none.
    """
    if not forms:
        raise CannotLowerError("trees beyond the limits of its tables")
    limit = _NEAR * min(form.cost.product for form in forms)
    return min((form for form in forms if form.cost.product <= limit), key=lambda form: form.cost.size)


def _linked_forms(ensemble: Ensemble, slots: Slots, leaves: Leaves) -> list[Form]:
    roots = ensemble.roots[list(leaves.order)]
    trees = [links_of(ensemble, int(root), leaves.number) for root in roots]
    bases = [*(leaves.bases[position] for position in leaves.order[:-1]), 0]  # nothing follows the last
    layouts = (make(trees, bases, slots) for make in (keyed, ranked))
    return [Form(layout, leaves, cost_of(ensemble, layout, leaves)) for layout in layouts if layout]


def _ordered(ensemble: Ensemble, order: Sequence[int]) -> Ensemble:
    return replace(ensemble, roots=ensemble.roots[list(order)])


def _write(build: Builder, form: Form, out: View, matrix: View, trees: int) -> None:
    layout = form.layout
    slots = -(-layout.slots * layout.slot_size // 4)
    scratch = build.buffer("i32", (slots + form.leaves.counters,))
    table = constant_view(layout.table.view("<i4"), "i32") if layout.table.size else None
    edges = constant_view(layout.edges, "i32") if layout.edges.size else None
    nodes = constant_view(np.frombuffer(layout.nodes, "<i4"), "i32")
    build.step(
        form.kernel,
        *(out, scratch, matrix, matrix.elements, table, len(layout.table), edges, len(layout.edges)),
        *(nodes, layout.count, trees, layout.depth, *form.leaves.words),
    )
