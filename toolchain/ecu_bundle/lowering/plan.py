"""Steps -> Program: where every buffer and constant lies.

Buffers whose lives do not overlap share bytes of the workspace. An elementwise step writes its result over
an operand that nobody needs any more. The largest buffer gets the lowest place, then the next one the lowest
that is free for its whole life, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ecu_bundle.errors import InternalError
from ecu_bundle.lowering.affine import with_folded_scaling
from ecu_bundle.lowering.classes import with_joint_classes
from ecu_bundle.lowering.patterns import alive, placed, simplified, split_words
from ecu_bundle.lowering.program import ALIGNMENT, MISSING, Operation, Program, Reference, Space
from ecu_bundle.lowering.steps import Step, Word
from ecu_bundle.lowering.views import (
    SIZES,
    Buffer,
    Constant,
    Input,
    Output,
    Storage,
    View,
    collapsed,
    dense_strides,
    dense_view,
)


def plan(steps: Sequence[Step], outputs: Sequence[View]) -> Program:
    """Gives every operand its address.

    Args:
        steps: in order; every element is written once.
        outputs: what each output of the interface holds at the end.
    """
    kept = finished(steps, outputs)
    offsets = _offsets(kept)
    constants = _Constants()
    operations = [_operation(step, offsets, constants) for step in kept]
    ends = [offset + buffer.size for buffer, offset in offsets.items()]
    workspace = _aligned(max(ends, default=0))
    return Program(tuple(operations), bytes(constants.data), workspace, _never_nan(kept))


def finished(steps: Sequence[Step], outputs: Sequence[View], *, folded: bool = True) -> tuple[Step, ...]:
    """The steps that run, with results in their places.

    Args:
        steps, outputs: as for `plan`.
        folded: scaling becomes part of weights where the numbers allow it.
    """
    simple = simplified(steps, outputs)
    if folded:
        simple = with_folded_scaling(simple, outputs)
    joint = with_joint_classes(alive(simple, outputs), outputs)
    return placed(_with_outputs(joint, outputs))


_NO_NAN: Final = ("fixed_f64", "fixed_f32", "mean_f64", "mean_votes", "tree_rows", "linear_logistic_f32")
"""Kernels whose results are never NaN, or the NaN that outputs hold."""

_HANDS_ON: Final = ("copy4", "copy8", "pick4", "pick8", "f64_f32")
"""Kernels whose results are NaN only where an operand is."""


def _never_nan(steps: Sequence[Step]) -> bool:
    """Whether every output of floats comes from whole numbers or constants."""
    dirty: set[Storage] = set()

    def is_clean(view: View) -> bool:
        if view.dtype in ("i32", "i64"):
            return True
        if isinstance(view.storage, Constant):
            return not np.isnan(
                np.frombuffer(view.storage.data, f"<{view.dtype[0]}{SIZES[view.dtype]}")
            ).any()
        return not isinstance(view.storage, Input) and view.storage not in dirty

    for step in steps:
        handed = step.kernel in _HANDS_ON and all(map(is_clean, step.operands))
        if not handed and step.kernel not in _NO_NAN:
            dirty.update(view.storage for view in step.results if view.dtype in ("f32", "f64"))
    return all(is_clean(view) for step in steps for view in step.results if isinstance(view.storage, Output))


def _with_outputs(steps: Sequence[Step], outputs: Sequence[View]) -> tuple[Step, ...]:
    """Lets the last steps write the outputs; what they cannot write is copied."""
    reads = Counter(view.storage for step in steps for view in step.operands)
    reads.update(view.storage for view in outputs)
    writes = Counter(view.storage for step in steps for view in step.results)
    direct: dict[Storage, Storage] = {}
    copies: list[Step] = []
    for number, view in enumerate(outputs):
        storage = view.storage
        whole = isinstance(storage, Buffer) and storage.size == view.elements * SIZES[view.dtype]
        if whole and view.is_dense and view.start == 0 and reads[storage] == writes[storage] == 1:
            direct[storage] = Output(number)
        else:
            copies.append(_copy(view, dense_view(Output(number), view.dtype, view.shape)))

    def directed(view: View) -> View:
        return replace(view, storage=direct.get(view.storage, view.storage))

    return (*(step.mapped(directed) for step in steps), *copies)


def _copy(view: View, result: View) -> Step:
    shape, (strides,) = collapsed(view.shape, [view.strides])
    from_input = isinstance(view.storage, Input)
    origin, start = (replace(view, start=0), view.start) if from_input else (view, 0)
    return Step(f"copy{SIZES[view.dtype]}", (result, origin, start, len(shape), *shape, *strides))


@dataclass(slots=True)
class _Life:
    """Buffers that share their bytes, from the first step that writes to the last that reads."""

    buffers: list[Buffer]
    first: int
    last: int

    @property
    def size(self) -> int:
        return max(buffer.size for buffer in self.buffers)

    def meets(self, other: _Life) -> bool:
        return self.first <= other.last and other.first <= self.last


def _offsets(steps: Sequence[Step]) -> dict[Buffer, int]:
    """The byte offset of every buffer."""
    lives: dict[Buffer, _Life] = {}
    for number, step in enumerate(steps):
        for view in (*step.results, *step.operands):
            if isinstance(view.storage, Buffer):
                life = lives.setdefault(view.storage, _Life([view.storage], number, number))
                life.last = number
    for number, step in enumerate(steps):
        _share(step, number, lives)
    groups = {id(life): life for life in lives.values()}
    placed_lives: list[tuple[_Life, int]] = []
    for life in sorted(groups.values(), key=lambda g: (-g.size, g.first, g.buffers[0].number)):
        taken = sorted((at, at + other.size) for other, at in placed_lives if other.meets(life))
        offset = 0
        for start, end in taken:
            if offset + life.size <= start:
                break
            offset = max(offset, _aligned(end))
        placed_lives.append((life, offset))
    return {buffer: offset for life, offset in placed_lives for buffer in life.buffers}


def _share(step: Step, number: int, lives: dict[Buffer, _Life]) -> None:
    """Joins the lives of an elementwise result and of an operand that ends with the step."""
    result = step.result.storage
    if not step.definition.is_elementwise or not isinstance(result, Buffer) or step.result.start:
        return
    life = lives[result]
    if life.first != number or len(life.buffers) > 1:
        return
    for operand in step.operands:
        storage = operand.storage
        if isinstance(storage, Buffer) and storage.size == result.size and _may_replace(step, storage):
            other = lives[storage]
            if other is not life and other.last == number:
                other.buffers.append(result)
                other.last = life.last
                lives[result] = other
                return


def _may_replace(step: Step, storage: Buffer) -> bool:
    """Whether every operand in a buffer is read exactly where the result is written."""
    of_result = SIZES[step.result.dtype]
    if "view" not in step.definition.words:
        return SIZES[step.operands[0].dtype] == of_result
    shape, strides = split_words(step)
    dense = dense_strides(shape)
    return all(
        view.start == 0 and SIZES[view.dtype] == of_result and given == dense
        for view, given in zip(step.operands, strides, strict=True)
        if view.storage == storage
    )


class _Constants:
    """The constants of a program, in order of first use."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._offsets: dict[Constant, int] = {}

    def offset(self, constant: Constant) -> int:
        """Where a constant lies; it is added when it is new."""
        if constant not in self._offsets:
            self.data += bytes(-len(self.data) % constant.alignment)
            self._offsets[constant] = len(self.data)
            self.data += constant.data
        return self._offsets[constant]


def _operation(step: Step, offsets: dict[Buffer, int], constants: _Constants) -> Operation:
    return Operation(step.definition, tuple(_word(w, offsets, constants) for w in step.words))


def _word(word: Word, offsets: dict[Buffer, int], constants: _Constants) -> int:
    if word is None:
        return MISSING
    return word if isinstance(word, int) else _reference(word, offsets, constants).word


def _reference(view: View, offsets: dict[Buffer, int], constants: _Constants) -> Reference:
    match view.storage:
        case Buffer():
            return Reference(Space.WORKSPACE, offsets[view.storage] + view.offset)
        case Constant():
            return Reference(Space.CONSTANTS, constants.offset(view.storage) + view.offset)
        case Input(number) | Output(number):
            if view.start:
                raise InternalError("lower", f"an operand starts at element {view.start} of a tensor")
            space = Space.INPUT if isinstance(view.storage, Input) else Space.OUTPUT
            return Reference(space, number)


def _aligned(size: int) -> int:
    return size + -size % ALIGNMENT
