"""The cases of each kernel; numpy is the oracle, in the order of operations that the contract states."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .assembler import MISSING, views
from .cases import Array, Case, Place, make_case

Random = np.random.Generator
Words = list[int | str]
FLOATS: dict[str, Any] = {"f32": np.float32, "f64": np.float64}
F32_TOLERANCE = 3e-7
"""Two units in the last place; tests/native/test_math.py has the sharp bounds."""
F64_TOLERANCE = 5e-16
METRICS = ("squares", "absolutes", "largest")
_SHORT = 9

BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "min": lambda a, b: np.where(np.isnan(a) | np.isnan(b), a + b, np.where(b < a, b, a)),
    "max": lambda a, b: np.where(np.isnan(a) | np.isnan(b), a + b, np.where(b > a, b, a)),
    "less": np.less,
    "less_equal": np.less_equal,
    "equal": np.equal,
}
INTEGER: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "less": np.less,
    "equal": np.equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
}
EXACT: dict[str, Callable[[Array], Array]] = {
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "sign": lambda x: np.where(np.isnan(x), x, np.sign(x) + x.dtype.type(0)),
    "is_nan": np.isnan,
}
FUNCTIONS: dict[str, tuple[Callable[[Array], Array], float, float]] = {
    "exp": (np.exp, -80.0, 80.0),
    "log": (np.log, 1e-3, 1e6),
    "tanh": (np.tanh, -12.0, 12.0),
    "logistic": (lambda x: 1.0 / (1.0 + np.exp(-x)), -60.0, 60.0),
    "sin": (np.sin, -9.0, 9.0),
    "cos": (np.cos, -9.0, 9.0),
    "erf": (np.vectorize(math.erf), -4.0, 4.0),
}


def floats(random: Random, size: int, dtype: Any) -> Array:
    """Values of many magnitudes, and the special ones."""
    limits = np.finfo(dtype)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5]
    special += [limits.tiny, -limits.tiny, limits.smallest_subnormal, limits.max, -limits.max]
    values = (random.standard_normal(size) * 10.0 ** random.integers(-3, 4, size)).astype(dtype)
    chosen = random.random(size) < 0.3
    values[chosen] = random.choice(np.array(special, dtype), int(chosen.sum()))
    return values


def integers(random: Random, size: int) -> Array:
    special = np.array([0, 1, -1, 2**31 - 1, -(2**31)], np.int32)
    values = random.integers(-9, 10, size, dtype=np.int32)
    chosen = random.random(size) < 0.3
    values[chosen] = random.choice(special, int(chosen.sum()))
    return values


class View:
    """A random view of a flat array."""

    def __init__(self, random: Random, shape: tuple[int, ...], dense: bool, make: Callable[[int], Array]):
        strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
        if not dense:
            strides = [int(random.choice([0, stride, stride + 1, 3])) for stride in strides]
        extent = 1 + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
        self.start = 0 if dense else int(random.integers(0, 4))
        self.flat = make(self.start + extent)
        self.strides = strides
        steps = [stride * self.flat.itemsize for stride in strides]
        self.from_start = as_strided(self.flat[self.start :], shape, steps)
        self.array = as_strided(self.flat, shape, steps)


def shapes(random: Random) -> Iterator[tuple[tuple[int, ...], bool]]:
    yield (37,), True
    for rank in range(1, 6):
        for _ in range(3):
            yield tuple(int(length) for length in random.integers(1, 5, rank)), False


def _quiet(function: Callable[..., Array], *arrays: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(function(*arrays))


def _result(values: Array, dtype: Any) -> Array:
    return values.astype(np.int32) if values.dtype == np.bool_ else values.astype(dtype)


def elementwise(place: Place, random: Random) -> Iterator[Case]:
    """Binary operators, where, functions, conversions."""
    kinds: list[tuple[str, Callable[[Array, Array], Array], Any]] = [
        (f"{name}_{kind}", function, dtype)
        for kind, dtype in FLOATS.items()
        for name, function in BINARY.items()
    ]
    kinds += [(f"{name}_i32", function, np.int32) for name, function in INTEGER.items()]
    for kernel, function, dtype in kinds:
        for shape, dense in shapes(random):
            a, b = (View(random, shape, dense, _maker(random, dtype)) for _ in range(2))
            words: Words = ["out", "a", "b", len(shape), *shape, *views(a.strides, b.strides)]
            result = {"out": _result(_quiet(function, a.array, b.array), dtype)}
            yield make_case(kernel, words, {"a": a.flat, "b": b.flat}, result, place=place)
    yield from _where(place, random)
    yield from _functions(place, random)
    yield from _conversions(place, random)


def _values(random: Random, size: int, dtype: Any) -> Array:
    return integers(random, size) if dtype == np.int32 else floats(random, size, dtype)


def _maker(random: Random, dtype: Any) -> Callable[[int], Array]:
    return lambda size: _values(random, size, dtype)


def _where(place: Place, random: Random) -> Iterator[Case]:
    for size, dtype in (("4", np.float32), ("8", np.float64)):
        for shape, dense in shapes(random):
            c = View(random, shape, dense, lambda count: random.integers(-1, 2, count, dtype=np.int32))
            a, b = (View(random, shape, dense, _maker(random, dtype)) for _ in range(2))
            words: Words = ["out", "c", "a", "b", len(shape), *shape, *views(c.strides, a.strides, b.strides)]
            operands = {"c": c.flat, "a": a.flat, "b": b.flat}
            result = {"out": np.where(c.array != 0, a.array, b.array)}
            yield make_case(f"where{size}", words, operands, result, place=place)


def _functions(place: Place, random: Random) -> Iterator[Case]:
    for kind, dtype in FLOATS.items():
        tolerance = F32_TOLERANCE if dtype == np.float32 else F64_TOLERANCE
        for name, exact in EXACT.items():
            x = floats(random, 300, dtype)
            result = {"out": _result(_quiet(exact, x), dtype)}
            yield make_case(f"{name}_{kind}", ["out", "x", x.size], {"x": x}, result, place=place)
        for name, (function, low, high) in FUNCTIONS.items():
            x = random.uniform(low, high, 200).astype(dtype)
            result = {"out": function(x.astype(np.float64)).astype(dtype)}
            words: Words = ["out", "x", x.size]
            yield make_case(f"{name}_{kind}", words, {"x": x}, result, place=place, tolerance=tolerance)
        x, y = random.uniform(0.1, 9.0, 100).astype(dtype), random.uniform(-5.0, 5.0, 100).astype(dtype)
        result = {"out": (x.astype(np.float64) ** y.astype(np.float64)).astype(dtype)}
        words = ["out", "x", "y", 1, x.size, 1, 1]
        yield make_case(f"pow_{kind}", words, {"x": x, "y": y}, result, place=place, tolerance=tolerance)
    truth = random.integers(0, 2, 20, dtype=np.int32)
    yield make_case("not_i32", ["out", "x", 20], {"x": truth}, {"out": 1 - truth}, place=place)


def _conversions(place: Place, random: Random) -> Iterator[Case]:
    types: dict[str, Any] = {"i32": np.int32, **FLOATS}
    for kernel in ("i32_f32", "f32_i32", "f32_f64", "f64_f32", "i32_f64", "f64_i32"):
        source, target = (types[name] for name in kernel.split("_"))
        x = _values(random, 300, source)
        if target == np.int32:
            whole = np.trunc(np.nan_to_num(x.astype(np.float64), nan=0.0))
            result = np.clip(whole, -(2.0**31), 2.0**31 - 1.0).astype(np.int32)
        else:
            result = _quiet(lambda x, target=target: x.astype(target), x)
        yield make_case(kernel, ["out", "x", x.size], {"x": x}, {"out": result}, place=place)


def moves(place: Place, random: Random) -> Iterator[Case]:
    """Kernels that compute nothing."""
    x, y = floats(random, 7, np.float32), floats(random, 5, np.float32)
    if place == "inputs":
        both = {"out": np.concatenate([x, y])}
        yield make_case("gather_inputs", ["out"], {"x": x, "y": y}, both, place=place)
    for size, dtype in (("4", np.float32), ("8", np.float64)):
        for shape, dense in shapes(random):
            a = View(random, shape, dense, _maker(random, dtype))
            words: Words = ["out", "a", a.start, len(shape), *shape, *a.strides]
            yield make_case(f"copy{size}", words, {"a": a.flat}, {"out": a.from_start}, place=place)
        flat = floats(random, 30, dtype)
        index = random.integers(0, 30, 40, dtype=np.uint32)
        operands: dict[str, Array] = {"a": flat, "index!": index}
        yield make_case(
            f"take{size}", ["out", "a", 30, 40, "index!"], operands, {"out": flat[index]}, place=place
        )
        rows = floats(random, 24, dtype).reshape(6, 4)
        positions = integers(random, 11)
        result = {"out": rows[np.clip(positions, 0, 5)]}
        operands = {"rows": rows, "positions": positions}
        yield make_case(f"pick{size}", ["out", "rows", "positions", 6, 11, 4], operands, result, place=place)
    yield from _tables(place, random)


def _tables(place: Place, random: Random) -> Iterator[Case]:
    keys = np.unique(integers(random, 20))
    values = floats(random, keys.size, np.float32)
    x = np.concatenate([integers(random, 30), keys])
    known = dict(zip(keys.tolist(), values.tolist(), strict=True))
    result = np.array([known.get(key, 1.0) for key in x.tolist()], np.float32)
    words: Words = ["out", "x", x.size, "keys!", "values!", keys.size, 0x3F800000]
    operands: dict[str, Array] = {"x": x, "keys!": keys, "values!": values}
    yield make_case("map_i32", words, operands, {"out": result}, place=place)
    rows, positions = floats(random, 20, np.float32).reshape(4, 5), integers(random, 12).reshape(4, 3)
    gathered = np.take_along_axis(rows, np.clip(positions, 0, 4).astype(np.int64), axis=1)
    operands = {"rows": rows, "positions": positions}
    words = ["out", "rows", "positions", 4, 5, 3]
    yield make_case("gather_elements4", words, operands, {"out": gathered}, place=place)


def _fold(function: Callable[[Array, Array], Array], x: Array) -> Array:
    """Over the middle axis of (outer, n, inner), first to last."""
    value = x[:, 0]
    for index in range(1, x.shape[1]):
        value = function(value, x[:, index])
    return value


FOLDS: dict[str, Callable[[Array], Array]] = {
    "reduce_sum": lambda x: _fold(np.add, x),
    "reduce_prod": lambda x: _fold(np.multiply, x),
    "reduce_max": lambda x: _fold(BINARY["max"], x),
    "reduce_min": lambda x: _fold(BINARY["min"], x),
    "arg_max": lambda x: np.argmax(x, axis=1).astype(np.int32),
    "arg_min": lambda x: np.argmin(x, axis=1).astype(np.int32),
    "cumulative_sum": lambda x: np.cumsum(x, axis=1, dtype=x.dtype),
}


def reductions(place: Place, random: Random) -> Iterator[Case]:
    """Reductions, softmax, top_k."""
    for kind, dtype in FLOATS.items():
        for name, function in FOLDS.items():
            sizes: tuple[tuple[int, ...], ...] = ((1, 9, 1), (3, 4, 5), (2, 1, 3), (6, 7, 1))
            for axes in sizes:
                x = floats(random, int(np.prod(axes)), dtype).reshape(axes)
                if axes[0] == 6:
                    x = np.round(x.clip(-2, 2))  # many equal elements
                result = {"out": _quiet(function, x)}
                yield make_case(f"{name}_{kind}", ["out", "x", *axes], {"x": x}, result, place=place)
        scores = random.normal(0.0, 5.0, (4, 6)).astype(dtype)
        power = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
        softmax = {"out": (power / power.sum(axis=1, keepdims=True)).astype(dtype)}
        tolerance = 4 * (F32_TOLERANCE if dtype == np.float32 else F64_TOLERANCE)
        words: Words = ["out", "x", 4, 6]
        yield make_case(f"softmax_{kind}", words, {"x": scores}, softmax, place=place, tolerance=tolerance)
        for largest in (0, 1):
            yield _top_k(f"top_k_{kind}", floats(random, 60, dtype).reshape(3, 20), largest, place)


def _top_k(kernel: str, x: Array, largest: int, place: Place) -> Case:
    ranks = np.where(np.isnan(x), np.inf, x)
    order = [
        np.lexsort((np.arange(row.size), -rank if largest else rank, np.isnan(row) ^ bool(largest)))
        for row, rank in zip(x, ranks, strict=True)
    ]
    positions = np.array(order)[:, :7]
    results = {"values": np.take_along_axis(x, positions, axis=1), "positions": positions.astype(np.int32)}
    words: Words = ["values", "positions", "x", *x.shape, 7, largest]
    return make_case(kernel, words, {"x": x}, results, place=place)


def _matmul(a: Array, b: Array, bias: Array | None) -> Array:
    """(batch, m, k) times (batch, k, n), each sum in order, bias last."""
    value = a[:, :, 0, None] * b[:, None, 0]
    for index in range(1, a.shape[2]):
        value = value + a[:, :, index, None] * b[:, None, index]
    return value if bias is None else value + bias


def _summands(random: Random, size: int, length: int, dtype: Any) -> Array:
    """Operands of sums of `length` terms. Special values would make nearly every long sum NaN."""
    if length > _SHORT:
        return (random.standard_normal(size) * 10.0 ** random.integers(-3, 4, size)).astype(dtype)
    return floats(random, size, dtype)


def sums(place: Place, random: Random) -> Iterator[Case]:
    """matmul and pairwise."""
    sizes = (
        (1, 1, 64, 32),
        (1, 1, 43, 3),
        (1, 1, 1, 1),
        (1, 3, 5, 19),
        (4, 2, 3, 9),
        (2, 1, 7, 8),
        (1, 2, 9, 5),
    )
    for kind, dtype in FLOATS.items():
        for batch, m, k, n in sizes:
            for transposed, with_bias, repeats, rectified in (
                *((0, True, False, 0), (1, False, True, 0)),
                *((1, True, False, 1), (0, False, False, 1)),
            ):
                a = _summands(random, batch * m * k, k, dtype).reshape(batch, m, k)
                b = _summands(random, (1 if repeats else batch) * k * n, k, dtype).reshape(-1, k, n)
                bias = floats(random, n, dtype)
                operands = {"a": a, "b": b.swapaxes(1, 2) if transposed else b, "bias": bias}
                operands = {name: np.ascontiguousarray(array) for name, array in operands.items()}
                result = _quiet(lambda a, b, bias=bias if with_bias else None: _matmul(a, b, bias), a, b)
                result = np.where(result < 0, dtype(0), result) if rectified else result
                words: Words = ["out", "a", "b", "bias" if with_bias else MISSING, batch, m, k, n]
                words += [m * k, 0 if repeats else k * n, transposed, rectified]
                yield make_case(f"matmul_{kind}", words, operands, {"out": result}, place=place)
        for metric, (n, features), transposed in product(METRICS, ((11, 6), (3, 21), (1, 1)), (0, 1)):
            x = _summands(random, features, features, dtype)
            points = _summands(random, n * features, features, dtype).reshape(n, features)
            distances = {"out": _quiet(lambda x, p, metric=metric: _pairwise(x, p, metric), x, points)}
            operands = {"x": x, "points": np.ascontiguousarray(points if transposed else points.T)}
            words = ["out", "x", "points", n, features, transposed]
            yield make_case(f"pairwise_{metric}_{kind}", words, operands, distances, place=place)
    yield from _regressions(place, random)


def _regressions(place: Place, random: Random) -> Iterator[Case]:
    """linear_logistic: both shares, and the label, which may be missing."""
    scores = (0.0, 1.5, -3.0, -25.0, 90.0, -90.0, np.inf, -np.inf, np.nan)
    for k, score in zip((1, 7, 8, 30, 9, 64, 1, 16, 2), scores, strict=True):
        a, weights = (random.standard_normal(k).astype(np.float32) for _ in range(2))
        exact = _quiet(lambda a, b: _matmul(a.reshape(1, 1, -1), b.reshape(1, -1, 1), None), a, weights)
        bias = np.float32(score) - exact.ravel()
        with np.errstate(over="ignore", invalid="ignore"):
            sum_ = exact.ravel() + bias
            shares = 1.0 / (1.0 + np.exp(np.concatenate([sum_, -sum_]).astype(np.float64)))
        results = {"out": shares.astype(np.float32), "label": (sum_ > 0).astype(np.int32)}
        operands = {"a": a, "b": np.concatenate([weights, bias])}
        for second in ("label", MISSING):
            wanted = results if second == "label" else {"out": results["out"]}
            yield make_case(
                "linear_logistic_f32",
                ["out", second, "a", "b", k],
                operands,
                wanted,
                place=place,
                tolerance=F32_TOLERANCE,
            )


def _pairwise(x: Array, points: Array, metric: str) -> Array:
    difference = x - points
    terms = difference * difference if metric == "squares" else np.abs(difference)
    return _fold(BINARY["max"] if metric == "largest" else np.add, terms[..., None])[:, 0]
