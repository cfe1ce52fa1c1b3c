"""Labels and shares of classes that come from the same numbers: one operation gives both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.patterns import Writers, source_of, writers_of
from ecu_bundle.lowering.steps import Step, Word
from ecu_bundle.lowering.views import Storage, View, constant_values, constant_view

Readers = Mapping[Storage, Sequence[Step | None]]
"""Who reads each storage; None is an output."""

_Fused = tuple[Step, Step, Sequence[Step]]
"""The step whose place is taken, what takes it, and the other steps that are no longer needed."""


def with_joint_classes(steps: Sequence[Step], outputs: Sequence[View]) -> tuple[Step, ...]:
    """Means of votes and logistic regressions of two classes with what follows from them."""
    writers, readers = writers_of(steps), _readers_of(steps, outputs)
    taken: dict[Step, Step] = {}
    gone: set[Step] = set()
    for step in steps:
        fused = _votes(step, readers) or _regression(step, writers, readers)
        if fused is not None:
            place, new, others = fused
            taken[place] = new
            gone.update(others)
    return tuple(taken.get(step, step) for step in steps if step not in gone)


def _readers_of(steps: Sequence[Step], outputs: Sequence[View]) -> Readers:
    readers: defaultdict[Storage, list[Step | None]] = defaultdict(list)
    for step in steps:
        for view in step.operands:
            readers[view.storage].append(step)
    for view in outputs:
        readers[view.storage].append(None)
    return readers


def _votes(step: Step, readers: Readers) -> _Fused | None:
    """mean_f64 that is read by its rounding to float32 and its largest position alone."""
    if step.kernel != "mean_f64":
        return None
    found = {reader.kernel: reader for reader in readers[step.result.storage] if reader is not None}
    shares, place = found.get("f64_f32"), found.get("arg_max_f64")
    if (
        shares is None
        or place is None
        or len(readers[step.result.storage]) != 2
        or not _is_of_all(place, step.words[2])
    ):
        return None
    new = Step("mean_votes", (shares.result, place.result, *step.words[1:]))
    return step, new, (shares, place)


def _regression(step: Step, writers: Writers, readers: Readers) -> _Fused | None:
    """The logistic function of a score beside its negative, with the position of the larger one."""
    if step.kernel != "logistic_f32" or step.operands[0].elements != 2:
        return None
    scores = step.operands[0].storage
    copies = sorted(writers.get(scores, []), key=lambda copy: copy.result.start)
    sides = [source_of(copy.operands[0], writers) for copy in copies if copy.kernel == "copy4"]
    if len(copies) != 2 or len(sides) != 2 or sides[0] is None or sides[0].kernel != "neg_f32":
        return None
    negative, product = sides[0], source_of(sides[0].operands[0], writers)
    if product is None or product is not sides[1] or not _is_score(product):
        return None
    weights, bias = (_constants(word) for word in product.words[2:4])
    if weights is None or bias is None:
        return None
    place = next((r for r in readers[scores] if r is not None and r.kernel == "arg_max_f32"), None)
    inside = (negative.result.storage, product.result.storage)
    others = [step, negative, *copies, *([place] if place is not None else [])]
    read_by = [reader for storage in (scores, *inside) for reader in readers[storage]]
    if any(reader not in others for reader in read_by) or (place is not None and not _is_of_all(place, 2)):
        return None
    _, a, _, _, _, _, k, *_ = product.words
    label = place.result if place is not None else None
    known = constant_view(np.append(weights, bias), "f32")
    return product, Step("linear_logistic_f32", (step.result, label, a, known, k)), others


def _constants(word: Word) -> NDArray[np.float32] | None:
    """The values of a constant operand; -0, which adds nothing to a sum, where there is none."""
    if word is None:
        return np.array([-0.0], np.float32)
    values = constant_values(word) if isinstance(word, View) else None
    return None if values is None else values.astype(np.float32).ravel()


def _is_of_all(place: Step, n: Word) -> bool:
    """Whether a step finds one position, among n."""
    return place.words[2:] == (1, n, 1)


def _is_score(step: Step) -> bool:
    """Whether a step is the product of two vectors of float32, as it is."""
    if step.kernel != "matmul_f32":
        return False
    batch, m, _, n, *_, rectified = step.words[4:]
    return (batch, m, n, rectified) == (1, 1, 1, 0)
