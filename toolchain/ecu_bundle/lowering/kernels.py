"""The kernels of the native engine: number, name and words of a record.

The same table stands in ``docs/native_engine.md`` and, without the words, in
``runtime/src/native/kernel_table.cpp``; a test compares the three.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

REFERENCES: Final = frozenset(
    (
        *(
            "out",
            "second",
            "in",
            "a",
            "b",
            "c",
            "x",
            "points",
            "index",
            "values",
            "positions",
            "bias",
            "keys",
        ),
        *("slots", "slot_table", "edges", "nodes", "leaf_values", "lows", "highs", "units"),
        *("entries", "exponents", "start_values"),
    )
)
"""Words that are references to an operand or a result; ``shape`` and ``view`` are groups of numbers, and
all other words are numbers."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel.

    Attributes:
        number: in the low half of the first word of a record.
        name: as in the documentation.
        words: what follows the first word.
        results: how many of the first words refer to results.
    """

    number: int
    name: str
    words: tuple[str, ...]
    results: int = 1

    @property
    def is_elementwise(self) -> bool:
        """Each result depends on the operands at its own position only, so it may take their place."""
        return self.words == _UNARY or ("b" in self.words and "view" in self.words)


_UNARY: Final = ("out", "in", "n")
_BINARY: Final = ("out", "a", "b", "shape", "view", "view")
_AXIS: Final = ("out", "in", "outer", "n", "inner")


def _pair(number: int, name: str, words: tuple[str, ...], results: int = 1) -> Iterator[Kernel]:
    """A kernel in f32 and in f64."""
    yield Kernel(number, f"{name}_f32", words, results)
    yield Kernel(number + 1, f"{name}_f64", words, results)


def _sizes(number: int, name: str, words: tuple[str, ...]) -> Iterator[Kernel]:
    """A kernel for elements of 4 and of 8 bytes."""
    yield Kernel(number, f"{name}4", words)
    yield Kernel(number + 1, f"{name}8", words)


_BINARY_NAMES = ("add", "sub", "mul", "div", "min", "max", "pow", "less", "less_equal", "equal")
_INTEGER_NAMES = ("add", "sub", "mul", "less", "equal", "and", "or")
_CASTS = ("i32_f32", "f32_i32", "f32_f64", "f64_f32", "i32_f64", "f64_i32")
_UNARY_NAMES = (
    *("neg", "abs", "exp", "log", "sqrt", "tanh", "logistic", "floor", "ceil", "round", "sign"),
    *("sin", "cos", "erf", "is_nan"),
)
_REDUCTIONS = ("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "arg_max", "arg_min")

_TREES = (
    *(
        f"{layout}_{leaves}"
        for layout in ("keyed", "ranked")
        for leaves in ("values", "values40", "values48", "pairs", "shares", "numbers")
    ),
    *(f"complete_{leaves}" for leaves in ("values", "values40", "values48", "pairs")),
)
_ENSEMBLE: Final = (
    *("out", "slots", "in", "elements", "slot_table", "slot_count", "edges", "edge_count"),
    *("nodes", "node_count", "trees", "depth"),
)
_LEAVES: Final = {
    "values": ("columns", "leaf_values", "leaves"),
    "values40": ("columns", "lows", "highs", "leaves"),
    "values48": ("columns", "lows", "highs", "leaves"),
    "pairs": ("columns", "leaf_values", "leaves"),
    "rows": ("columns", "leaf_values", "leaves"),
    "shares": ("columns", "units", "entries", "entry_count", "leaf_values", "value_count"),
    "numbers": ("leaf_values", "leaves"),
}


def _all() -> Iterator[Kernel]:
    yield Kernel(1, "gather_inputs", ("out",))
    yield from _sizes(2, "copy", ("out", "in", "start", "shape", "view"))
    yield from _sizes(4, "take", ("out", "in", "size", "n", "index"))
    yield from _sizes(6, "pick", ("out", "in", "index", "size", "n", "inner"))
    yield from _sizes(8, "where", ("out", "c", "a", "b", "shape", "view", "view", "view"))
    for i, name in enumerate(_CASTS):
        yield Kernel(10 + i, name, _UNARY)
    for i, name in enumerate(_BINARY_NAMES):
        yield from _pair(16 + 2 * i, name, _BINARY)
    for i, name in enumerate(_INTEGER_NAMES):
        yield Kernel(36 + i, f"{name}_i32", _BINARY)
    yield Kernel(43, "not_i32", _UNARY)
    for i, name in enumerate(_UNARY_NAMES):
        yield from _pair(44 + 2 * i, name, _UNARY)
    yield Kernel(74, "linear_logistic_f32", ("out", "second", "a", "b", "k"), results=2)
    for i, name in enumerate(_REDUCTIONS):
        yield from _pair(80 + 2 * i, name, _AXIS)
    yield from _pair(92, "softmax", ("out", "in", "outer", "n"))
    yield from _pair(94, "top_k", ("values", "positions", "in", "outer", "n", "k", "largest"), results=2)
    yield from _pair(96, "cumulative_sum", _AXIS)
    sizes = ("batch", "m", "k", "n", "a_step", "b_step")
    yield from _pair(98, "matmul", ("out", "a", "b", "bias", *sizes, "transposed", "rectified"))
    for number, metric in ((100, "squares"), (102, "absolutes"), (106, "largest")):
        yield from _pair(number, f"pairwise_{metric}", ("out", "x", "points", "n", "features", "transposed"))
    yield Kernel(104, "map_i32", ("out", "in", "n", "keys", "values", "size", "default"))
    yield Kernel(105, "gather_elements4", ("out", "in", "index", "outer", "n", "k"))
    yield Kernel(108, "tree_lone", ("out", "in", "elements", "nodes", "node_count"))
    yield Kernel(109, "fixed_f64", ("out", "in", "n", "words", "exponents", "start_values", "divisor"))
    yield Kernel(110, "fixed_f32", ("out", "in", "n", "exponents", "start_values"))
    mean = ("in", "n", "exponents", "divisor")
    yield Kernel(128, "mean_f64", ("out", *mean))
    yield Kernel(129, "mean_votes", ("out", "second", *mean), results=2)
    rows = ("leaves", "leaf_values", "words", "second_words")
    yield Kernel(
        111, "tree_rows", ("out", "second", "in", "elements", "nodes", "node_count", *rows), results=2
    )
    numbers = (*range(112, 112 + len(_TREES)), 130, 131)
    for number, name in zip(numbers, (*_TREES, "keyed_rows", "ranked_rows"), strict=True):
        yield Kernel(number, f"trees_{name}", (*_ENSEMBLE, *_LEAVES[name.split("_")[1]]), results=2)


KERNELS: Final = {kernel.name: kernel for kernel in _all()}
"""By name."""

KERNELS_BY_NUMBER: Final = {kernel.number: kernel for kernel in KERNELS.values()}


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The names of kernels, each once, in order of their numbers."""
    return tuple(sorted(set(names), key=lambda name: KERNELS[name].number))


def kernel_set(numbers: Iterable[int]) -> bytes:
    """A bit for each kernel: bit k % 8 of byte k / 8 stands for number k; the last byte is not zero."""
    bits = sum(1 << number for number in set(numbers))
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")
