"""The last float32 number that passes a monotone test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Transform = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""One value per threshold -> what the tree compares with that threshold."""

_STEPS = 34
"""Halvings that leave one of the fewer than 2**33 float32 numbers."""


def bisect(g: Transform, thresholds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Edges for the tests ``g(x) <= threshold``, by bisection over the float32 numbers in order.

    Returns:
        (edges, falling): float32 values in float64. ``x <= edge`` holds for exactly the float32 x that
        pass the test, or, where g falls, for exactly those that do not.
    """
    count = len(thresholds)
    lowest, highest = _key(np.float32(-np.finfo(np.float32).max)), _key(np.finfo(np.float32).max)
    low = np.full(count, lowest, dtype=np.int64)
    high = np.full(count, highest, dtype=np.int64)
    falling = g(_value(low)) > g(_value(high))

    def lower_side(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        passed: NDArray[np.bool_] = (g(_value(keys)) <= thresholds) != falling
        return passed

    low, high = np.where(lower_side(low), low, lowest - 1), np.where(lower_side(high), highest, high)
    whole = lower_side(high)
    for _ in range(_STEPS):
        middle = (low + high) // 2
        inside = lower_side(np.maximum(middle, lowest))
        low = np.where(inside & (middle >= lowest), middle, low)
        high = np.where(inside & (middle >= lowest), high, middle)
    edges = np.where(low < lowest, -np.inf, _value(np.maximum(low, lowest)))
    return np.where(whole, np.inf, edges), falling


def _key(value: Any) -> Any:
    """Integers in the order of the float32 numbers."""
    bits = np.asarray(value, dtype=np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits)


def _value(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    bits = np.where(keys < 0, (-(keys + 1)) | 0x80000000, keys).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64)
