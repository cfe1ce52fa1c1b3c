"""Rules for exp, log and their kin.

Each function is monotone, so the exact results lie between those at the ends. What the input's error
does is bounded by the mean value theorem. What ONNX Runtime's own kernel does is an assumption, stated
below; `tests/parity/test_bounds_kernels.py` measures it over dense sweeps of each range.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import erf as _erf
from math import pi, sqrt

import numpy as np

from ecu_bundle.parity.bounds.bounded import OWN, Attributes, Bounded, Real, gamma, rounded

Inputs = Sequence[Bounded]


@dataclass(frozen=True, slots=True)
class Kernel:
    """Assumed accuracy of a kernel of ONNX Runtime.

    Attributes:
        ulp: error relative to the result, in ulp (two units of roundoff).
        absolute: error that does not shrink with the result, in units of roundoff of 1.
    """

    ulp: float
    absolute: float = 0.0


KERNELS = {
    "Exp": Kernel(2.0),
    "Log": Kernel(2.0),
    "Tanh": Kernel(4.0, 2.0),
    "Sigmoid": Kernel(4.0, 4.0),
    "Erf": Kernel(4.0, 2.0),
    "Sin": Kernel(2.0, 16.0),
    "Cos": Kernel(2.0, 16.0),
}
"""What is assumed of ONNX Runtime on float32 and float64. Measured: at most 0.75 of it."""

WAVES_UP_TO = 30.0
"""Largest argument of Sin and Cos for which the assumption was measured."""


def _apply(
    name: str, a: Bounded, function: Callable[[Real], Real], slope: Callable[[Bounded], Real], floor: float
) -> Bounded:
    """A non-decreasing function; ``slope`` bounds what the input's error does."""
    kernel = KERNELS[name]
    with np.errstate(all="ignore"):
        low, high = function(a.value - a.radius), function(a.value + a.radius)
        value = (low + high) / 2.0
        radius = (high - low) / 2.0 + OWN * np.maximum(np.abs(low), np.abs(high))
        return rounded(
            value,
            radius,
            slope(a),
            a.kind,
            roundings=2.0 * kernel.ulp,
            absolute=kernel.absolute * a.unit,
            floor=floor,
        )


def _nearest(a: Bounded) -> Real:
    """The smallest absolute value that the exact or the computed input may have."""
    return np.maximum(np.abs(a.value) - a.radius - a.error, 0.0)


def exponential(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """``|e^(x + d) - e^x| <= e^x (e^|d| - 1)``."""
    return [_apply("Exp", inputs[0], np.exp, lambda a: np.exp(a.value + a.radius) * np.expm1(a.error), 0.0)]


def logarithm(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """``|log(x + d) - log x| <= -log(1 - |d| / x)``; unbounded where x may reach 0."""

    def slope(a: Bounded) -> Real:
        low = a.value - a.radius
        return np.where(low - a.error > 0.0, -np.log1p(-a.error / low), np.inf)

    return [_apply("Log", inputs[0], np.log, slope, -np.inf)]


def hyperbolic_tangent(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Slope ``1 - tanh^2``, largest at the input nearest to 0."""
    return [
        _apply(
            "Tanh", inputs[0], np.tanh, lambda a: a.error * (1.0 - np.tanh(_nearest(a)) ** 2 + OWN), -1.001
        )
    ]


def sigmoid(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Slope ``s (1 - s)``, largest at the input nearest to 0."""
    from scipy.special import expit

    def slope(a: Bounded) -> Real:
        tail = expit(-_nearest(a))
        result: Real = a.error * (tail * (1.0 - tail) * (1.0 + OWN))
        return result

    return [_apply("Sigmoid", inputs[0], expit, slope, -np.inf)]


def error_function(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Slope ``2 / sqrt(pi) e^(-x^2)``, largest at the input nearest to 0."""

    def slope(a: Bounded) -> Real:
        result: Real = a.error * (2.0 / sqrt(pi)) * np.exp(-(_nearest(a) ** 2)) * (1.0 + OWN)
        return result

    return [_apply("Erf", inputs[0], np.vectorize(_erf, otypes=[np.float64]), slope, -1.001)]


def sine(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Slope at most 1."""
    return [_wave("Sin", inputs[0], np.sin)]


def cosine(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Slope at most 1."""
    return [_wave("Cos", inputs[0], np.cos)]


def _wave(name: str, a: Bounded, function: Callable[[Real], Real]) -> Bounded:
    kernel = KERNELS[name]
    measured = a.size + a.error <= WAVES_UP_TO
    radius = np.minimum(a.radius, 2.0) + OWN
    error = np.where(measured, np.minimum(a.error, 2.0), 2.0)
    absolute = kernel.absolute * a.unit
    return rounded(function(a.value), radius, error, a.kind, roundings=2.0 * kernel.ulp, absolute=absolute)


def softmax(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``e^(x_i - m) / sum_j e^(x_j - m)`` with m the largest x.

    Inputs off by at most d change each result by a factor between ``e^(-2d)`` and ``e^(2d)``. Subtracting
    m puts each exponent off by ``u |x - m|``; then follow the kernel of exp, the sum of n terms and the
    division, all relative. A result is at most 1.
    """
    a = inputs[0]
    axis = int(attributes.get("axis", -1))
    with np.errstate(all="ignore"):
        shifted = a.value - a.value.max(axis=axis, keepdims=True)
        powers = np.exp(shifted)
        value = powers / powers.sum(axis=axis, keepdims=True)
        off = a.error.max(axis=axis, keepdims=True)
        wide = a.radius.max(axis=axis, keepdims=True)
        spread = np.minimum(-shifted + 2.0 * (wide + off), 2.0**11)
        own = 2.0 * a.unit * spread + 4.0 * KERNELS["Exp"].ulp * a.unit
        own = own + gamma(2 * a.value.shape[axis] + 4, a.unit)
        size = np.minimum(value * np.exp(2.0 * wide), 1.0)
        error = np.minimum(size * np.expm1(2.0 * off + own) * (1.0 + OWN), 1.001)
        radius = np.minimum(value * np.expm1(2.0 * wide) * (1.0 + OWN), 1.0)
        fine = np.isfinite(value)
        error, radius = np.where(np.isnan(error), 1.001, error), np.where(np.isnan(radius), 1.0, radius)
        result = rounded(np.where(fine, value, 0.5), radius, error, a.kind, roundings=0.0, floor=0.0)
        return [dataclasses.replace(result, shares=axis in (-1, a.value.ndim - 1))]
