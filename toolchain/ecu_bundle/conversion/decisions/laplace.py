"""GaussianProcessClassifier: Laplace's approximation (Rasmussen and Williams 2006, algorithm 3.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.decisions.labels import classifier_shape, write_label, write_real
from ecu_bundle.conversion.geometry.gaussian_process import Covariance
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family

_ERF = (
    -1.2655121238854,
    1.0000001804413,
    0.37498649464735,
    0.083732829380149,
    -0.092126916989897,
    -0.086117069739837,
    -0.44014093283148,
    1.4571598486029,
    -3.9158741191482,
    8.063656438799,
    -10.523467097879,
    8.5399818248077,
    -4.242000207367,
    1.191727150511,
    -0.14600629930695,
)
"""Coefficients of ``log(erfc(z) * exp(z * z) / t)`` as a polynomial in ``t = 2 / (2 + z)``, for z >= 0.

Interpolated at Chebyshev's points; ``erf`` is then right to 6e-11.
"""


def error_function(real: Arithmetic, x: str) -> str:
    """``erf`` of a float64 matrix, which ONNX Runtime has for float32 alone.

    The terms of the classifier are up to 3500 times as large as their sum: float32 is not enough.
    """
    z = real.op("Abs", x)
    t = real.op("Div", 2.0, real.op("Add", z, 2.0))
    exponents = np.arange(len(_ERF), dtype=np.float64)
    powers = real.op("Pow", real.at(t, 2), exponents)
    series = real.sum(real.op("Mul", powers, np.array(_ERF)), 2)
    exponent = real.op("Sub", series, real.op("Mul", z, z))
    rest = real.op("Mul", t, real.op("Exp", exponent))
    return real.op("Mul", real.op("Sign", x), real.op("Sub", 1.0, rest))


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
        index = real.op("ArgMax", scores, axis=1, keepdims=0, select_last_index=1)
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
