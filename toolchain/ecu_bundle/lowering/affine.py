"""Scaling before a linear model becomes part of its weights.

``W z + b`` with ``z = f x + s`` is ``(W f) x + (b + W s)``. The new weights are computed in float64 and
rounded once, so the fold costs no accuracy by itself; but the sum then cancels what ``z`` had taken away
before. Its rounding error grows from that of terms of size ``|w z|`` to that of terms of size
``|w| (|z| + 2 |s|)``. The fold is made only where every ``|s|`` is small, which for a standardised feature
means that its mean is at most `LARGEST_SHIFT` standard deviations from 0; elsewhere scaling stays a step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.patterns import Writers, source_of, split_words, writers_of
from ecu_bundle.lowering.steps import Step
from ecu_bundle.lowering.views import Storage, View, constant_values, constant_view

LARGEST_SHIFT: Final = 16.0
_TINY: Final = {"f32": 1e-30, "f64": 1e-290}
"""Weights below this are not made: they would lose bits."""

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Affine:
    """factor * x + shift, elementwise; shape (features,)."""

    x: View
    factor: Row
    shift: Row


def with_folded_scaling(steps: Sequence[Step], outputs: Sequence[View]) -> tuple[Step, ...]:
    """Products of one row whose operand was scaled read what came before the scaling."""
    writers = writers_of(steps)
    reads = Counter(view.storage for step in steps for view in step.operands)
    reads.update(view.storage for view in outputs)
    return tuple(_folded(step, writers, reads) or step for step in steps)


def _folded(step: Step, writers: Writers, reads: Counter[Storage]) -> Step | None:
    if not step.kernel.startswith("matmul_"):
        return None
    _, a, b, bias, batch, m, k, *_, transposed, _ = step.words
    if (batch, m) != (1, 1) or not isinstance(a, View) or not isinstance(b, View):
        return None
    stored, before = constant_values(b), _constant_row(bias)
    affine = _scaling(a, writers, reads)
    if affine is None or stored is None or before is None or affine.factor.size != k:
        return None
    wide = stored.astype(np.float64).reshape((-1, k) if transposed else (k, -1))
    wide = wide if transposed else wide.T
    scaled = wide * affine.factor
    sums = before + wide @ affine.shift
    if not _is_harmless(scaled, affine.shift, _TINY[a.dtype]):
        return None
    words = list(step.words)
    words[1], words[2] = affine.x, constant_view(scaled if transposed else scaled.T, a.dtype)
    words[3] = constant_view(sums, a.dtype) if sums.any() else None
    return replace(step, words=tuple(words))


def _constant_row(bias: int | View | None) -> Row | None:
    """The values of a bias; zero when there is none, None when it is computed."""
    if bias is None:
        return np.zeros(1)
    values = constant_values(bias) if isinstance(bias, View) else None
    return None if values is None else values.ravel().astype(np.float64)


def _is_harmless(weights: Row, shift: Row, tiny: float) -> bool:
    used = weights[weights != 0]
    sound = np.isfinite(weights).all() and np.isfinite(shift).all() and (np.abs(used) > tiny).all()
    return bool(sound and np.abs(shift).max() <= LARGEST_SHIFT)


def _scaling(view: View, writers: Writers, reads: Counter[Storage]) -> _Affine | None:
    """What was done to the operand of a product, elementwise and with constants; None: nothing."""
    factor, shift = np.ones(view.elements), np.zeros(view.elements)
    found = view
    while reads[found.storage] == 1:
        step = source_of(found, writers)
        inner = None if step is None else _operand(step)
        if step is None or inner is None:
            break
        operand, row, constant_first = inner
        name = step.kernel.rpartition("_")[0]
        if name == "mul":
            factor = factor * row
        elif name == "div" and not constant_first:
            factor = factor / row
        elif name in ("add", "sub"):
            sign = -1.0 if name == "sub" and not constant_first else 1.0
            shift = shift + factor * sign * row
            factor = -factor if name == "sub" and constant_first else factor
        else:
            break
        found = operand
    return None if found == view else _Affine(found, factor, shift)


def _operand(step: Step) -> tuple[View, Row, bool] | None:
    """Of a step with one constant row: the other operand, the row, and whether the row comes first."""
    if step.kernel.rpartition("_")[0] not in ("add", "sub", "mul", "div"):
        return None
    shape, strides = split_words(step)
    if len(shape) != 1:
        return None
    for position, other in ((0, 1), (1, 0)):
        values = constant_values(step.operands[position])
        operand = step.operands[other]
        if values is not None and strides[other] in ((1,), (0,)) and operand.elements == shape[0]:
            row = np.broadcast_to(values.ravel().astype(np.float64), shape)
            return operand, row, position == 0
    return None
