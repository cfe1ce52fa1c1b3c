"""Runs native programs in numpy: the oracle for lowering, written from docs/native_engine.md alone.

Sums go first to last in the element type. Functions are numpy's, so they may differ from the engine's in
the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface, Rows
from ecu_bundle.lowering import Operation, Program
from ecu_bundle.lowering.kernels import REFERENCES
from ecu_bundle.lowering.program import MISSING, Reference, Space

Array = NDArray[Any]
TYPES: dict[str, np.dtype[Any]] = {"f32": np.dtype("<f4"), "i32": np.dtype("<i4"), "f64": np.dtype("<f8")}


@dataclass(frozen=True, slots=True)
class Memory:
    """What the operations of one row touch; slices beyond an end come out short and fail."""

    spaces: dict[Space, list[NDArray[np.uint8]]]

    def array(self, word: int, count: int, dtype: np.dtype[Any]) -> Array:
        """`count` elements of a reference, in place."""
        reference = Reference.of(word)
        is_tensor = reference.space in (Space.INPUT, Space.OUTPUT)
        space = self.spaces[reference.space][reference.place if is_tensor else 0]
        start = 0 if is_tensor else reference.place
        assert start % dtype.itemsize == 0
        data = space[start : start + count * dtype.itemsize]
        assert data.size == count * dtype.itemsize, "an operand is out of bounds"
        return data.view(dtype)


class Record:
    """The words of an operation by name."""

    def __init__(self, operation: Operation, memory: Memory) -> None:
        self.kernel = operation.kernel.name
        self.memory = memory
        self.named: dict[str, int] = {}
        self.shape: tuple[int, ...] = ()
        self.views: list[tuple[int, ...]] = []
        words = iter(operation.words)
        for name in operation.kernel.words:
            if name == "shape":
                self.shape = tuple(_several(words, next(words)))
                assert 1 <= len(self.shape) <= 5 and min(self.shape) >= 1
            elif name == "view":
                self.views.append(tuple(_several(words, len(self.shape))))
            else:
                self.named[name] = next(words)
        assert not list(words), "words are left over"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type that the kernel's name ends with."""
        return TYPES.get(self.kernel[-3:]) or np.dtype(f"<u{self.kernel[-1]}")

    def __getitem__(self, name: str) -> int:
        assert name not in REFERENCES
        return self.named[name]

    def dense(self, name: str, count: int, dtype: np.dtype[Any] | None = None) -> Array:
        return self.memory.array(self.named[name], count, dtype or self.dtype)

    def viewed(self, name: str, view: int, dtype: np.dtype[Any] | None = None, start: int = 0) -> Array:
        """An operand through a view, copied."""
        strides = self.views[view]
        last = sum(s * (n - 1) for s, n in zip(strides, self.shape, strict=True))
        flat = self.dense(name, start + last + 1, dtype)[start:]
        steps = tuple(s * flat.itemsize for s in strides)
        return np.lib.stride_tricks.as_strided(flat, self.shape, steps).copy()

    def write(self, name: str, values: Array, dtype: np.dtype[Any] | None = None) -> None:
        kind = dtype or self.dtype
        self.dense(name, values.size, kind)[:] = values.ravel().astype(kind)


def _several(words: Iterator[int], count: int) -> list[int]:
    return [next(words) for _ in range(count)]


def run_program(program: Program, interface: Interface, rows: Rows) -> dict[str, Array]:
    """Outputs (rows, elements) of every row, float32 or int32."""
    results = [np.empty((len(rows), t.elements), t.numpy_dtype) for t in interface.outputs]
    for row in range(len(rows)):
        inputs = [np.ascontiguousarray(rows.tensors[t.name][row]) for t in interface.inputs]
        outputs = [result[row] for result in results]
        with np.errstate(all="ignore"):
            _run_row(program, inputs, outputs)
    return {t.name: result for t, result in zip(interface.outputs, results, strict=True)}


def _run_row(program: Program, inputs: list[Array], outputs: list[Array]) -> None:
    workspace = np.full(program.workspace, 0xAB, np.uint8)
    constants = np.frombuffer(program.constants, np.uint8)
    memory = Memory(
        {
            Space.WORKSPACE: [workspace],
            Space.CONSTANTS: [constants],
            Space.INPUT: [array.view(np.uint8) for array in inputs],
            Space.OUTPUT: [array.view(np.uint8) for array in outputs],
        }
    )
    for operation in program.operations:
        record = Record(operation, memory)
        if record.kernel == "gather_inputs":
            flat = np.concatenate([array.astype(np.float32) for array in inputs])
            record.write("out", flat, TYPES["f32"])
        else:
            KERNELS[_family(record.kernel)](record)


def runs_here(program: Program) -> bool:
    """Whether every kernel has a function here; those for trees are compared with the engine itself."""
    return all(name == "gather_inputs" or _family(name) in KERNELS for name in program.kernels)


def _family(name: str) -> str:
    """The name without its element type or size."""
    if name in CASTS:
        return "cast"
    if name in ("map_i32", "gather_elements4"):
        return name
    return name[:-1] if name[-1] in "48" and name[-2:] != "64" else name.rpartition("_")[0]


CASTS = ("i32_f32", "f32_i32", "f32_f64", "f64_f32", "i32_f64", "f64_i32")


def _cast(r: Record) -> None:
    source, target = (TYPES[name] for name in r.kernel.split("_"))
    values = r.dense("in", r["n"], source).copy()
    if target.kind == "i" and source.kind == "f":
        wide = np.nan_to_num(np.trunc(values.astype(np.float64)), nan=0.0, posinf=2.0**31, neginf=-(2.0**31))
        values = np.clip(wide, -(2**31), 2**31 - 1)
    r.write("out", values, target)


def _copy(r: Record) -> None:
    r.write("out", r.viewed("in", 0, start=r["start"]))


def _take(r: Record) -> None:
    index = r.dense("index", r["n"], np.dtype("<u4"))
    r.write("out", r.dense("in", r["size"])[index])


def _pick(r: Record) -> None:
    index = np.clip(r.dense("index", r["n"], TYPES["i32"]), 0, r["size"] - 1)
    r.write("out", r.dense("in", r["size"] * r["inner"]).reshape(r["size"], r["inner"])[index])


def _where(r: Record) -> None:
    condition = r.viewed("c", 0, TYPES["i32"])
    r.write("out", np.where(condition != 0, r.viewed("a", 1), r.viewed("b", 2)))


def _binary(function: Callable[[Array, Array], Array], *, truth: bool = False) -> Callable[[Record], None]:
    def run(r: Record) -> None:
        r.write("out", function(r.viewed("a", 0), r.viewed("b", 1)), TYPES["i32"] if truth else None)

    return run


def _unary(function: Callable[[Array], Array], *, truth: bool = False) -> Callable[[Record], None]:
    def run(r: Record) -> None:
        r.write("out", function(r.dense("in", r["n"]).copy()), TYPES["i32"] if truth else None)

    return run


def _in_double(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda x: function(x.astype(np.float64)).astype(x.dtype)


_error_function = np.vectorize(math.erf, otypes=[np.float64])


def _logistic(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def _blocks(r: Record) -> Array:
    return r.dense("in", r["outer"] * r["n"] * r["inner"]).reshape(r["outer"], r["n"], r["inner"])


def _reduce(function: Callable[[Array], Array], *, place: bool = False) -> Callable[[Record], None]:
    def run(r: Record) -> None:
        r.write("out", function(_blocks(r)), TYPES["i32"] if place else None)

    return run


def _softmax(r: Record) -> None:
    x = r.dense("in", r["outer"] * r["n"]).reshape(r["outer"], r["n"])
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    r.write("out", powers / np.cumsum(powers, axis=1, dtype=x.dtype)[:, -1:])


def _top_k(r: Record) -> None:
    x = r.dense("in", r["outer"] * r["n"]).reshape(r["outer"], r["n"])
    keys = np.where(np.isnan(x), np.inf, x)
    order = np.argsort(-keys if r["largest"] else keys, axis=1, kind="stable")[:, : r["k"]]
    r.write("positions", order, TYPES["i32"])
    r.write("values", np.take_along_axis(x, order, 1))


def _matmul(r: Record) -> None:
    m, k, n = r["m"], r["k"], r["n"]
    has_bias = r.named["bias"] != MISSING
    a = r.dense("a", (r["batch"] - 1) * r["a_step"] + m * k)
    b = r.dense("b", (r["batch"] - 1) * r["b_step"] + k * n)
    results = []
    for i in range(r["batch"]):
        left = a[i * r["a_step"] :][: m * k].reshape(m, k)
        right = b[i * r["b_step"] :][: k * n]
        right = right.reshape(n, k).T if r["transposed"] else right.reshape(k, n)
        products = left[:, :, None] * right[None]
        sums = np.cumsum(products, axis=1, dtype=products.dtype)[:, -1]
        biased = sums + r.dense("bias", n) if has_bias else sums
        results.append(np.where(biased < 0, biased.dtype.type(0), biased) if r["rectified"] else biased)
    r.write("out", np.stack(results))


def _linear_logistic(r: Record) -> None:
    k = r["k"]
    b = r.dense("b", k + 1)
    score = np.cumsum(r.dense("a", k) * b[:k], dtype=b.dtype)[-1] + b[k]
    r.write("out", _in_double(_logistic)(np.array([-score, score], b.dtype)))
    if r.named["second"] != MISSING:
        r.write("second", np.array([score > 0]), TYPES["i32"])


def _pairwise(metric: str, r: Record) -> None:
    n, features = r["n"], r["features"]
    stored = r.dense("points", n * features)
    points = stored.reshape(n, features) if r["transposed"] else stored.reshape(features, n).T
    d = r.dense("x", r["features"]) - points
    terms = d * d if metric == "squares" else np.abs(d)
    sums = np.cumsum(terms, axis=1, dtype=d.dtype)[:, -1]
    r.write("out", terms.max(axis=1) if metric == "largest" else sums)


def _map(r: Record) -> None:
    keys = r.dense("keys", r["size"], TYPES["i32"])
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    values = dict(zip(keys.tolist(), r.dense("values", r["size"], np.dtype("<u4")).tolist(), strict=True))
    found = [values.get(key, r["default"]) for key in r.dense("in", r["n"], TYPES["i32"]).tolist()]
    r.write("out", np.array(found, np.uint32), np.dtype("<u4"))


def _gather_elements(r: Record) -> None:
    rows = r.dense("in", r["outer"] * r["n"]).reshape(r["outer"], r["n"])
    index = r.dense("index", r["outer"] * r["k"], TYPES["i32"]).reshape(r["outer"], r["k"])
    r.write("out", np.take_along_axis(rows, np.clip(index, 0, r["n"] - 1), 1))


KERNELS: dict[str, Callable[[Record], None]] = {
    "cast": _cast,
    "copy": _copy,
    "take": _take,
    "pick": _pick,
    "where": _where,
    "map_i32": _map,
    "gather_elements4": _gather_elements,
    "add": _binary(np.add),
    "sub": _binary(np.subtract),
    "mul": _binary(np.multiply),
    "div": _binary(np.divide),
    "min": _binary(np.minimum),
    "max": _binary(np.maximum),
    "pow": _binary(lambda a, b: np.power(a.astype(np.float64), b)),
    "less": _binary(np.less, truth=True),
    "less_equal": _binary(np.less_equal, truth=True),
    "equal": _binary(np.equal, truth=True),
    "and": _binary(np.bitwise_and),
    "or": _binary(np.bitwise_or),
    "not": _unary(lambda x: 1 - x),
    "neg": _unary(np.negative),
    "abs": _unary(np.abs),
    "exp": _unary(_in_double(np.exp)),
    "log": _unary(_in_double(np.log)),
    "sqrt": _unary(np.sqrt),
    "tanh": _unary(_in_double(np.tanh)),
    "logistic": _unary(_in_double(_logistic)),
    "floor": _unary(np.floor),
    "ceil": _unary(np.ceil),
    "round": _unary(np.rint),
    "sign": _unary(np.sign),
    "sin": _unary(_in_double(np.sin)),
    "cos": _unary(_in_double(np.cos)),
    "erf": _unary(_in_double(_error_function)),
    "is_nan": _unary(np.isnan, truth=True),
    "reduce_sum": _reduce(lambda x: np.cumsum(x, axis=1, dtype=x.dtype)[:, -1]),
    "reduce_max": _reduce(lambda x: x.max(axis=1)),
    "reduce_min": _reduce(lambda x: x.min(axis=1)),
    "reduce_prod": _reduce(lambda x: np.cumprod(x, axis=1, dtype=x.dtype)[:, -1]),
    "arg_max": _reduce(lambda x: np.argmax(x, axis=1), place=True),
    "arg_min": _reduce(lambda x: np.argmin(x, axis=1), place=True),
    "cumulative_sum": _reduce(lambda x: np.cumsum(x, axis=1, dtype=x.dtype)),
    "softmax": _softmax,
    "top_k": _top_k,
    "matmul": _matmul,
    "linear_logistic": _linear_logistic,
    **{f"pairwise_{metric}": partial(_pairwise, metric) for metric in ("squares", "absolutes", "largest")},
}
