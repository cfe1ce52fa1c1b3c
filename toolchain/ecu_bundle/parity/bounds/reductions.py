"""Rules for sums and other reductions over axes; sums in any order (Higham 2002, section 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ecu_bundle.parity.bounds.arithmetic import square_root, whole_power
from ecu_bundle.parity.bounds.bounded import OWN, Attributes, Bounded, NoBoundError, Real, gamma, rounded
from ecu_bundle.parity.bounds.elementary import KERNELS

Inputs = Sequence[Bounded]


def _axes(attributes: Attributes, inputs: Inputs) -> tuple[tuple[int, ...], bool]:
    """The axes (an attribute in old operators, an input in new ones) and whether they stay as 1."""
    given = attributes.get("axes")
    if given is None and len(inputs) > 1:
        given = inputs[1].whole.ravel().tolist()
    rank = inputs[0].value.ndim
    axes = tuple(int(axis) % rank for axis in given) if given else tuple(range(rank))
    return axes, bool(attributes.get("keepdims", 1))


def _sum(a: Bounded, axes: tuple[int, ...], keep: bool, more: int = 0) -> Bounded:
    """The sum; ``more`` roundings beside the additions."""
    terms = int(np.prod([a.value.shape[axis] for axis in axes]))

    def over(x: Real) -> Real:
        total: Real = x.sum(axis=axes, keepdims=keep)
        return total

    reach = over(a.size + a.error)
    with np.errstate(all="ignore"):
        error = over(a.error) + gamma(max(terms - 1 + more, 0), a.unit) * reach
        radius = over(a.radius) + terms * OWN * reach
        floor = 0.0 if a.floor >= 0.0 else -np.inf
        return rounded(over(a.value), radius, error, a.kind, roundings=0.0, floor=floor)


def reduce_sum(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``gamma_(n-1) sum |x|``."""
    return [_sum(inputs[0], *_axes(attributes, inputs))]


def reduce_mean(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The sum divided by n, one rounding more."""
    axes, keep = _axes(attributes, inputs)
    a = inputs[0]
    count = float(np.prod([a.value.shape[axis] for axis in axes]))
    total = _sum(a, axes, keep, 1)
    return [Bounded(total.value / count, total.radius / count, total.error / count, a.kind, total.floor)]


def reduce_sum_square(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The squares, then their sum."""
    return [_sum(whole_power(inputs[0], 2), *_axes(attributes, inputs))]


def reduce_l1(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The sum of absolute values."""
    a = inputs[0]
    sizes = Bounded(np.abs(a.value), a.radius, a.error, a.kind, 0.0)
    return [_sum(sizes, *_axes(attributes, inputs))]


def reduce_l2(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The root of the sum of squares."""
    return square_root({}, reduce_sum_square(attributes, inputs))


def _extreme(attributes: Attributes, inputs: Inputs, function: Callable[..., Any]) -> Bounded:
    axes, keep = _axes(attributes, inputs)
    a = inputs[0]
    return Bounded(
        function(a.value, axis=axes, keepdims=keep),
        a.radius.max(axis=axes, keepdims=keep),
        a.error.max(axis=axes, keepdims=keep),
        a.kind,
        a.floor,
    )


def reduce_max(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Exact; moves by no more than the element that moves most."""
    return [_extreme(attributes, inputs, np.max)]


def reduce_min(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """As `reduce_max`."""
    return [_extreme(attributes, inputs, np.min)]


def reduce_log_sum_exp(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``m + log sum e^(x - m)``, m the largest x: inputs off by at most d move it by at most d.

    An exponent off by ``u (m - x)`` moves the sum by at most ``u (m - x) e^(x - m) <= 0.4 u``; then the
    kernel of exp, the sum of n terms, the kernel of log, and the addition of m.
    """
    axes, keep = _axes(attributes, inputs)
    a = inputs[0]
    terms = int(np.prod([a.value.shape[axis] for axis in axes]))
    top = a.value.max(axis=axes, keepdims=True)
    with np.errstate(all="ignore"):
        sums = np.exp(a.value - top).sum(axis=axes, keepdims=True)
        value = top + np.log(sums)
        error, radius = a.error.max(axis=axes, keepdims=True), a.radius.max(axis=axes, keepdims=True)
        inner = (0.4 * terms + 2.0 * KERNELS["Exp"].ulp) * a.unit + gamma(terms, a.unit)
        own = inner * 1.01 + 2.0 * KERNELS["Log"].ulp * a.unit * (np.log(sums) + inner)
        # the exact and the computed m may be other elements: then x - m is off by u |x| on both sides
        own = own + a.unit * (np.abs(top) + radius + error)
        result = rounded(value, radius, error + own, a.kind)
    return [result if keep else result.moved(lambda x: np.squeeze(x, axis=axes))]


def reduce_product(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``prod (|x| + d) - prod |x|``, and a rounding for each product."""
    axes, keep = _axes(attributes, inputs)
    a = inputs[0]
    terms = int(np.prod([a.value.shape[axis] for axis in axes]))
    with np.errstate(all="ignore"):

        def over(x: Real) -> Real:
            result: Real = np.prod(x, axis=axes, keepdims=keep)
            return result

        reach = over(a.size + a.error)
        if a.error.any():
            relative = np.where(a.size > 0.0, a.error / np.where(a.size > 0.0, a.size, 1.0), np.inf)
            grown = np.expm1(np.log1p(relative).sum(axis=axes, keepdims=keep))
            error = np.where(np.isfinite(grown), over(a.size) * grown, reach)
        else:
            error = np.zeros_like(reach)
        radius = over(a.size) - over(np.abs(a.value)) + terms * OWN * reach
        floor = 0.0 if a.floor >= 0.0 else -np.inf
        extra = gamma(terms, a.unit) * reach
        return [rounded(over(a.value), radius, error + extra, a.kind, roundings=0.0, floor=floor)]


def cumulative_sum(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Each partial sum as a sum of n terms."""
    a = inputs[0]
    if attributes.get("reverse") or attributes.get("exclusive"):
        raise NoBoundError("no bound for this CumSum")
    axis = int(inputs[1].whole.ravel()[0])
    error = np.cumsum(a.error, axis=axis)
    reach = np.cumsum(a.size + a.error, axis=axis)
    terms = a.value.shape[axis]
    total = error + gamma(terms - 1, a.unit) * reach
    radius = np.cumsum(a.radius, axis=axis) + terms * OWN * reach
    return [rounded(np.cumsum(a.value, axis=axis), radius, total, a.kind, roundings=0.0)]
