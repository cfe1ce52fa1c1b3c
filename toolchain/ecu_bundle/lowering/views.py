"""Where values live while a program is being written, and how an operand looks at them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

ElementType = Literal["f32", "i32", "f64", "i64"]
SIZES: Final[dict[ElementType, int]] = {"f32": 4, "i32": 4, "f64": 8, "i64": 8}
"""Bytes of an element."""

_LANES: Final = 8
"""Sums that the kernels make together where neighbouring elements belong to them."""

_LARGEST_WASTE: Final = 1.1
"""Lanes for each sum. Beyond, one sum after another takes fewer instructions on a Cortex-M4F."""

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Buffer:
    """A piece of the workspace. The plan gives it its offset.

    Attributes:
        number: which one; every buffer of a program has its own.
        size: bytes.
    """

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Constant:
    """Bytes in the constants of the program, little-endian; equal ones are stored once.

    Attributes:
        data: the bytes.
        alignment: of the first byte: the size of an element.
    """

    data: bytes
    alignment: int


@dataclass(frozen=True, slots=True)
class Input:
    """A buffer that the caller fills."""

    number: int


@dataclass(frozen=True, slots=True)
class Output:
    """A buffer that the caller reads; the program writes it and never reads it."""

    number: int


Storage = Buffer | Constant | Input | Output


@dataclass(frozen=True, slots=True)
class View:
    """Elements of a storage in some order, one for each position of a shape.

    Attributes:
        storage: where the elements are.
        dtype: what they are. Truth values are i32, 0 or 1.
        shape: lengths of the axes, each at least 1; may be empty.
        strides: elements from one position of an axis to the next; 0 repeats an element.
        start: the element at the first position.
    """

    storage: Storage
    dtype: ElementType
    shape: Shape
    strides: tuple[int, ...]
    start: int = 0

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def offset(self) -> int:
        """Bytes from the start of the storage."""
        return self.start * SIZES[self.dtype]

    @property
    def is_dense(self) -> bool:
        """The elements lie side by side in the order of the shape."""
        dense = dense_strides(self.shape)
        return all(n == 1 or s == d for n, s, d in zip(self.shape, self.strides, dense, strict=True))

    def reshaped(self, shape: Shape) -> View | None:
        """The same elements under another shape; None when only a copy can be."""
        if self.is_dense:
            return replace(self, shape=shape, strides=dense_strides(shape))
        lengths = [n for n in self.shape if n != 1]
        if lengths != [n for n in shape if n != 1]:
            return None
        left = iter([s for n, s in zip(self.shape, self.strides, strict=True) if n != 1])
        return replace(self, shape=shape, strides=tuple(0 if n == 1 else next(left) for n in shape))

    def broadcast(self, shape: Shape) -> View:
        """Repeated along axes of length 1, as in numpy."""
        extra = len(shape) - len(self.shape)
        lengths, strides = (1,) * extra + self.shape, (0,) * extra + self.strides
        repeated = tuple(0 if n == 1 else s for n, s in zip(lengths, strides, strict=True))
        return replace(self, shape=shape, strides=repeated)

    def transposed(self, order: Sequence[int]) -> View:
        """Axis ``i`` of the result is axis ``order[i]``."""
        shape, strides = tuple(self.shape[i] for i in order), tuple(self.strides[i] for i in order)
        return replace(self, shape=shape, strides=strides)

    def sliced(self, axis: int, first: int, count: int, step: int) -> View:
        """``count`` positions of an axis from ``first``; the step is not negative."""
        shape, strides = list(self.shape), list(self.strides)
        shape[axis], strides[axis] = count, strides[axis] * step
        start = self.start + first * self.strides[axis]
        return replace(self, shape=tuple(shape), strides=tuple(strides), start=start)


def dense_strides(shape: Shape) -> tuple[int, ...]:
    """Strides of elements side by side, the last axis varying fastest."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def dense_view(storage: Storage, dtype: ElementType, shape: Shape) -> View:
    """All elements of a storage, from its start."""
    return View(storage, dtype, shape, dense_strides(shape))


def collapsed(shape: Shape, strides: Sequence[Sequence[int]]) -> tuple[Shape, list[tuple[int, ...]]]:
    """Joins axes that every operand walks through as one, and leaves out those of length 1.

    Args:
        shape: lengths of the axes.
        strides: of each operand.

    Returns:
        The shape, with at least one axis, and the strides of each operand.
    """
    lengths: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for axis, length in enumerate(shape):
        if length == 1:
            continue
        if lengths and all(s[-1] == given[axis] * length for s, given in zip(steps, strides, strict=True)):
            lengths[-1] *= length
            for s, given in zip(steps, strides, strict=True):
                s[-1] = given[axis]
            continue
        lengths.append(length)
        for s, given in zip(steps, strides, strict=True):
            s.append(given[axis])
    if not lengths:
        return (1,), [(0,) for _ in strides]
    return tuple(lengths), [tuple(s) for s in steps]


_STORED: Final[dict[ElementType, str]] = {"f32": "<f4", "i32": "<i4", "f64": "<f8", "i64": "<i8"}


def constant_view(values: NDArray[np.generic], dtype: ElementType) -> View:
    """Values as a dense constant; they must fit the element type."""
    stored = np.ascontiguousarray(values.astype(_STORED[dtype]))
    return dense_view(Constant(stored.tobytes(), SIZES[dtype]), dtype, values.shape)


def dense_constant(view: View) -> View:
    """A constant rearranged now and not on the device."""
    if view.is_dense or not isinstance(view.storage, Constant):
        return view
    flat = np.frombuffer(view.storage.data, _STORED[view.dtype])[view.start :]
    strides = tuple(s * SIZES[view.dtype] for s in view.strides)
    return constant_view(np.lib.stride_tricks.as_strided(flat, view.shape, strides), view.dtype)


def stored_matrix(matrix: View) -> tuple[View, int]:
    """A matrix (..., k, n) as sums over k read it with the fewest instructions.

    Constants are turned to (k, n) where `_LANES` sums can be made together with little waste, else to (n, k).

    Returns:
        The matrix, dense where it is constant, and 1 when its last axes are (n, k), else 0.
    """
    order = (*range(len(matrix.shape) - 2), len(matrix.shape) - 1, len(matrix.shape) - 2)
    turned = matrix.transposed(order)
    if isinstance(matrix.storage, Constant):
        few = -(-matrix.shape[-1] // _LANES) * _LANES > _LARGEST_WASTE * matrix.shape[-1]
        return dense_constant(turned if few else matrix), int(few)
    only_turned = turned.is_dense and not matrix.is_dense
    return turned if only_turned else matrix, int(only_turned)


def constant_values(view: View) -> NDArray[np.generic] | None:
    """The elements of a dense constant; None for anything else."""
    if not isinstance(view.storage, Constant) or not view.is_dense:
        return None
    values = np.frombuffer(view.storage.data, _STORED[view.dtype])
    return values[view.start : view.start + view.elements].reshape(view.shape)
