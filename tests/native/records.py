"""One right record for each kind of kernel, and what makes it wrong: for tests of what open checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Tensor

from .assembler import CONSTANTS, INPUT, MISSING, OUTPUT, Assembler, float_input, float_output

WORKSPACE = 512
"""Bytes; operands lie at their end unless a row says where."""

N = 8
"""Elements of the input and of the output."""

HUGE = 1 << 31


@dataclass(frozen=True, slots=True)
class Operand:
    """A reference to elements in the workspace."""

    elements: int
    size: int = 4
    at: int | None = None
    optional: bool = False
    is_result: bool = False
    spaces: tuple[int, ...] = (OUTPUT,)
    """References that are wrong whatever they lead to."""


@dataclass(frozen=True, slots=True)
class Const:
    """A reference to constants."""

    values: NDArray[Any]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Beyond:
    """The same reference so near to the end of its space that the last element is missing."""

    word: Operand | Const


@dataclass(frozen=True, slots=True)
class Length:
    """At least 1."""

    value: int


@dataclass(frozen=True, slots=True)
class Flag:
    """0 or 1."""

    value: int


Word = int | Operand | Const | Beyond | Length | Flag


@dataclass(frozen=True, slots=True)
class Record:
    """A right record.

    Attributes:
        words: what it says; an int is not varied.
        right, wrong: words by position that keep it right, or make it wrong.
    """

    kernel: str
    words: Sequence[Word]
    right: Sequence[Mapping[int, Word]] = ()
    wrong: Sequence[Mapping[int, Word]] = field(default=())

    def program(self, changes: Mapping[int, Word] | None = None, *, more: int = 0) -> Assembler:
        """The program with these changes, and so many words more, or less."""
        words = [(changes or {}).get(i, word) for i, word in enumerate(self.words)]
        asm = Assembler([float_input("x", N)], [float_output("y", N), Tensor("z", "int32")])
        asm.buffer(WORKSPACE)
        constants = {i: const for i, word in enumerate(words) if (const := _const(word)) is not None}
        places = {i: asm.constant(const.values) for i, const in constants.items()}
        found = [self._resolved(word, places.get(i, 0), asm.constants_size) for i, word in enumerate(words)]
        asm.add(self.kernel, *([*found, *[0] * more] if more >= 0 else found[:more]))
        asm.add("copy4", OUTPUT, INPUT, 0, 1, N, 1)
        asm.add("copy4", OUTPUT | 1, INPUT, 0, 1, 1, 1)
        return asm

    def wrongs(self) -> Iterator[tuple[str, bytes]]:
        """Every wrong image with what is wrong about it."""
        yield "a word too many", self.program(more=1).image()
        yield "a word too few", self.program(more=-1).image()
        for i, word in enumerate(self.words):
            for value in _variants(word):
                yield f"word {i} is {value}", self.program({i: value}).image()
        for change in self.wrong:
            yield f"words {change}", self.program(change).image()

    def rights(self) -> Iterator[tuple[str, bytes]]:
        """Every right image."""
        yield "right", self.program().image()
        for change in self.right:
            yield f"words {change}", self.program(change).image()

    @staticmethod
    def _resolved(word: Word, place: int, end: int) -> int:
        match word:
            case Operand():
                return WORKSPACE - word.elements * word.size if word.at is None else word.at
            case Const():
                return place
            case Length(value) | Flag(value):
                return value
            case int():
                return word
        inner = word.word
        if isinstance(inner, Operand):
            return WORKSPACE - (inner.elements - 1) * inner.size
        return CONSTANTS | end - inner.values.nbytes + max(4, inner.values.itemsize)


def _const(word: Word) -> Const | None:
    inner = word.word if isinstance(word, Beyond) else word
    return inner if isinstance(inner, Const) else None


def _variants(word: Word) -> Iterator[Word]:
    match word:
        case Operand():
            yield Beyond(word)
            yield from ((INPUT, CONSTANTS) if word.is_result else ())
            yield from word.spaces
            yield word.size // 2
            if not word.optional:
                yield MISSING
        case Const():
            yield from (Beyond(word), 0, OUTPUT, *(() if word.optional else (MISSING,)))
        case Length():
            yield from (0, HUGE)
        case Flag():
            yield 2


def result(elements: int, size: int = 4, *, at: int | None = None, optional: bool = False) -> Operand:
    """A result; those of 4 bytes may be an output."""
    return Operand(elements, size, at, optional, is_result=True, spaces=() if size == 4 else (OUTPUT,))


def operand(elements: int, size: int = 4, *, optional: bool = False) -> Operand:
    """Something that is read."""
    return Operand(elements, size, optional=optional)


def constant(dtype: str, *values: float, optional: bool = False) -> Const:
    """Constants of a little-endian dtype."""
    return Const(np.array(values, dtype=dtype), optional)


ROWS: dict[str, Record] = {
    "binary": Record(
        "add_f32",
        [result(8), operand(8), operand(8), 2, Length(2), Length(4), *(4, 1), *(4, 1)],
        wrong=[{3: 0}, {3: 6}, {6: 5}, {9: 2}, {4: 1 << 16, 5: 1 << 16}, {4: 1 << 13, 5: 1 << 12}],
    ),
    "comparison of doubles": Record(
        "less_f64", [result(4), operand(4, 8), operand(4, 8), 1, Length(4), 1, 1]
    ),
    "where": Record(
        "where8", [result(4, 8), operand(4), operand(4, 8), operand(4, 8), 1, Length(4), 1, 1, 1]
    ),
    "copy": Record("copy4", [result(4), operand(6), 2, 1, Length(4), 1], wrong=[{2: 3}, {2: 0xFFFFFFFF}]),
    "unary": Record("neg_f32", [result(8), operand(8), Length(8)]),
    "narrowing": Record("f64_f32", [result(4), operand(4, 8), Length(4)]),
    "take": Record(
        "take4",
        [result(4), operand(8), Length(8), Length(4), constant("<u4", 0, 7, 1, 2)],
        wrong=[{4: constant("<u4", 0, 1, 2, 8)}, {4: constant("<u4", 9, 0, 0, 0)}, {2: 7}],
    ),
    "pick": Record("pick8", [result(4, 8), operand(8, 8), operand(2), Length(4), Length(2), Length(2)]),
    "gather elements": Record(
        "gather_elements4", [result(4), operand(8), operand(4), Length(2), Length(4), Length(2)]
    ),
    "gather inputs": Record("gather_inputs", [result(N)]),
    "map": Record(
        "map_i32",
        [result(8), operand(8), Length(8), constant("<i4", -1, 0, 5), constant("<i4", 1, 2, 3), Length(3), 0],
        wrong=[{3: constant("<i4", 0, 0, 5)}, {3: constant("<i4", 0, 5, 4)}],
    ),
    "reduction": Record("reduce_sum_f64", [result(2, 8), operand(8, 8), Length(2), Length(4), Length(1)]),
    "position": Record("arg_max_f64", [result(2), operand(8, 8), Length(1), Length(4), Length(2)]),
    "running sum": Record("cumulative_sum_f32", [result(8), operand(8), Length(1), Length(4), Length(2)]),
    "softmax": Record("softmax_f32", [result(8), operand(8), Length(2), Length(4)]),
    "top k": Record(
        "top_k_f32",
        [result(4), result(4), operand(8), Length(2), Length(4), Length(2), Flag(1)],
        wrong=[{5: 5, 0: result(10), 1: result(10)}],
    ),
    "matmul": Record(
        "matmul_f32",
        [
            *(result(4), operand(8), operand(16), operand(2, optional=True)),
            *(Length(2), Length(1), Length(4), Length(2), 4, 8, Flag(0), Flag(0)),
        ],
        right=[{3: MISSING}, {8: 0, 9: 0}],
        wrong=[{4: 0, 8: 0, 9: 0}, {8: 5}, {9: 9}, {8: HUGE}, {6: 1 << 16, 5: 1 << 15}],
    ),
    "distances": Record(
        "pairwise_squares_f32", [result(2), operand(4), operand(8), Length(2), Length(4), Flag(0)]
    ),
    "sums as f32": Record(
        "fixed_f32",
        [
            result(2),
            operand(2, 8),
            Length(2),
            constant("<i4", -126, 63),
            constant("<i8", 1, 2, optional=True),
        ],
        right=[{4: MISSING}],
        wrong=[{3: constant("<i4", 0, 64)}, {3: constant("<i4", -127, 0)}],
    ),
    "sums as f64": Record(
        "fixed_f64",
        [
            *(result(2, 8), operand(4, 8), Length(2), Length(2)),
            *(constant("<i4", -400, 400, 0, 0), constant("<f8", 0, 1.5, optional=True), Length(3)),
        ],
        right=[{5: MISSING}, {6: 65535}],
        wrong=[
            {4: constant("<i4", 0, 0, 0, 401)},
            {4: constant("<i4", -401, 0, 0, 0)},
            {5: constant("<f8", 0, np.inf)},
            {5: constant("<f8", 0, -0.0)},
            {5: constant("<f8", 2.0**401, 0)},
            {5: constant("<f8", 2.0**-401, 0)},
            {3: 3, 1: operand(6, 8), 4: constant("<i4", *[0] * 6)},
            {6: 65536},
        ],
    ),
    "means": Record(
        "mean_f64",
        [result(2, 8), operand(2, 8), Length(2), constant("<i4", 0, 400), Length(7)],
        wrong=[{3: constant("<i4", 0, 401)}, {3: constant("<i4", -401, 0)}, {4: 65536}],
    ),
    "votes": Record(
        "mean_votes",
        [result(3), result(1), operand(3, 8), Length(3), constant("<i4", -110, 0, 63), Length(10)],
        wrong=[{4: constant("<i4", 0, 0, 64)}, {4: constant("<i4", -111, 0, 0)}, {5: 65536}],
    ),
    "logistic pair": Record(
        "linear_logistic_f32",
        [result(2), result(1, optional=True), operand(4), operand(5), Length(4)],
        right=[{1: MISSING}],
    ),
}
"""Every record of kernels without trees."""
