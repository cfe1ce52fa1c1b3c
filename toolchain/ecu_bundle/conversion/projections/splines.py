"""SplineTransformer: B-splines by the recursion of Cox and de Boor, all features at once.

Every term of the recursion is a product of differences ``x - knot`` and is not negative inside the
knots, so that nothing cancels. Which interval holds x follows from the signs of those differences,
which are exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values

Knots = NDArray[np.float64]
"""(features, knots), rising along each row"""


def convert(scope: Any, operator: Any, container: Any) -> None:
    """SplineTransformer with every extrapolation but ``error``, where scikit-learn gives no result.

    Periodic splines in float64: the position within the period is what is left of x.
    """
    model = operator.raw_operator
    knots = np.stack([spline.t for spline in model.bsplines_])
    degree, periodic = int(model.degree), model.extrapolation == "periodic"
    _refuse(model, knots[:, degree : knots.shape[1] - degree])
    real = Arithmetic(scope, operator, container, double=periodic)
    rows = real.input()
    unknown = real.at(real.op("IsNaN", rows), 2)
    column = real.at(rows, 2)
    if periodic:
        column = _wrapped(real, column, knots, degree)
    beyond = real.offset(column, knots[None])
    if model.extrapolation in ("constant", "linear"):
        basis = _bounded(real, beyond, knots, model)
    else:
        basis = _basis(real, beyond, knots, degree)
    if periodic and degree:
        basis = _folded(real, basis, knots.shape[1] - degree - 1, degree)
    if getattr(model, "handle_missing", "error") == "zeros":
        basis = real.op("Where", unknown, 0.0, basis)
    count = np.shape(model.bsplines_[0].c)[1]
    if not model.include_bias:
        basis = real.columns(basis, np.arange(count - 1), axis=2)
    real.write(real.op("Reshape", basis, real.integers([-1, _width(model)])))


def _refuse(model: Any, base: Knots) -> None:
    if model.extrapolation == "error":
        raise NotImplementedError(
            "scikit-learn raises an error beyond the knots; train with another extrapolation"
        )
    if not (np.diff(base, axis=1) > 0.0).all():
        raise NotImplementedError(
            "knots coincide (a constant feature, or quantiles of few values); drop the feature or use "
            "fewer knots"
        )
    if model.degree == 0 and model.extrapolation == "constant":
        raise NotImplementedError(
            "with degree 0 and constant extrapolation scikit-learn fails beyond the knots; use another degree"
        )
    if model.degree <= 1 and model.extrapolation == "linear" and model.n_features_in_ > 1:
        raise NotImplementedError(
            "with degree 0 or 1 and linear extrapolation scikit-learn continues the second and later "
            "features from an inner knot; use a higher degree, or one SplineTransformer for each feature"
        )


def _wrapped(real: Arithmetic, column: str, knots: Knots, degree: int) -> str:
    """x in the base period, as Python's ``%``: the remainder has the sign of the period."""
    start, end = knots[None, :, degree, None], knots[None, :, -degree - 1, None]
    period = end - start
    rest = real.op("Mod", real.op("Sub", column, start), period, fmod=1)
    positive = real.op("Where", real.op("Less", rest, 0.0), real.op("Add", rest, period), rest)
    return real.op("Add", positive, start)


def _basis(real: Arithmetic, beyond: str, knots: Knots, degree: int) -> str:
    """All B-splines (rows, features, splines) from ``x - knot`` (rows, features, knots).

    Outside the base knots the polynomial of the first or last interval goes on.
    """
    count = knots.shape[1]
    inner = np.arange(degree + 1, count - degree - 1)  # knots between the first and the last base knot
    passed = real.real(real.op("GreaterOrEqual", real.columns(beyond, inner, axis=2), 0.0))
    # 1 for the interval that holds x: its left knot is passed, its right one is not
    before = real.op("Pad", passed, real.integers([0, 0, 1, 0, 0, 0]), 1.0)
    after = real.op("Pad", passed, real.integers([0, 0, 0, 0, 0, 1]), 0.0)
    basis = real.op("Sub", before, after)
    if degree:
        basis = real.op("Pad", basis, real.integers([0, 0, degree, 0, 0, degree]), 0.0)
    for order in range(1, degree + 1):
        left = np.arange(count - order - 1)
        width = knots[:, left + order] - knots[:, left]
        following = knots[:, left + order + 1] - knots[:, left + 1]
        rising = real.op("Div", real.columns(beyond, left, axis=2), width)
        falling = real.op("Div", real.columns(beyond, left + order + 1, axis=2), following)
        grown = real.op("Mul", rising, real.columns(basis, left, axis=2))
        shrunk = real.op("Mul", falling, real.columns(basis, left + 1, axis=2))
        basis = real.op("Sub", grown, shrunk)
    return basis


def _bounded(real: Arithmetic, beyond: str, knots: Knots, model: Any) -> str:
    """The splines of x cut off at the base knots; for ``linear`` plus the tangent beyond them."""
    degree = int(model.degree)
    first, last = knots[:, degree], knots[:, -degree - 1]
    under = real.columns(beyond, [degree], axis=2)
    over = real.columns(beyond, [knots.shape[1] - degree - 1], axis=2)
    is_under, is_over = real.op("Less", under, 0.0), real.op("Greater", over, 0.0)
    cut = real.op("Where", is_under, (first[:, None] - knots)[None], beyond)
    cut = real.op("Where", is_over, (last[:, None] - knots)[None], cut)
    basis = _basis(real, cut, knots, degree)
    if model.extrapolation == "linear":
        for step, at, side in ((under, first, "Min"), (over, last, "Max")):
            slopes = np.stack([s(x, nu=1) for s, x in zip(model.bsplines_, at, strict=True)])
            distance = real.op(side, step, 0.0)
            basis = real.op("Add", basis, real.op("Mul", distance, _tangent(slopes, degree, side)[None]))
    return basis


def _tangent(slopes: Knots, degree: int, side: str) -> Knots:
    """The slopes that scikit-learn continues: of as many splines as the degree, for degree 1 of two."""
    used = degree + 1 if degree <= 1 else degree
    kept = np.zeros_like(slopes)
    part = slice(None, used) if side == "Min" else slice(-used, None)
    kept[:, part] = slopes[:, part]
    return kept


def _folded(real: Arithmetic, basis: str, count: int, degree: int) -> str:
    """Periodic splines: the last ``degree`` ones are the first ones again."""
    matrix = np.eye(count, count - degree)
    matrix[np.arange(degree) + count - degree, np.arange(degree)] = 1.0
    return real.op("MatMul", basis, matrix)


def _width(model: Any) -> int:
    return int(model.n_features_out_)


def families() -> list[Family]:
    """SplineTransformer alone."""
    from sklearn.preprocessing import SplineTransformer

    return [Family(SplineTransformer, convert, shape_of_values(_width), outputs("variable"))]
