"""Rules for decisions: certain where the operands are further apart than their errors reach.

Where they are not, the engine may decide otherwise than exact arithmetic: a truth value then has the
error 1, a position or a label an infinite one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.parity.bounds.bounded import Attributes, Bounded, NoBoundError, Real, exact, kind_of

Inputs = Sequence[Bounded]
Test = Callable[[Real, Real], NDArray[np.bool_]]


def compare(test: Test) -> Callable[[Attributes, Inputs], list[Bounded]]:
    """The rule for a comparison."""

    def rule(_: Attributes, inputs: Inputs) -> list[Bounded]:
        a, b = inputs
        return [decided(test(a.value, b.value), a, b)]

    rule.__doc__ = "A comparison; see `decided`."
    return rule


def decided(outcome: NDArray[np.bool_], a: Bounded, b: Bounded) -> Bounded:
    """A comparison of two numbers with its certainty."""
    with np.errstate(all="ignore"):
        gap = np.abs(a.value - b.value)
        error, radius = a.error + b.error, a.radius + b.radius
        known = (gap > radius) | (radius == 0.0)
        # both sides exactly as computed: the engine decides as exact arithmetic, whatever that is
        sure = (gap > radius + error) | (error == 0.0)
        return Bounded(
            np.asarray(outcome, dtype=np.float64),
            np.where(known, 0.0, 1.0),
            np.where(sure, 0.0, 1.0),
            "bool",
        )


def _logic(outcome: NDArray[np.bool_], inputs: Inputs, settled: NDArray[np.bool_] | None = None) -> Bounded:
    """A connective; unsure where an input is, unless another input settles it."""
    radius = np.maximum.reduce(np.broadcast_arrays(*(t.radius for t in inputs)))
    error = np.maximum.reduce(np.broadcast_arrays(*(t.error for t in inputs)))
    if settled is not None:
        radius, error = np.where(settled, 0.0, radius), np.where(settled, 0.0, error)
    return Bounded(np.asarray(outcome, dtype=np.float64), radius, error, "bool")


def _surely(a: Bounded, value: float) -> NDArray[np.bool_]:
    sure: NDArray[np.bool_] = (a.value == value) & (a.radius == 0.0) & (a.error == 0.0)
    return sure


def logical_not(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Negation."""
    return [_logic(inputs[0].value == 0.0, inputs)]


def logical_and(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Conjunction; surely false when one input is."""
    a, b = inputs
    return [_logic((a.value != 0.0) & (b.value != 0.0), inputs, _surely(a, 0.0) | _surely(b, 0.0))]


def logical_or(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Disjunction; surely true when one input is."""
    a, b = inputs
    return [_logic((a.value != 0.0) | (b.value != 0.0), inputs, _surely(a, 1.0) | _surely(b, 1.0))]


def logical_xor(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """One of two."""
    a, b = inputs
    return [_logic((a.value != 0.0) != (b.value != 0.0), inputs)]


def is_nan(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Of an input as it came; what was computed and is bounded is a number."""
    a = inputs[0]
    unsure = np.where(np.isfinite(a.error), 0.0, 1.0)
    return [Bounded(np.isnan(a.value).astype(np.float64), np.zeros_like(a.value), unsure, "bool")]


def where(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """The chosen one; where the choice is unsure, either: as far apart as the two can be."""
    condition, a, b = inputs
    with np.errstate(all="ignore"):
        chosen = condition.value != 0.0
        value = np.where(chosen, a.value, b.value)
        either = np.abs(a.value - b.value) + a.radius + b.radius + np.maximum(a.error, b.error)
        error = np.where(chosen, a.error, b.error)
        radius = np.where(chosen, a.radius, b.radius)
        unsure = condition.error > 0.0
        error = np.where(unsure, np.nan_to_num(either, nan=np.inf), error)
        error = np.where(~unsure & (condition.radius > 0.0), np.maximum(a.error, b.error), error)
        wide = condition.radius > 0.0
        radius = np.where(wide, np.abs(a.value - b.value) + np.maximum(a.radius, b.radius), radius)
        return [Bounded(value, radius, error, kind_of([a, b]), min(a.floor, b.floor))]


def argmax(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The first largest; certain when it stays ahead of every other one."""
    return [_first_largest(attributes, inputs[0], inputs[0].value)]


def argmin(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The first smallest."""
    return [_first_largest(attributes, inputs[0], -inputs[0].value)]


def _first_largest(attributes: Attributes, a: Bounded, value: Real) -> Bounded:
    axis = int(attributes.get("axis", 0))
    if attributes.get("select_last_index"):
        raise NoBoundError("no bound for the last index of ArgMax")
    count = value.shape[axis]
    winner = np.expand_dims(np.argmax(value, axis=axis), axis)
    known, sure = leads(a, value, winner, axis)
    result = Bounded(
        winner.astype(np.float64),
        np.where(known, 0.0, float(count)),
        np.where(sure, 0.0, np.inf),
        "int64",
    )
    keep = attributes.get("keepdims", 1)
    return result if keep else result.moved(lambda x: np.squeeze(x, axis=axis))


def leads(
    a: Bounded, value: Real, winner: NDArray[np.intp], axis: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(the winner is exactly known, the engine surely finds it): against every other element."""
    with np.errstate(all="ignore"):
        others = np.arange(value.shape[axis]).reshape(
            [-1 if i == axis % value.ndim else 1 for i in range(value.ndim)]
        )
        apart = np.take_along_axis(value, winner, axis) - value
        radius = np.take_along_axis(a.radius, winner, axis) + a.radius
        error = np.take_along_axis(a.error, winner, axis) + a.error
        itself = others == winner
        known = itself | (apart > radius) | (radius == 0.0)
        sure = itself | (apart > radius + error) | (error == 0.0)
        return known.all(axis=axis, keepdims=True), sure.all(axis=axis, keepdims=True)


def top_k(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The k largest or smallest in order.

    A sorted value moves by no more than the element that moves most. A position is certain when its
    value is apart from those of its neighbours in the order, the first that is left out included.
    """
    a = inputs[0]
    axis = int(attributes.get("axis", -1)) % a.value.ndim
    k = int(inputs[1].whole.ravel()[0])
    direction = -1.0 if attributes.get("largest", 1) else 1.0
    order = np.argsort(direction * a.value, axis=axis, kind="stable")
    value = np.take_along_axis(a.value, order, axis)
    reach = np.take_along_axis(a.radius + a.error, order, axis)
    with np.errstate(all="ignore"):
        gap = np.abs(np.diff(value, axis=axis))
        need = np.delete(reach, 0, axis=axis) + np.delete(reach, -1, axis=axis)
        apart = (gap > need) | (need == 0.0)
    ends = (
        np.ones_like(np.take(apart, [0], axis=axis)) if apart.shape[axis] else np.ones_like(value, dtype=bool)
    )
    sure = np.concatenate([ends, apart], axis=axis) & np.concatenate([apart, ends], axis=axis)
    first = [slice(None)] * a.value.ndim
    first[axis] = slice(0, k)
    index = tuple(first)
    shape = value[index].shape
    values = Bounded(
        value[index],
        np.broadcast_to(a.radius.max(axis=axis, keepdims=True), shape),
        np.broadcast_to(a.error.max(axis=axis, keepdims=True), shape),
        a.kind,
        a.floor,
    )
    lost = np.where(sure[index], 0.0, np.inf)
    return [values, Bounded(order[index].astype(np.float64), np.zeros(shape), lost, "int64")]


def one_hot(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``ai.onnx.ml`` OneHotEncoder: a comparison with each category."""
    a = inputs[0]
    categories = np.array(attributes["cats_int64s"], dtype=np.float64)
    value = a.moved(lambda x: x[..., None])
    wanted = exact(categories, "float32")
    result = decided(value.value == wanted.value, value, wanted)
    return [Bounded(result.value, result.radius, result.error, "float32", 0.0)]


def binarizer(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``x > threshold``; the threshold is rounded where x is not exact."""
    a = inputs[0]
    threshold = float(attributes.get("threshold", 0.0))
    off = np.where(a.error > 0.0, abs(threshold) * 2.0**-23, 0.0)
    edge = Bounded(np.full_like(a.value, threshold), np.zeros_like(a.value), off, a.kind)
    result = decided(a.value > threshold, a, edge)
    return [Bounded(result.value, result.radius, result.error, a.kind, 0.0)]


def label_encoder(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """A table of numbers; certain where the input is exact."""
    a = inputs[0]
    keys = attributes.get("keys_int64s") or attributes.get("keys_floats")
    whole = "values_int64s" in attributes
    values = attributes.get("values_int64s") or attributes.get("values_floats")
    if not keys or not values:
        raise NoBoundError("no bound for LabelEncoder with text")
    default = float(attributes.get("default_int64" if whole else "default_float", -1 if whole else -0.0))
    result = np.full(a.value.shape, default)
    for key, value in zip(keys, values, strict=True):
        result = np.where(a.value == float(key), float(value), result)
    spread = max(*map(float, values), default) - min(*map(float, values), default)
    radius = np.where(a.radius > 0.0, spread, 0.0)
    return [Bounded(result, radius, np.where(a.error > 0.0, np.inf, 0.0), "int64" if whole else "float32")]
