"""Steps that become one: distances, biases, and copies that need not be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ecu_bundle.lowering.steps import Step, Word
from ecu_bundle.lowering.views import (
    SIZES,
    Buffer,
    Constant,
    Shape,
    Storage,
    View,
    constant_values,
    dense_strides,
    stored_matrix,
)

Writers = dict[Storage, list[Step]]
"""The steps that write each storage."""

Merged = tuple[Step, tuple[Word, ...]]
"""A product, and its words once it does the work of another step too."""

_METRICS: Final = {
    ("reduce_sum", "mul"): "squares",
    ("reduce_sum", "abs"): "absolutes",
    ("reduce_max", "abs"): "largest",
}


def simplified(steps: Sequence[Step], outputs: Sequence[View]) -> tuple[Step, ...]:
    """The same results with fewer steps, and without those that nobody reads."""
    kept = _distances(alive(steps, outputs))
    kept = _biases(alive(kept, outputs), outputs)
    kept = _rectified(kept, outputs)
    return alive(kept, outputs)


def alive(steps: Sequence[Step], outputs: Sequence[View]) -> tuple[Step, ...]:
    """The steps that an output needs."""
    needed: set[Storage] = {view.storage for view in outputs}
    kept: list[Step] = []
    for step in reversed(steps):
        if any(view.storage in needed for view in step.results):
            kept.append(step)
            needed.update(view.storage for view in step.operands)
    return tuple(reversed(kept))


def split_words(step: Step) -> tuple[Shape, list[tuple[int, ...]]]:
    """Shape and strides of a step whose record ends with a shape and views."""
    kernel = step.definition
    first = kernel.words.index("shape")
    rank = _number(step, first)
    numbers = [_number(step, i) for i in range(first + 1, len(step.words))]
    groups = [tuple(numbers[i : i + rank]) for i in range(0, len(numbers), rank)]
    return groups[0], groups[1:]


def _number(step: Step, position: int) -> int:
    word = step.words[position]
    return word if isinstance(word, int) else 0


def writers_of(steps: Sequence[Step]) -> Writers:
    """The steps that write each storage."""
    writers: Writers = {}
    for step in steps:
        for view in step.results:
            writers.setdefault(view.storage, []).append(step)
    return writers


def source_of(view: View, writers: Writers) -> Step | None:
    """The step that made all of what a view looks at."""
    found = writers.get(view.storage, [])
    whole = isinstance(view.storage, Buffer) and view.elements * SIZES[view.dtype] == view.storage.size
    return found[0] if len(found) == 1 and whole and view.start == 0 and view.is_dense else None


def _distances(steps: Sequence[Step]) -> tuple[Step, ...]:
    """reduce(mul(d, d)) or reduce(abs(d)), where d = row - points, becomes pairwise."""
    writers = writers_of(steps)
    return tuple(_distance(step, writers) or step for step in steps)


def _distance(step: Step, writers: Writers) -> Step | None:
    """The pairwise step that does the work of a reduction, or None."""
    name, _, suffix = step.kernel.rpartition("_")
    if name not in ("reduce_sum", "reduce_max") or step.words[4] != 1:
        return None
    terms = source_of(step.operands[0], writers)
    metric = None if terms is None else _METRICS.get((name, terms.kernel.removesuffix(f"_{suffix}")))
    if terms is None or metric is None or terms.operands[0] != terms.operands[-1]:
        return None
    difference = source_of(terms.operands[0], writers)
    if difference is None or difference.kernel != f"sub_{suffix}":
        return None
    shape, strides = split_words(difference)
    of_row = [len(shape) == 2 and given == (0, 1) for given in strides]
    if shape != step.words[2:4] or sum(of_row) != 1 or dense_strides(shape) not in strides:
        return None
    x, points = difference.operands if of_row[0] else difference.operands[::-1]
    n, features = shape
    rows = replace(points, shape=shape, strides=dense_strides(shape))
    stored, transposed = stored_matrix(rows.transposed((1, 0)))
    return Step(f"pairwise_{metric}_{suffix}", (step.result, x, stored, n, features, transposed))


def _biases(steps: Sequence[Step], outputs: Sequence[View]) -> tuple[Step, ...]:
    """A constant row that is added to a product becomes its bias."""

    def with_bias(step: Step, writers: Writers, reads: Counter[Storage]) -> Merged | None:
        product = _product(step, writers, reads) if step.kernel.startswith("add_f") else None
        if product is None:
            return None
        bias = next(view for view in step.operands if isinstance(view.storage, Constant))
        return product, (step.result, *product.words[1:3], bias, *product.words[4:])

    return _into_products(steps, outputs, with_bias)


def _rectified(steps: Sequence[Step], outputs: Sequence[View]) -> tuple[Step, ...]:
    """The larger of a product and 0 is written by the product."""

    def rectified(step: Step, writers: Writers, reads: Counter[Storage]) -> Merged | None:
        product = source_of(step.operands[0], writers) if step.kernel.startswith("max_f") else None
        if product is None or reads[product.result.storage] != 1 or not _is_relu(step, product):
            return None
        return product, (step.result, *product.words[1:-1], 1)

    return _into_products(steps, outputs, rectified)


def _into_products(
    steps: Sequence[Step],
    outputs: Sequence[View],
    merge: Callable[[Step, Writers, Counter[Storage]], Merged | None],
) -> tuple[Step, ...]:
    """Takes steps into the products before them: `merge` gives the product and its new words, or None."""
    writers = writers_of(steps)
    reads = Counter(view.storage for step in steps for view in step.operands)
    reads.update(view.storage for view in outputs)
    merged: list[Step] = []
    replaced: set[Step] = set()
    for step in steps:
        found = merge(step, writers, reads)
        if found is None:
            merged.append(step)
            continue
        product, words = found
        merged.append(replace(product, words=words))
        replaced.add(product)
    return tuple(step for step in merged if step not in replaced)


def _product(step: Step, writers: Writers, reads: Counter[Storage]) -> Step | None:
    """The product that an addition completes, when nobody else reads it and it has no bias."""
    shape, strides = split_words(step)
    for view, of_bias in zip(step.operands, strides[::-1], strict=True):
        product = source_of(view, writers)
        bias = next((other for other in step.operands if isinstance(other.storage, Constant)), None)
        if product is None or bias is None or not product.kernel.startswith("matmul_"):
            continue
        n, whole = _number(product, 7), step.result.elements * SIZES[step.result.dtype]
        fits = isinstance(view.storage, Buffer) and view.storage.size == whole
        if fits and reads[view.storage] == 1 and product.words[3] is None and _is_row(shape, of_bias, n):
            return product
    return None


def _is_relu(step: Step, product: Step) -> bool:
    """Whether a step is the larger of all of a product, first, and 0."""
    zero = constant_values(step.operands[1])
    shape, (of_product, of_zero) = split_words(step)
    plain = of_product == dense_strides(shape) and not any(of_zero)
    is_zero = zero is not None and zero.size == 1 and not zero.any()
    return product.kernel.startswith("matmul_") and product.words[-1] == 0 and plain and is_zero


def _is_row(shape: Shape, strides: tuple[int, ...], n: int) -> bool:
    """Whether an operand repeats one dense row of n elements."""
    if n == 1:
        return not any(strides)
    return shape[-1] == n and strides[-1] == 1 and not any(strides[:-1])


def placed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps that write where their result would be copied to, in place of the copy.

    A buffer that is copied as a whole into a larger one becomes a part of it. Nothing is written twice, so
    whoever reads the buffer finds its values there as well.
    """
    parts: dict[Storage, tuple[Storage, int]] = {}
    for step in steps:
        found = _whole_copy(step)
        if found is not None and found.storage not in parts:
            target = step.result
            parts[found.storage] = (target.storage, target.offset)

    def moved(view: View) -> View:
        offset = 0
        storage = view.storage
        while storage in parts:
            storage, more = parts[storage]
            offset += more
        return replace(view, storage=storage, start=view.start + offset // SIZES[view.dtype])

    kept = [step for step in steps if not _is_made(step, parts)]
    return tuple(step.mapped(moved) for step in kept)


def _is_made(step: Step, parts: dict[Storage, tuple[Storage, int]]) -> bool:
    """Whether a copy is where it belongs already."""
    found = _whole_copy(step)
    return found is not None and parts[found.storage] == (step.result.storage, step.result.offset)


def _whole_copy(step: Step) -> View | None:
    """What a step copies, when that is a whole buffer, element by element, into another buffer."""
    if not step.kernel.startswith("copy") or not isinstance(step.result.storage, Buffer):
        return None
    source = step.operands[0]
    shape, strides = split_words(step)
    whole = isinstance(source.storage, Buffer) and shape[0] * SIZES[source.dtype] == source.storage.size
    dense = len(shape) == 1 and strides[0] in ((1,), (0,)) and (shape[0] == 1 or strides[0] == (1,))
    return source if whole and dense and source.start == 0 else None
