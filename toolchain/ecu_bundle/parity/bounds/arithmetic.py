"""Rules for arithmetic: each propagates the errors of its inputs and adds its own rounding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecu_bundle.parity.bounds.bounded import (
    OWN,
    UNITS,
    Attributes,
    Bounded,
    Kind,
    NoBoundError,
    Real,
    exact,
    gamma,
    kind_of,
    rounded,
)

Inputs = Sequence[Bounded]
POW_ROUNDINGS = 4.0
"""Assumed of ``powf``: 2 ulp. A square is one multiplication."""


def add(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """``|(a + da) + (b + db) - (a + b)| <= |da| + |db|``; one rounding, no underflow."""
    total = inputs[0]
    for term in inputs[1:]:
        total = plus(total, term, 1.0)
    return [total]


def subtract(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """As `add`."""
    return [plus(inputs[0], inputs[1], -1.0)]


def plus(a: Bounded, b: Bounded, sign: float) -> Bounded:
    kind = kind_of([a, b])
    floor = a.floor + b.floor if sign > 0.0 else -np.inf
    whole = kind == "int64"
    value = a.value + sign * b.value
    result = rounded(value, a.radius + b.radius, a.error + b.error, kind, roundings=float(not whole))
    # rounding is monotone, so a computed sum of two numbers >= 0 is >= 0
    return Bounded(result.value, result.radius, result.error, kind, 0.0 if floor >= 0.0 else -np.inf)


def multiply(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """``|(a + da)(b + db) - ab| <= |a| |db| + |da| (|b| + |db|)``."""
    a, b = inputs
    kind = kind_of(inputs)
    with np.errstate(all="ignore"):
        error = a.size * b.error + a.error * (b.size + b.error)
        radius = np.abs(a.value) * b.radius + a.radius * (np.abs(b.value) + b.radius)
        square = a is b
        floor = 0.0 if square or (a.floor >= 0.0 and b.floor >= 0.0) else -np.inf
        return [rounded(a.value * b.value, radius, error, kind, floor=floor)]


def divide(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """``|a'/b' - a/b| <= (|da| + |a/b| |db|) / |b'|``; unbounded where the divisor may be 0."""
    a, b = inputs
    kind = kind_of(inputs)
    if kind == "int64":
        if not (a.known and b.known and np.all(b.value > 0.0)):
            raise NoBoundError("no bound for Div of whole numbers that depend on the row")
        return [exact(np.trunc(a.value / b.value), kind)]
    with np.errstate(all="ignore"):
        least = np.abs(b.value) - b.radius
        computed = least - b.error
        apart = computed > 0.0
        error = np.where(apart, (a.error + a.size / least * b.error) / computed, np.inf)
        value = np.where(apart, a.value / b.value, 0.0)
        radius = np.where(apart, (a.radius + np.abs(value) * b.radius) / least, np.inf)
        floor = 0.0 if a.floor >= 0.0 and b.floor >= 0.0 else -np.inf
        return [rounded(value, radius, error, kind, floor=floor)]


def reciprocal(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """As `divide`."""
    return divide(attributes, [exact(np.ones(()), inputs[0].kind), inputs[0]])


def negate(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Exact."""
    a = inputs[0]
    return [Bounded(-a.value, a.radius, a.error, a.kind)]


def absolute(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Exact, and never further apart than its input."""
    a = inputs[0]
    return [Bounded(np.abs(a.value), a.radius, a.error, a.kind, 0.0)]


def relu(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """As `absolute`; where the input is surely negative, the result is 0."""
    a = inputs[0]
    off = a.value + a.radius + a.error <= 0.0
    return [
        Bounded(
            np.maximum(a.value, 0.0), np.where(off, 0.0, a.radius), np.where(off, 0.0, a.error), a.kind, 0.0
        )
    ]


def maximum(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Exact; moves by no more than the input that moves most."""
    result = inputs[0]
    for other in inputs[1:]:
        result = Bounded(
            np.maximum(result.value, other.value),
            np.maximum(result.radius, other.radius),
            np.maximum(result.error, other.error),
            kind_of([result, other]),
            max(result.floor, other.floor),
        )
    return [result]


def minimum(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """As `maximum`."""
    result = inputs[0]
    for other in inputs[1:]:
        result = Bounded(
            np.minimum(result.value, other.value),
            np.maximum(result.radius, other.radius),
            np.maximum(result.error, other.error),
            kind_of([result, other]),
            min(result.floor, other.floor),
        )
    return [result]


def clip(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """`maximum` with the lower limit, `minimum` with the upper one."""
    result = inputs[0]
    if len(inputs) > 1:
        result = maximum(attributes, [result, inputs[1]])[0]
    if len(inputs) > 2:
        result = minimum(attributes, [result, inputs[2]])[0]
    return [result]


def square_root(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """``|sqrt(x') - sqrt(x)| = |dx| / (sqrt(x') + sqrt(x)) <= sqrt(|dx|)``; rounded correctly."""
    a = inputs[0]
    low = a.value - a.radius
    defined = (a.floor >= 0.0) | (low - a.error >= 0.0)
    low, high = np.maximum(low, 0.0), np.maximum(a.value + a.radius, 0.0)
    with np.errstate(all="ignore"):
        steep = a.error / (np.sqrt(low) + np.sqrt(np.maximum(low - a.error, 0.0)))
    error = np.where(a.error == 0.0, 0.0, np.fmin(steep, np.sqrt(a.error)))
    ends = np.sqrt(low), np.sqrt(high)
    middle, radius = (ends[0] + ends[1]) / 2.0, (ends[1] - ends[0]) / 2.0
    return [rounded(middle, radius, np.where(defined, error, np.inf), a.kind, floor=0.0)]


def power(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Constant exponents: products, a root, or real powers of a base above 0; or a constant base."""
    base, exponent = inputs
    if not exponent.fixed:
        if not (base.fixed and base.value.size == 1) or float(base.value.ravel()[0]) <= 0.0:
            raise NoBoundError("no bound for Pow of two numbers that depend on the row")
        return [_power_of(float(base.value.ravel()[0]), exponent)]
    n = float(exponent.value.ravel()[0])
    if bool(np.any(exponent.value != n)):
        return [_real_power(base, exponent)]
    if n == 0.5:
        return square_root(attributes, [base])
    if n == round(n) and 1.0 <= n <= 64.0:
        return [whole_power(base, int(n))]
    return [_real_power(base, exponent)]


def whole_power(base: Bounded, n: int) -> Bounded:
    """``|(x + d)^n - x^n| <= (|x| + |d|)^n - |x|^n <= n |d| (|x| + |d|)^(n - 1)``."""
    with np.errstate(all="ignore"):
        error = n * base.error * (base.size + base.error) ** (n - 1)
        low, high = (base.value - base.radius) ** n, (base.value + base.radius) ** n
        if n % 2 == 0:
            across = np.abs(base.value) <= base.radius
            low, high = np.where(across, 0.0, np.minimum(low, high)), np.maximum(low, high)
        floor = 0.0 if n % 2 == 0 or base.floor >= 0.0 else -np.inf
        own = 0.0 if n == 1 else POW_ROUNDINGS
        middle, radius = (low + high) / 2.0, (high - low) / 2.0
        return rounded(middle, radius, error, base.kind, roundings=own, floor=floor)


def _real_power(base: Bounded, exponent: Bounded) -> Bounded:
    """``|(x + d)^p - x^p| <= |p| |d| y^(p - 1)``, y the end of the reach with the steepest slope.

    An exponent that was rounded by dp brings the factor ``e^(|dp| |log x|)``.
    """
    p = exponent.value
    with np.errstate(all="ignore"):
        low, high = base.value - base.radius, base.value + base.radius
        ends = low - base.error, high + base.error
        steep = np.maximum(np.abs(ends[0]) ** (p - 1.0), np.abs(ends[1]) ** (p - 1.0))
        error = np.where(ends[0] > 0.0, np.abs(p) * base.error * steep * (1.0 + OWN), np.inf)
        first, last = np.abs(low) ** p, np.abs(high) ** p
        logs = np.maximum(np.abs(np.log(np.abs(ends[0]))), np.abs(np.log(np.abs(ends[1]))))
        off = np.maximum(first, last) * np.expm1(exponent.radius * logs)
        middle, radius = (first + last) / 2.0, np.abs(last - first) / 2.0 + off
        return rounded(middle, radius, error + off, base.kind, roundings=POW_ROUNDINGS, floor=0.0)


def _power_of(base: float, exponent: Bounded) -> Bounded:
    """``|b^(x + d) - b^x| <= b^x (e^(|d| |log b|) - 1)``; the base is a constant of the formula."""
    rate = float(np.log(base))
    with np.errstate(all="ignore"):
        first = base ** (exponent.value - exponent.radius)
        last = base ** (exponent.value + exponent.radius)
        error = np.maximum(first, last) * np.expm1(exponent.error * abs(rate))
        middle, radius = (first + last) / 2.0, np.abs(last - first) / 2.0
        return rounded(middle, radius, error, exponent.kind, roundings=POW_ROUNDINGS, floor=0.0)


def matmul(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Products of k terms each: ``gamma_k |A| |B|`` in any order, fused or not (Higham 2002, 3.5)."""
    return [product(inputs[0], inputs[1])]


def product(a: Bounded, b: Bounded, extra: int = 0) -> Bounded:
    """``a @ b``; ``extra`` more roundings for what is added to the sums."""
    kind = kind_of([a, b])
    terms = a.value.shape[-1]
    size_a, size_b = a.size, b.size
    reach_a, reach_b = size_a + a.error, size_b + b.error
    with np.errstate(all="ignore"):
        error = _at(size_a, b.error) + _at(a.error, reach_b)
        reach = reach_a @ reach_b
        error = error + gamma(terms + extra, UNITS[kind]) * reach
        radius = _at(np.abs(a.value), b.radius) + _at(a.radius, size_b) + terms * OWN * reach
        return rounded(a.value @ b.value, radius, error, kind, roundings=0.0)


def _at(a: Real, b: Real) -> Real:
    """A product that often is 0."""
    if a.any() and b.any():
        result: Real = a @ b
        return result
    return np.zeros((*a.shape[:-1], *b.shape[1:])) if b.ndim == 2 else np.zeros_like(a @ b)


def gemm(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``alpha A B + beta C``: the product, then at most three roundings more."""
    a, b = inputs[0], inputs[1]
    if attributes.get("transA"):
        a = a.moved(np.transpose)
    if attributes.get("transB"):
        b = b.moved(np.transpose)
    result = product(a, b, 2)
    result = scaled(result, float(attributes.get("alpha", 1.0)))
    if len(inputs) > 2:
        result = plus(result, scaled(inputs[2], float(attributes.get("beta", 1.0))), 1.0)
    return [result]


def scaled(a: Bounded, factor: float) -> Bounded:
    """Times a number of the graph; a power of two is exact."""
    if factor == 1.0:
        return a
    kind: Kind = a.kind
    own = abs(factor)
    two = np.frexp(own)[0] == 0.5
    unit = 0.0 if two else UNITS[kind]
    error = own * (a.error + unit * a.size)
    radius = own * (a.radius + unit * a.size)
    return rounded(factor * a.value, radius, error, kind, roundings=0.0 if two else 1.0)


def sign(_: Attributes, inputs: Inputs) -> list[Bounded]:
    """Exact where the sign is certain."""
    a = inputs[0]
    reach = a.radius + a.error
    sure = (np.abs(a.value) > reach) | (reach == 0.0)
    error = np.where(sure | (a.error == 0.0), 0.0, np.inf)
    return [Bounded(np.sign(a.value), np.where(sure, 0.0, 2.0), error, a.kind)]
