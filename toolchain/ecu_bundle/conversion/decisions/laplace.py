"""GaussianProcessClassifier: Laplace's approximation (Rasmussen and Williams 2006, algorithm 3.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.arithmetic import Arithmetic, Operand
from ecu_bundle.conversion.decisions.labels import classifier_shape, write_label, write_real
from ecu_bundle.conversion.geometry.gaussian_process import Covariance
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family

_NEAR = 0.5
"""Below it the series is taken, above it the rational function."""

_SERIES = tuple(2.0 / math.sqrt(math.pi) * (-1.0) ** k / (math.factorial(k) * (2 * k + 1)) for k in range(12))
"""Of ``erf(x) / x`` in powers of ``x * x``: Abramowitz and Stegun, Handbook of Mathematical Functions,
7.1.5."""

_ABOVE = (
    1.23033935479799725e3,
    2.05107837782607147e3,
    1.71204761263407058e3,
    8.81952221241769090e2,
    2.98635138197400131e2,
    6.61191906371416295e1,
    8.88314979438837594e0,
    5.64188496988670089e-1,
    2.15311535474403846e-8,
)
_BELOW = (
    1.23033935480374942e3,
    3.43936767414372164e3,
    4.36261909014324716e3,
    3.29079923573345963e3,
    1.62138957456669019e3,
    5.37181101862009858e2,
    1.17693950891312499e2,
    1.57449261107098347e1,
    1.0,
)
"""Powers of z, from 0, in ``erfc(z) exp(z * z)``: W. J. Cody, Rational Chebyshev approximations for the error
function, Mathematics of Computation 23, 1969. Beyond 4, where he has another one, erfc is below 2e-8 and this
one is right to 1e-9 of it."""


def error_function(real: Arithmetic, x: str) -> str:
    """``erf`` of a float64 matrix, which ONNX Runtime has for float32 alone, right to 4e-16.

    The terms of the classifier are up to 3500 times as large as their sum, and far from the training rows
    all classes have almost the same probability: anything less would choose another class there.
    """
    z = real.op("Abs", x)
    near = real.op("Min", z, _NEAR)
    series = real.op("Mul", near, _polynomial(real, real.op("Mul", near, near), _SERIES))
    ratio = real.op("Div", _polynomial(real, z, _ABOVE), _polynomial(real, z, _BELOW))
    rest = real.op("Mul", ratio, real.op("Exp", real.op("Neg", real.op("Mul", z, z))))
    size = real.op("Where", real.op("Less", z, _NEAR), series, real.op("Sub", 1.0, rest))
    return real.op("Mul", real.op("Sign", x), size)


def _polynomial(real: Arithmetic, x: str, coefficients: Sequence[float]) -> str:
    """Horner's rule; the coefficients rise in powers of x."""
    value: Operand = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = real.op("Add", real.op("Mul", value, x), coefficient)
    return str(value)


def _latent(real: Arithmetic, model: Any) -> tuple[str, str]:
    """Mean and variance of the latent function (rows, 1) of a classifier of two classes."""
    points = np.asarray(model.X_train_, dtype=np.float64)
    if not model.kernel_.is_stationary():
        raise NotImplementedError("its kernel has another variance for each row; use a stationary one")
    covariance = Covariance(real, real.input(), points).of(model.kernel_)
    mean = real.op("MatMul", covariance, (model.y_train_ - model.pi_).reshape(-1, 1).astype(np.float64))
    # v = L^-1 sqrt(W) k, as one matrix
    solved = np.linalg.solve(model.L_, np.diag(model.W_sr_))
    v = real.op("MatMul", covariance, np.ascontiguousarray(solved.T))
    explained = real.sum(real.op("Mul", v, v), 1, keep=True)
    return mean, real.op("Sub", float(model.kernel_.diag(points[:1])[0]), explained)


def _probability(real: Arithmetic, mean: str, variance: str) -> str:
    """Probability of the second class (rows, 1): the mean of the logistic function over the latent one.

    Five error functions in place of the logistic one (Williams and Barber 1998, appendix A), as
    scikit-learn computes it.
    """
    from sklearn.gaussian_process import _gpc

    rates, weights = np.ravel(_gpc.LAMBDAS)[None, :], np.ravel(_gpc.COEFS)[:, None]
    alpha = real.op("Div", 0.5, variance)
    shrink = real.op("Sqrt", real.op("Div", alpha, real.op("Add", alpha, rates**2)))
    curves = error_function(real, real.op("Mul", real.op("Mul", mean, rates), shrink))
    # sqrt(pi / alpha) / (2 sqrt(2 pi variance)) is one half
    return real.op("Add", real.op("MatMul", curves, 0.5 * weights), 0.5 * float(weights.sum()))


def convert_gaussian_process_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Two classes: the sign of the latent mean; more: one against the rest, in float64."""
    model, real = operator.raw_operator, Arithmetic(scope, operator, container, double=True)
    base = model.base_estimator_
    if len(model.classes_) == 2:
        mean, variance = _latent(real, base)
        yes = _probability(real, mean, variance)
        index = real.op("Greater", mean, 0.0)
        shares = real.op("Concat", real.op("Sub", 1.0, yes), yes, axis=1)
        write_label(real.nodes, operator, real.nodes.cast(index, TensorProto.INT64))
    elif model.multi_class == "one_vs_rest":
        columns = [_probability(real, *_latent(real, member)) for member in base.estimators_]
        scores = real.op("Concat", *columns, axis=1)
        index = real.op("ArgMax", scores, axis=1, keepdims=0)
        write_label(real.nodes, operator, index)
        total = real.sum(scores, 1, keep=True)
        shares = real.op("Div", scores, real.op("Where", real.op("Equal", total, 0.0), 1.0, total))
    else:
        raise NotImplementedError("multi_class='one_vs_one' is not supported; use 'one_vs_rest'")
    write_real(real.nodes, operator, shares, position=1)


def families() -> list[Family]:
    """GaussianProcessClassifier."""
    from sklearn.gaussian_process import GaussianProcessClassifier

    return [
        Family(
            GaussianProcessClassifier,
            convert_gaussian_process_classifier,
            shape=classifier_shape,
            options=CLASSIFIER_OPTIONS,
        )
    ]
