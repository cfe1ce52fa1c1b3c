"""Operators that choose elements by position: Slice, Split, Gather and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.builder import Builder, CannotLowerError
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.views import SIZES, View, constant_values, dense_constant


def _slice(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    starts, ends = node.parameter("starts", 1), node.parameter("ends", 2)
    if starts is None or ends is None:
        raise node.refused("a range that is left out")
    axes, steps = node.parameter("axes", 3), node.parameter("steps", 4)
    chosen = range(starts.size) if axes is None else axes.ravel()
    strides = np.ones(starts.size, np.int64) if steps is None else steps.ravel()
    for axis, start, end, step in zip(chosen, starts.ravel(), ends.ravel(), strides, strict=True):
        view = _chosen(view, int(axis), slice(int(start), _end(int(end), int(step)), int(step)), build)
    return [view]


def _end(end: int, step: int) -> int | None:
    """ONNX writes "to the front" as a very negative end."""
    return None if step < 0 and end < -(2**31) else end


def _chosen(view: View, axis: int, part: slice, build: Builder) -> View:
    axis %= len(view.shape)
    return along_axis(view, axis, np.arange(view.shape[axis])[part], build)


def along_axis(view: View, axis: int, positions: NDArray[np.int64], build: Builder) -> View:
    """The given positions of an axis, not below 0; a view where they are equally spaced and ascending."""
    if positions.size == 0:
        raise CannotLowerError("a tensor without elements")
    steps = np.unique(np.diff(positions))
    if steps.size == 0 or (steps.size == 1 and steps[0] >= 0):
        return view.sliced(axis, int(positions[0]), positions.size, int(steps[0]) if steps.size else 1)
    numbers = np.arange(view.elements).reshape(view.shape)
    return build.take(view, np.take(numbers, positions, axis))


def _split(node: Node, build: Builder) -> Sequence[Value]:
    view = node.view(0)
    axis = node.axis(len(view.shape), 0)
    given = node.parameter("split", 1)
    length = view.shape[axis]
    size = -(-length // node.outputs)
    sizes = [min(size, length - i * size) for i in range(node.outputs)] if given is None else given.tolist()
    ends = np.cumsum(sizes).tolist()
    return [along_axis(view, axis, np.arange(e - n, e), build) for e, n in zip(ends, sizes, strict=True)]


def _gather(node: Node, build: Builder) -> Sequence[Value]:
    view, index = node.view(0), node.inputs[1]
    axis = node.axis(len(view.shape), 0)
    if isinstance(index, np.ndarray):
        return [_gather_known(view, axis, index, build)]
    if index is None:
        raise node.refused("positions that are left out")
    return [_gather_computed(view, axis, index, build)]


def _gather_known(view: View, axis: int, index: NDArray[Any], build: Builder) -> View:
    positions = index.ravel().astype(np.int64) % view.shape[axis]
    build.may_need(f"take{SIZES[view.dtype]}", f"copy{SIZES[view.dtype]}")
    shape = view.shape[:axis] + index.shape + view.shape[axis + 1 :]
    return build.reshape(along_axis(view, axis, positions, build), shape)


def _gather_computed(view: View, axis: int, index: View, build: Builder) -> View:
    order = (axis, *(i for i in range(len(view.shape)) if i != axis))
    table = dense_constant(view.transposed(order))
    if _is_own_position(table, index, build):
        return index
    found = build.pick(table, index)
    k = len(index.shape)
    back = (*range(k, k + axis), *range(k), *range(k + axis, len(found.shape)))
    return found.transposed(back)


def _is_own_position(table: View, index: View, build: Builder) -> bool:
    """Whether the table says 0, 1, 2, ... and the index is the place of a maximum or minimum in it."""
    values, writer = constant_values(table), build.writer(index)
    if values is None or values.ndim != 1 or table.dtype != "i32" or writer is None:
        return False
    found = writer.kernel.startswith("arg_") and writer.words[3] == values.size
    return found and np.array_equal(values, np.arange(values.size))


def _feature_extractor(node: Node, build: Builder) -> Sequence[Value]:
    view, index = node.view(0), node.inputs[1]
    axis = len(view.shape) - 1
    if isinstance(index, np.ndarray):
        found = _gather_known(view, axis, index.ravel(), build)
    elif index is not None:
        found = _gather_computed(view, axis, build.reshape(index, (index.elements,)), build)
    else:
        raise node.refused("positions that are left out")
    return [found if axis else build.reshape(found, (1, *found.shape))]


def _gather_elements(node: Node, build: Builder) -> Sequence[Value]:
    view, index = node.view(0), node.view(1)
    axis = node.axis(len(view.shape), 0)
    order = (*(i for i in range(len(view.shape)) if i != axis), axis)
    rows, places = view.transposed(order), index.transposed(order)
    if rows.elements == rows.shape[-1]:
        flat = build.reshape(rows, (rows.elements,))
        found = build.pick(flat, build.reshape(places, (places.elements,)))
        found = build.reshape(found, places.shape)
    elif rows.shape[:-1] == places.shape[:-1] and view.dtype in ("f32", "i32"):
        found = build.gather_elements(rows, places)
    else:
        raise node.refused("positions of this shape or element type")
    return [found.transposed(np.argsort(order).tolist())]


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {
    "ArrayFeatureExtractor": _feature_extractor,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "Slice": _slice,
    "Split": _split,
}
