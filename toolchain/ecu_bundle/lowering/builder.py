"""Write the steps of a program: one method for each form of kernel.

Every method takes views, makes them dense where the kernel needs it, and returns the view of a new result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.steps import Step
from ecu_bundle.lowering.views import (
    SIZES,
    Buffer,
    ElementType,
    Input,
    Shape,
    Storage,
    View,
    collapsed,
    constant_view,
    dense_strides,
    dense_view,
    stored_matrix,
)

MAX_RANK: Final = 5
"""Axes of a shape in a record."""

MAX_RESULTS: Final = 2**24
"""Elements of the result of one operation."""

_TRUTHS: Final = ("less", "less_equal", "equal", "is_nan")
_EXACT: Final = {("f32", "f64"), ("i32", "f64")}
"""Casts that lose nothing, so that the cast back gives the operand itself."""


class CannotLowerError(Exception):
    """What the kernels cannot do; the lowering adds the node."""


class Builder:
    """Collects steps.

    Attributes:
        steps: what was written so far, in order.
        shares: results whose last axis is not negative and adds up to 1 but for rounding.
        without_nan: what holds inputs that the model refuses when they are NaN, and nothing else.
        alternatives: kernels that other numbers in the same graph may need.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.shares: set[View] = set()
        self.without_nan: set[Storage] = set()
        self.alternatives: set[str] = set()
        self._buffers = 0
        self._writers: dict[Storage, list[Step]] = {}
        self._copies: dict[View, View] = {}
        self._narrow: dict[View, View] = {}

    def buffer(self, dtype: ElementType, shape: Shape) -> View:
        """A new piece of workspace, dense.

        Raises:
            CannotLowerError: it would be empty or too large.
        """
        elements = math.prod(shape)
        if not 0 < elements <= MAX_RESULTS:
            raise CannotLowerError(f"a tensor of {elements} elements; 1 to {MAX_RESULTS} are possible")
        self._buffers += 1
        return dense_view(Buffer(self._buffers, elements * SIZES[dtype]), dtype, shape)

    def step(self, kernel: str, *words: int | View | None) -> None:
        """Appends an operation."""
        written = Step(kernel, words)
        self.steps.append(written)
        for result in written.results:
            self._writers.setdefault(result.storage, []).append(written)

    def may_need(self, *kernels: str) -> None:
        """Notes what another choice would take, where a rule chooses by the numbers of the model."""
        self.alternatives.update(kernels)

    def writer(self, view: View) -> Step | None:
        """The only step that writes the storage of a view; None when there are several, or none."""
        found = self._writers.get(view.storage, [])
        return found[0] if len(found) == 1 else None

    # views

    def dense(self, view: View) -> View:
        """The same elements side by side, copied where they are not."""
        if view.is_dense and not (isinstance(view.storage, Input) and view.start):
            return view
        if view not in self._copies:
            result = self.buffer(view.dtype, view.shape)
            self.copy(view, result)
            self._copies[view] = result
        return self._copies[view]

    def copy(self, view: View, result: View) -> None:
        """Writes the elements of a view to a dense result of its shape.

        Raises:
            CannotLowerError: more than five axes are left after joining.
        """
        shape, (strides,) = _joined(view.shape, [view])
        origin = replace(view, start=0) if isinstance(view.storage, Input) else view
        start = view.start if isinstance(view.storage, Input) else 0
        self.step(f"copy{SIZES[view.dtype]}", result, origin, start, len(shape), *shape, *strides)

    def reshape(self, view: View, shape: Shape) -> View:
        """Another shape of the same number of elements; a copy only where there must be one."""
        found = view.reshaped(shape)
        if found is not None:
            return found
        return replace(self.dense(view), shape=shape, strides=dense_strides(shape))

    def concat(self, views: Sequence[View], axis: int) -> View:
        """Side by side along an axis; all have one element type."""
        if len(views) == 1:
            return views[0]
        shape = list(views[0].shape)
        shape[axis] = sum(view.shape[axis] for view in views)
        outer = math.prod(shape[:axis])
        if outer != 1:  # pieces of rows: join along the first axis, then turn the result
            order = (axis, *(i for i in range(len(shape)) if i != axis))
            joined = self.concat([view.transposed(order) for view in views], 0)
            return joined.transposed(np.argsort(order).tolist())
        result = self.buffer(views[0].dtype, tuple(shape))
        at = 0
        for view in views:
            self.copy(view, replace(result, shape=view.shape, strides=dense_strides(view.shape), start=at))
            at += view.elements
        return result

    def take(self, view: View, index: NDArray[np.int64]) -> View:
        """Elements of a view, counted in the order of its shape; the result has the shape of ``index``."""
        source = self.dense(view)
        result = self.buffer(view.dtype, index.shape)
        positions = constant_view(index.ravel(), "i32")
        self.step(f"take{SIZES[view.dtype]}", result, source, view.elements, index.size, positions)
        if source.storage in self.without_nan:
            self.without_nan.add(result.storage)
        return result

    def pick(self, view: View, index: View) -> View:
        """Rows ``view[index]`` along the first axis by computed positions, which are clamped."""
        size, rest = view.shape[0], view.shape[1:]
        result = self.buffer(view.dtype, index.shape + rest)
        source, positions = self.dense(view), self.dense(index)
        inner = math.prod(rest)
        self.step(f"pick{SIZES[view.dtype]}", result, source, positions, size, index.elements, inner)
        return result

    # one element at a time

    def scalar(self, value: float, dtype: ElementType) -> View:
        """One number."""
        return constant_view(np.array(value), dtype)

    def binary(self, name: str, a: View, b: View) -> View:
        """``add``, ``less``, ... of two views of one element type, broadcast."""
        dtype: ElementType = "i32" if name in _TRUTHS else a.dtype
        result, words = self._elementwise(dtype, (a, b))
        self.step(f"{name}_{a.dtype}", result, *words)
        return result

    def where(self, condition: View, a: View, b: View) -> View:
        """a where the condition is not 0, else b."""
        result, words = self._elementwise(a.dtype, (condition, a, b))
        self.step(f"where{SIZES[a.dtype]}", result, *words)
        return result

    def unary(self, name: str, view: View) -> View:
        """``exp``, ``neg``, ``not``, ... of each element."""
        dtype: ElementType = "i32" if name in _TRUTHS else view.dtype
        return self._each(f"{name}_{view.dtype}", view, dtype)

    def cast(self, view: View, dtype: ElementType) -> View:
        """Another element type; to i32 toward zero, saturated."""
        if view.dtype == dtype:
            return view
        wide = self._narrow.get(view)
        if wide is not None and wide.dtype == dtype:
            return wide
        result = self._each(f"{view.dtype}_{dtype}", view, dtype)
        if (view.dtype, dtype) in _EXACT:
            self._narrow[result] = view
        return result

    def map(self, view: View, keys: View, values: View, default: int) -> View:
        """``values[j]`` where ``keys[j]`` equals the element, else the bits of ``default``.

        Args:
            view: elements of 4 bytes, compared as i32.
            keys: ascending dense i32 constants.
            values: dense constants of 4 bytes.
            default: as an unsigned word.
        """
        source = self.dense(view)
        result = self.buffer(values.dtype, view.shape)
        self.step("map_i32", result, source, view.elements, keys, values, keys.elements, default)
        return result

    # along an axis

    def along(self, name: str, view: View, axis: int) -> View:
        """A reduction over one axis, which disappears; ``arg_max`` and ``arg_min`` give i32."""
        outer, n, inner = _around(view.shape, axis)
        dtype: ElementType = "i32" if name.startswith("arg_") else view.dtype
        source = self.dense(view)
        result = self.buffer(dtype, view.shape[:axis] + view.shape[axis + 1 :])
        self.step(f"{name}_{view.dtype}", result, source, outer, n, inner)
        return result

    def cumulative_sum(self, view: View, axis: int) -> View:
        """Sums from the first element on, along an axis."""
        source = self.dense(view)
        result = self.buffer(view.dtype, view.shape)
        self.step(f"cumulative_sum_{view.dtype}", result, source, *_around(view.shape, axis))
        return result

    def softmax(self, view: View) -> View:
        """exp(x - max) / sum along the last axis."""
        source = self.dense(view)
        result = self.buffer(view.dtype, view.shape)
        n = view.shape[-1]
        self.step(f"softmax_{view.dtype}", result, source, view.elements // n, n)
        self.shares.add(result)
        return result

    def top_k(self, view: View, k: int, *, largest: bool) -> tuple[View, View]:
        """Values and positions of the k first along the last axis."""
        source = self.dense(view)
        n, shape = view.shape[-1], (*view.shape[:-1], k)
        values, positions = self.buffer(view.dtype, shape), self.buffer("i32", shape)
        outer = view.elements // n
        self.step(f"top_k_{view.dtype}", values, positions, source, outer, n, k, int(largest))
        return values, positions

    def gather_elements(self, view: View, index: View) -> View:
        """For each row, elements by computed positions along the last axis; elements of 4 bytes."""
        n, k = view.shape[-1], index.shape[-1]
        source, positions = self.dense(view), self.dense(index)
        result = self.buffer(view.dtype, index.shape)
        self.step("gather_elements4", result, source, positions, view.elements // n, n, k)
        return result

    # products and distances

    def matmul(self, a: View, b: View, bias: View | None = None) -> View:
        """(..., m, k) times (..., k, n), plus bias (n); batches are broadcast."""
        m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        left, a_step = self._batched(a, batch)
        if b.dtype != a.dtype:
            raise CannotLowerError("a product of two element types")
        stored, transposed = stored_matrix(b)
        right, b_step = self._batched(stored, batch)
        result = self.buffer(a.dtype, (*batch, m, n))
        words = (math.prod(batch), m, k, n, a_step, b_step, transposed, 0)
        self.step(f"matmul_{a.dtype}", result, left, right, bias, *words)
        return result

    def squares(self, x: View, points: View) -> View:
        """Squared distances of x (features) to each of points (n, features)."""
        source = self.dense(x)
        known, transposed = stored_matrix(points.transposed((1, 0)))
        n, features = points.shape
        result = self.buffer(x.dtype, (n,))
        words = (result, source, self.dense(known), n, features, transposed)
        self.step(f"pairwise_squares_{x.dtype}", *words)
        return result

    def _batched(self, view: View, batch: Shape) -> tuple[View, int]:
        """A dense operand of a product, and the elements from one product to the next."""
        matrix = view.shape[-2] * view.shape[-1]
        if math.prod(view.shape[:-2]) == 1:
            return self.dense(view), 0
        return self.dense(view.broadcast(batch + view.shape[-2:])), matrix

    def _each(self, kernel: str, view: View, dtype: ElementType) -> View:
        source = self.dense(view)
        result = self.buffer(dtype, view.shape)
        self.step(kernel, result, source, view.elements)
        return result

    def _elementwise(
        self, dtype: ElementType, operands: Sequence[View]
    ) -> tuple[View, list[int | View | None]]:
        """A new result, and the words from the operands to the end."""
        shape = np.broadcast_shapes(*(view.shape for view in operands))
        placed = [self.dense(v) if isinstance(v.storage, Input) and v.start else v for v in operands]
        lengths, strides = _joined(shape, [view.broadcast(shape) for view in placed])
        result = self.buffer(dtype, shape)
        return result, [*placed, len(lengths), *lengths, *(s for view in strides for s in view)]


def _joined(shape: Shape, views: Sequence[View]) -> tuple[Shape, list[tuple[int, ...]]]:
    lengths, strides = collapsed(shape, [view.strides for view in views])
    if len(lengths) > MAX_RANK:
        raise CannotLowerError(f"a tensor of {len(lengths)} axes, at most {MAX_RANK} are possible")
    return lengths, strides


def _around(shape: Shape, axis: int) -> tuple[int, int, int]:
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
