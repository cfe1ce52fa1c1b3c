"""Tree ensembles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import numpy_helper

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.trees.chains import NUMBERS, SUM
from ecu_bundle.lowering.trees.encode import add_numbers, add_sums
from ecu_bundle.lowering.trees.ensemble import Ensemble, read_ensemble
from ecu_bundle.lowering.trees.fixed import LARGEST_EXPONENT, Fixed, sums_fit, to_fixed, whole_start
from ecu_bundle.lowering.trees.lone import LONE, add_lone_tree
from ecu_bundle.lowering.views import View, constant_view

_FLOAT_BITS: Final = 24
_INEXACT: Final = "sums over trees that depend on the order of additions"
_FAR_APART: Final = (
    "leaves are too far apart for exact sums: scale or transform the target, for instance to its logarithm; "
    "or run the model with engine 'ort'"
)
_OTHER_CONVERTER: Final = (
    "an ONNX file of another converter: convert the model with ecu-bundle; or run it with engine 'ort'"
)
_SCALE: Final = "scale the target; or run the model with engine 'ort'"


def _sum(node: Node, build: Builder) -> Sequence[Value]:
    """The float64 sum of limbs, times a power of two, plus a start value, divided: the bits of ONNX.

    Rounded to float32 where that follows: at once where the float64 number is exact.
    """
    ensemble, matrix = _operands(node, build)
    tree = ensemble.tree_of_leaf()
    limbs = [ensemble.values[:, columns] for columns in np.asarray(node.attributes["limbs"])]
    exponent, divisor = int(node.attributes["exponent"]), int(node.attributes["divisor"])
    start = node.attributes.get("start")
    if len(ensemble.roots) > 1 and not all(sums_fit([limb], tree, _FLOAT_BITS) for limb in limbs):
        raise node.refused(_INEXACT, hint=_FAR_APART if len(limbs) > 1 else _OTHER_CONVERTER)
    fixed = to_fixed(limbs, tree)
    narrow = bool(node.attributes["narrow"])
    _note_other_sums(build, divisor=divisor, narrow=narrow, has_start=start is not None)
    if narrow and divisor == 1 and fixed is not None and fixed.words == 1:
        scaled = replace(fixed, exponents=fixed.exponents + exponent)
        first = whole_start(scaled, tree, start)
        if first is not None:
            return [_single(build, matrix, ensemble, scaled, first)]
    total = _wide(node, build, (ensemble, matrix), limbs, fixed)
    return [build.cast(total, "f32") if narrow else total]


def _note_other_sums(build: Builder, *, divisor: int, narrow: bool, has_start: bool) -> None:
    """Leaves decide how many whole numbers, or float64 numbers, a sum is made of, and what follows it."""
    build.may_need("mean_f64", "fixed_f64", "add_f64")
    if divisor != 1:
        build.may_need("div_f64")
    if narrow:
        build.may_need("f64_f32")
    if narrow and divisor == 1:
        build.may_need("fixed_f32")
    if not narrow and divisor != 1 and not has_start:
        build.may_need("mean_votes")


def _wide(
    node: Node,
    build: Builder,
    operands: tuple[Ensemble, View],
    limbs: Sequence[NDArray[Any]],
    fixed: Fixed | None,
) -> View:
    """The float64 number, (1, outputs)."""
    ensemble, _ = operands
    exponent, divisor = int(node.attributes["exponent"]), int(node.attributes["divisor"])
    start = node.attributes.get("start")
    if fixed is not None:
        return _number(node, build, operands, fixed, exponent=exponent, start=start, divisor=divisor)
    parts = [to_fixed([limb], ensemble.tree_of_leaf()) for limb in limbs]
    numbers = [_number(node, build, operands, part, exponent=exponent) for part in parts if part is not None]
    if len(numbers) < len(limbs):
        raise node.refused("sums over trees whose leaves differ by more than 62 bits")
    total = reduce(partial(build.binary, "add"), numbers)
    if start is not None:
        total = build.binary("add", total, constant_view(start, "f64"))
    return total if divisor == 1 else build.binary("div", total, build.scalar(divisor, "f64"))


def _regressor(node: Node, build: Builder) -> Sequence[Value]:
    """The float32 sums of an ensemble, which must be exact in any order."""
    ensemble, matrix = _operands(node, build)
    tree = ensemble.tree_of_leaf()
    if len(ensemble.roots) > 1 and not sums_fit([ensemble.values], tree, _FLOAT_BITS):
        raise node.refused(_INEXACT, hint=_OTHER_CONVERTER)
    fixed = to_fixed([ensemble.values], tree)
    if fixed is None:
        raise node.refused("leaves that differ by more than 62 bits")
    return [build.cast(_number(node, build, (ensemble, matrix), fixed), "f32")]


def _numbers(node: Node, build: Builder) -> Sequence[Value]:
    """The whole number in the leaf that each tree reaches."""
    ensemble, matrix = _operands(node, build)
    numbers = ensemble.values.sum(axis=1)
    if not np.array_equal(numbers, np.trunc(numbers)) or np.abs(numbers).max() >= 2.0**31:
        raise node.refused("leaves that are not whole numbers")
    found = add_numbers(build, matrix, ensemble, numbers.astype(np.int64))
    return [build.reshape(found, (1, found.elements))]


def _lone(node: Node, build: Builder) -> Sequence[Value]:
    """One tree and all that follows from its leaf."""
    ensemble, matrix = _operands(node, build)
    tables = [numpy_helper.to_array(tensor) for tensor in node.attributes["tables"]]
    shapes = [tuple(numpy_helper.to_array(tensor).tolist()) for tensor in node.attributes["shapes"]]
    found = add_lone_tree(build, matrix, ensemble, tables)
    return [build.reshape(view, shape) for view, shape in zip(found, shapes, strict=True)]


def _number(
    node: Node,
    build: Builder,
    operands: tuple[Ensemble, View],
    fixed: Fixed,
    *,
    exponent: int = 0,
    start: NDArray[Any] | None = None,
    divisor: int = 1,
) -> View:
    """f64 (1, outputs) of exact sums."""
    ensemble, matrix = operands
    scaled = fixed.exponents + exponent
    starts = np.zeros(1) if start is None else start + 0.0  # -0 becomes 0
    largest = max(np.abs(scaled).max(), _largest_exponent(starts))
    if largest > LARGEST_EXPONENT or not np.isfinite(starts).all():
        cause = f"leaves or start values beyond 2^{LARGEST_EXPONENT} or below 2^-{LARGEST_EXPONENT}"
        raise node.refused(cause, hint=_SCALE)
    sums = add_sums(build, matrix, ensemble, fixed.values, fixed.words)
    outputs = sums.elements // fixed.words
    result = build.buffer("f64", (1, outputs))
    exponents = constant_view(scaled, "i32")
    if start is None and fixed.words == 1:
        build.step("mean_f64", result, sums, outputs, exponents, divisor)
        return result
    first = None if start is None else constant_view(starts, "f64")
    build.step("fixed_f64", result, sums, outputs, fixed.words, exponents, first, divisor)
    return result


def _largest_exponent(values: NDArray[np.float64]) -> int:
    """The largest magnitude of the exponents of numbers that are not 0; that of 1 is 0."""
    exponents = np.frexp(values[values != 0.0])[1] - 1
    return int(np.abs(exponents).max(initial=0))


def _single(build: Builder, matrix: View, ensemble: Ensemble, fixed: Fixed, start: NDArray[np.int64]) -> View:
    """f32 (1, outputs) of exact sums of one word, with the whole number that each starts from."""
    sums = add_sums(build, matrix, ensemble, fixed.values, 1)
    result = build.buffer("f32", (1, sums.elements))
    exponents = constant_view(fixed.exponents, "i32")
    first = constant_view(start, "i64") if start.any() else None
    build.step("fixed_f32", result, sums, sums.elements, exponents, first)
    return result


def _operands(node: Node, build: Builder) -> tuple[Ensemble, View]:
    """The trees, and the dense f32 elements of one row."""
    ensemble, matrix = read_ensemble(node.attributes), build.dense(node.view(0))
    if int(ensemble.element.max()) >= matrix.elements:
        raise node.refused(f"trees that test more than the {matrix.elements} elements of the input")
    return ensemble.without_nan() if matrix.storage in build.without_nan else ensemble, matrix


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {
    "TreeEnsembleRegressor": _regressor,
    SUM: _sum,
    NUMBERS: _numbers,
    LONE: _lone,
}
