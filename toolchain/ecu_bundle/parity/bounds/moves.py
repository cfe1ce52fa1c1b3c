"""Rules for operators that move, select or retype elements: they lose nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.parity.bounds.bounded import (
    UNITS,
    Attributes,
    Bounded,
    Kind,
    NoBoundError,
    constant,
    exact,
    kind_of,
    rounded,
)

Inputs = Sequence[Bounded]
_KINDS: dict[int, Kind] = {
    TensorProto.FLOAT: "float32",
    TensorProto.DOUBLE: "float64",
    TensorProto.INT32: "int64",
    TensorProto.INT64: "int64",
    TensorProto.BOOL: "bool",
}


def identity(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Nothing happens."""
    return [inputs[0]]


def concat(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Side by side."""
    axis = int(attributes["axis"])
    return [
        Bounded(
            np.concatenate([t.value for t in inputs], axis),
            np.concatenate([t.radius for t in inputs], axis),
            np.concatenate([t.error for t in inputs], axis),
            kind_of(inputs),
            min(t.floor for t in inputs),
        )
    ]


def reshape(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """A 0 in the shape keeps the size of that axis."""
    shape = [
        inputs[0].value.shape[i] if size == 0 else int(size) for i, size in enumerate(inputs[1].whole.ravel())
    ]
    return [inputs[0].moved(lambda x: x.reshape(shape))]


def flatten(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """To two axes."""
    axis = int(attributes.get("axis", 1))
    rows = int(np.prod(inputs[0].value.shape[:axis]))
    return [inputs[0].moved(lambda x: x.reshape(rows, -1))]


def transpose(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Axes in another order."""
    return [inputs[0].moved(lambda x: np.transpose(x, attributes.get("perm")))]


def _axes(attributes: Attributes, inputs: Inputs) -> Any:
    if len(inputs) > 1:
        return tuple(inputs[1].whole.ravel().tolist())
    return tuple(attributes["axes"]) if "axes" in attributes else None


def squeeze(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Axes of size 1 go."""
    axes = _axes(attributes, inputs)
    return [inputs[0].moved(lambda x: np.squeeze(x, axis=axes))]


def unsqueeze(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Axes of size 1 come."""
    axes = _axes(attributes, inputs)
    return [inputs[0].moved(lambda x: np.expand_dims(x, axes))]


def expand(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Broadcast to a shape."""
    shape = np.broadcast_shapes(inputs[0].value.shape, tuple(inputs[1].whole.ravel().tolist()))
    return [inputs[0].moved(lambda x: np.broadcast_to(x, shape))]


def slice_(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """A part along some axes."""
    starts, ends = inputs[1].whole.ravel(), inputs[2].whole.ravel()
    axes = inputs[3].whole.ravel() if len(inputs) > 3 else np.arange(len(starts))
    steps = inputs[4].whole.ravel() if len(inputs) > 4 else np.ones(len(starts), dtype=np.int64)
    index: list[slice] = [slice(None)] * inputs[0].value.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step <= 0:
            raise NoBoundError("no bound for Slice with a negative step")
        index[int(axis)] = slice(int(start), int(end), int(step))
    return [inputs[0].moved(lambda x: x[tuple(index)])]


def gather(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Elements at positions; a position that may be another one makes the element unbounded."""
    return [_pick(inputs[0], inputs[1], int(attributes.get("axis", 0)))]


def array_feature_extractor(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Columns at positions; one axis counts as one row."""
    data, positions = inputs
    if data.value.ndim == 1:
        data = data.moved(lambda x: x[None])
    return [_pick(data, positions.moved(np.ravel), data.value.ndim - 1)]


def _pick(data: Bounded, positions: Bounded, axis: int) -> Bounded:
    size = data.value.shape[axis]
    if positions.radius.any() and not positions.error.any() and data.value.ndim == 1:
        # ranges of inputs: any element, the same one for the engine and exactly
        low, high = float(data.value.min()), float(data.value.max())
        zeros = np.zeros(positions.value.shape)
        error = zeros + float(data.error.max())
        radius = (high - low) / 2.0 + float(data.radius.max())
        return Bounded(zeros + (low + high) / 2.0, zeros + radius, error, data.kind)
    index = np.clip(np.nan_to_num(positions.value), -size, size - 1).astype(np.int64)
    picked = data.moved(lambda x: np.take(x, index, axis=axis))
    unsure = (positions.error > 0.0) | (positions.radius > 0.0)
    if not unsure.any():
        return picked
    shape = [1] * axis + list(index.shape) + [1] * (data.value.ndim - axis - 1)
    lost = np.where(unsure, np.inf, 0.0).reshape(shape)
    return dataclasses.replace(picked, error=picked.error + lost)


def gather_elements(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """As `gather`, a position for each element."""
    axis = int(attributes.get("axis", 0))
    data, positions = inputs
    unsure = (positions.error > 0.0) | (positions.radius > 0.0)
    index = np.where(unsure, 0.0, positions.value).astype(np.int64)
    picked = data.moved(lambda x: np.take_along_axis(x, index, axis))
    return [dataclasses.replace(picked, error=np.where(unsure, np.inf, picked.error))]


def cast(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """To a wider type exactly, to float32 one rounding; to whole numbers where that is certain."""
    a = inputs[0]
    kind = _KINDS.get(int(attributes["to"]))
    if kind is None:
        raise NoBoundError("no bound for Cast to this type")
    if kind == "int64" and a.kind in ("float32", "float64"):
        return [_truncated(a)]
    if kind == "bool" and a.kind != "bool":
        reach = a.radius + a.error
        sure = (np.abs(a.value) > reach) | (reach == 0.0)
        value = (a.value != 0.0).astype(np.float64)
        error = np.where(sure | (a.error == 0.0), 0.0, 1.0)
        return [Bounded(value, np.where(sure, 0.0, 1.0), error, kind)]
    if kind == "float32" and a.kind == "float64":
        return [rounded(a.value, a.radius, a.error, kind, floor=a.floor)]
    if a.kind == "int64" and UNITS[kind] > 0.0 and bool(np.any(a.size >= 0.5 / UNITS[kind])):
        return [rounded(a.value, a.radius, a.error, kind)]
    return [dataclasses.replace(a, kind=kind)]


def _truncated(a: Bounded) -> Bounded:
    with np.errstate(all="ignore"):
        reach = a.radius + a.error
        low, high = np.trunc(a.value - reach), np.trunc(a.value + reach)
        ends = np.trunc(a.value - a.radius), np.trunc(a.value + a.radius)
        sure = (low == high) | (a.error == 0.0)
        return Bounded(
            (ends[0] + ends[1]) / 2.0, (ends[1] - ends[0]) / 2.0, np.where(sure, 0.0, np.inf), "int64"
        )


def shape_of(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """The sizes of the axes."""
    return [exact(np.array(inputs[0].value.shape), "int64")]


def constant_of_shape(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """One number everywhere."""
    from onnx import numpy_helper

    given = attributes.get("value")
    number = np.zeros(1, dtype=np.float32) if given is None else numpy_helper.to_array(given)
    shape = tuple(inputs[0].whole.ravel().tolist())
    return [constant(number).moved(lambda x: np.broadcast_to(x.reshape(()), shape))]
