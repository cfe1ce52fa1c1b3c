"""Gaussian densities: GaussianMixture, BayesianGaussianMixture, GaussianNB, QuadraticDiscriminantAnalysis.

The density of a component is ``c - |(x - mean) F|^2 / 2`` in logarithms, with F a factor of its
precision matrix and c its value at the mean. All in float64: far from the means the squares are large
while their differences, on which the probabilities depend, are small. For the same reason a mixture
expands the squares as scikit-learn does, with the constants that it computes: fitted on float32 rows it
rounds them to float32, and the probabilities between two narrow components show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.decisions.labels import class_values, classifier_shape
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family
from ecu_bundle.conversion.signatures import outputs, shape_of_label

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Components:
    """Gaussian densities.

    Attributes:
        means: (components, features).
        factor: a matrix for each component (components, features, features), or for diagonal
            covariances multipliers (components, 1, features).
        peaks: logarithm of each weighted density at its mean, (components,).
    """

    means: Matrix
    factor: Matrix
    peaks: Matrix


@dataclass(frozen=True, slots=True)
class _Turned:
    """Squares of a mixture with full or tied covariances: ``|x F - o|^2``.

    Attributes:
        factor: F, (components, features, features).
        origin: o, (components, 1, features).
    """

    factor: Matrix
    origin: Matrix

    def at(self, rows: Matrix) -> Matrix:
        """(rows, components)"""
        squares: Matrix = ((rows @ self.factor - self.origin) ** 2).sum(axis=2).T
        return squares

    def write(self, real: Arithmetic) -> str:
        """Name of the squares, (rows, components)."""
        turned = real.op("Sub", real.op("MatMul", real.at(real.input(), 0), self.factor), self.origin)
        return real.op("Transpose", real.sum(real.op("Mul", turned, turned), 2), perm=[1, 0])


@dataclass(frozen=True, slots=True)
class _Expanded:
    """Squares of a mixture with diagonal or spherical covariances: ``a - 2 x B + x^2 C``.

    Attributes:
        constant: a, (components,).
        linear: B, (features, components).
        quadratic: C, (features, components).
    """

    constant: Matrix
    linear: Matrix
    quadratic: Matrix

    def at(self, rows: Matrix) -> Matrix:
        """(rows, components)"""
        squares: Matrix = self.constant - 2.0 * (rows @ self.linear) + rows**2 @ self.quadratic
        return squares

    def write(self, real: Arithmetic) -> str:
        """Name of the squares, (rows, components)."""
        rows = real.input()
        crossed = real.op("Mul", real.op("MatMul", rows, self.linear), 2.0)
        squared = real.op("MatMul", real.op("Mul", rows, rows), self.quadratic)
        return real.op("Add", real.op("Sub", self.constant[None, :], crossed), squared)


def convert_mixture(scope: Any, operator: Any, container: Any) -> None:
    """Label, and the probability of each component."""
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    squares, means = _squares(model), np.asarray(model.means_, dtype=np.float64)
    peaks = np.diagonal(model._estimate_weighted_log_prob(means) + 0.5 * squares.at(means))
    densities = real.op("Sub", peaks[None, :], real.op("Mul", squares.write(real), 0.5))
    real.write_label(real.op("ArgMax", densities, axis=1, keepdims=0), np.arange(len(peaks)))
    real.write(real.op("Softmax", densities, axis=1), 1)


def convert_naive_bayes(scope: Any, operator: Any, container: Any) -> None:
    """GaussianNB: label, and probabilities or joint log-likelihoods."""
    model = operator.raw_operator
    peaks = np.log(model.class_prior_) - 0.5 * np.log(2.0 * np.pi * model.var_).sum(axis=1)
    factor = 1.0 / np.sqrt(model.var_)
    components = _Components(model.theta_, factor[:, None, :], peaks)
    _classify(Arithmetic(scope, operator, container, double=True), container, model, components)


def convert_quadratic(scope: Any, operator: Any, container: Any) -> None:
    """QuadraticDiscriminantAnalysis: label, and probabilities or the decision function."""
    model = operator.raw_operator
    features = model.means_.shape[1]
    factor = np.zeros((len(model.means_), features, features))
    for place, turn, scale in zip(factor, model.rotations_, model.scalings_, strict=True):
        place[:, : turn.shape[1]] = turn / np.sqrt(scale)
    determinants = np.array([np.log(scale).sum() for scale in model.scalings_])
    peaks = np.log(model.priors_) - 0.5 * determinants
    components = _Components(model.means_, factor, peaks)
    _classify(Arithmetic(scope, operator, container, double=True), container, model, components)


def _squares(model: Any) -> _Turned | _Expanded:
    """As ``sklearn.mixture._gaussian_mixture._estimate_log_gaussian_prob``, in the types of the model."""
    means, cholesky = np.asarray(model.means_), np.asarray(model.precisions_cholesky_)
    if model.covariance_type in ("full", "tied"):
        factors = np.broadcast_to(cholesky, (len(means), *cholesky.shape[-2:]))
        origins = np.stack([mean @ factor for mean, factor in zip(means, factors, strict=True)])
        return _Turned(factors.astype(np.float64), origins[:, None, :].astype(np.float64))
    precisions = cholesky**2
    if model.covariance_type == "diag":
        constant, linear = (means**2 * precisions).sum(axis=1), (means * precisions).T
    else:
        constant = (means**2).sum(axis=1) * precisions
        precisions = np.repeat(precisions[:, None], means.shape[1], axis=1)
        linear = (means.astype(np.float64) * precisions).T
    return _Expanded(
        constant.astype(np.float64),
        np.ascontiguousarray(linear, dtype=np.float64),
        np.ascontiguousarray(precisions.T, dtype=np.float64),
    )


def _densities(real: Arithmetic, components: _Components) -> str:
    """Logarithms of the densities (rows, components), from differences to the means."""
    means, factor = components.means[:, None, :], components.factor
    difference = real.op("Sub", real.at(real.input(), 0), means)  # components, rows, features
    turned = real.op("MatMul" if factor.shape[1] > 1 else "Mul", difference, factor)
    squares = real.op("Transpose", real.sum(real.op("Mul", turned, turned), 2), perm=[1, 0])
    return real.op("Sub", components.peaks[None, :], real.op("Mul", squares, 0.5))


def _classify(real: Arithmetic, container: Any, model: Any, components: _Components) -> None:
    densities = _densities(real, components)
    best = real.op("ArgMax", densities, axis=1, keepdims=0)
    real.write_label(best, class_values(model.classes_))
    write_scores(real, container, model, densities)


def write_scores(real: Arithmetic, container: Any, model: Any, scores: str) -> None:
    """Makes the second output probabilities, or the decision function where that is asked for."""
    if not container.get_options(model, {"raw_scores": False})["raw_scores"]:
        real.write(real.op("Softmax", scores, axis=1), 1)
    elif len(model.classes_) == 2:
        ratio = real.op("Sub", real.columns(scores, [1]), real.columns(scores, [0]))
        real.write(real.op("Concat", real.op("Neg", ratio), ratio, axis=1), 1)
    else:
        real.write(scores, 1)


def families() -> list[Family]:
    """Two mixtures and two classifiers."""
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
    from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
    from sklearn.naive_bayes import GaussianNB

    shape, parser = shape_of_label(lambda model: len(model.means_)), outputs("label", "probabilities")
    mixtures = [
        Family(kind, convert_mixture, shape, parser, wide=True)
        for kind in (GaussianMixture, BayesianGaussianMixture)
    ]
    classifiers = {GaussianNB: convert_naive_bayes, QuadraticDiscriminantAnalysis: convert_quadratic}
    return mixtures + [
        Family(kind, converter, classifier_shape, parser, CLASSIFIER_OPTIONS, wide=True)
        for kind, converter in classifiers.items()
    ]
