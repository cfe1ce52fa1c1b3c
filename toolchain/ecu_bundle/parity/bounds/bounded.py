"""A tensor of the graph with what is known of it: where the exact values lie, how far the computed are.

Three arrays of one shape go through the graph together:

- ``value`` and ``radius``: the exact real value, of the formula with the unrounded constants, lies in
  ``value - radius .. value + radius``;
- ``error``: what the engine computes is at most so far from the exact value.

For given rows the radius is tiny; for ranges of inputs it covers the range. The rules are the same.
The model of floating point is Higham (2002), section 2.2: ``fl(a op b) = (a op b)(1 + d)``, ``|d| <= u``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.errors import BundleError

Kind = Literal["float32", "float64", "int64", "bool"]
Real = NDArray[np.float64]
Attributes = Mapping[str, Any]

UNITS: dict[Kind, float] = {"float32": 2.0**-24, "float64": 2.0**-53, "int64": 0.0, "bool": 0.0}
"""Unit roundoff."""

OWN = 2.0**-50
"""Relative error of one step of the evaluation itself, which is in float64: four times the unit."""

_SMALLEST = {"float32": 2.0**-126, "float64": 2.0**-1022, "int64": 0.0, "bool": 0.0}
_LARGEST = {
    "float32": float(np.finfo(np.float32).max),
    "float64": float(np.finfo(np.float64).max),
    "int64": 2.0**53,
    "bool": 1.0,
}


class NoBoundError(BundleError):
    """A rule cannot bound its operator; the evaluation catches it, and the outputs are unbounded."""

    def __init__(self, reason: str) -> None:
        super().__init__("verify", reason)


@dataclass(frozen=True, slots=True)
class Bounded:
    """One tensor.

    Attributes:
        value, radius, error: see above; NaN and infinities of the inputs are values with error 0.
            A truth value is 0 or 1; its error is 1 where the engine may decide otherwise.
        kind: what the engine computes it in.
        floor: neither an exact nor a computed value is below it.
        shares: the exact values along the last axis sum to 1 and none is below 0.
        fixed: a constant of the graph as it stands there.
    """

    value: Real
    radius: Real
    error: Real
    kind: Kind
    floor: float = -np.inf
    shares: bool = False
    fixed: bool = False

    @property
    def unit(self) -> float:
        return UNITS[self.kind]

    @property
    def size(self) -> Real:
        """Bound of the absolute value of the exact value."""
        size: Real = np.abs(self.value) + self.radius
        return size

    @property
    def known(self) -> bool:
        """The exact value is one number, and it is computed."""
        return not self.radius.any() and not self.error.any()

    @property
    def whole(self) -> NDArray[np.int64]:
        """The values as whole numbers; for shapes, axes and positions."""
        if not self.known:
            raise NoBoundError("a shape or an index depends on rounded numbers")
        return self.value.astype(np.int64)

    def moved(self, move: Any) -> Bounded:
        """The same tensor after a function that only moves elements."""
        return dataclasses.replace(
            self,
            value=move(self.value),
            radius=move(self.radius),
            error=move(self.error),
            shares=False,
            fixed=False,
        )


def exact(values: NDArray[Any], kind: Kind) -> Bounded:
    """Numbers that are what they are."""
    real = np.asarray(values, dtype=np.float64)
    zeros = np.zeros_like(real)
    return Bounded(real, zeros, zeros, kind)


def constant(values: NDArray[Any]) -> Bounded:
    """A constant of the graph: a real one was rounded to its type, half an ulp off.

    0 is 0: a constant so small that rounding makes it 0 is not expected. A float64 constant may have
    been computed in a few steps: one ulp and a half more.
    """
    kinds: dict[str, Kind] = {"float32": "float32", "float64": "float64", "bool": "bool"}
    kind = kinds.get(values.dtype.name, "int64")
    if values.dtype.kind not in "fbiu":
        raise NoBoundError("text in the graph")
    real = values.astype(np.float64)
    off = np.abs(real) * UNITS[kind] * (1.0 + 2.0**-20 if kind == "float32" else 4.0)
    off = np.where(np.isfinite(off), off, 0.0)
    floor = 0.0 if bool(np.all(real >= 0.0)) else -np.inf
    return Bounded(real, off, off, kind, floor, fixed=True)


def rounded(
    value: Real,
    radius: Real,
    error: Real,
    kind: Kind,
    *,
    roundings: float = 1.0,
    absolute: float = 0.0,
    floor: float = -np.inf,
) -> Bounded:
    """The result of an operation after its own rounding.

    Args:
        value: evaluated here, in float64, with a relative error below `OWN`.
        radius: of the exact value around it, without that error.
        error: that the inputs bring.
        kind: of the result.
        roundings: of the operation, in units of roundoff.
        absolute: further error of the operation that does not shrink with the result.
        floor: neither an exact nor a computed result is below it.
    """
    with np.errstate(all="ignore"):
        size = np.abs(value) + radius
        radius = radius + OWN * size
        underflow = np.where(size + error == 0.0, 0.0, _SMALLEST[kind])
        total = error + roundings * UNITS[kind] * (size + error) + underflow + absolute
        fine = np.isfinite(value) & np.isfinite(radius) & (size + total <= _LARGEST[kind])
        return Bounded(
            np.where(fine, value, 0.0),
            np.where(fine, radius, np.inf),
            np.where(fine, total, np.inf),
            kind,
            floor,
        )


def gamma(count: int, unit: float) -> float:
    """``n u / (1 - n u)``: bound of n roundings in any order (Higham 2002, lemma 3.1)."""
    if count * unit >= 0.5:
        raise NoBoundError(f"{count} roundings")
    return count * unit / (1.0 - count * unit)


def kind_of(inputs: Sequence[Bounded]) -> Kind:
    """float64 when one of the inputs is, else the kind of the first."""
    kinds = [tensor.kind for tensor in inputs]
    return "float64" if "float64" in kinds else kinds[0]
