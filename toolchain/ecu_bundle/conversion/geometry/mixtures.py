"""Gaussian densities: GaussianMixture, BayesianGaussianMixture, GaussianNB, QuadraticDiscriminantAnalysis.

The density of a component is ``c - |(x - mean) F|^2 / 2`` in logarithms, with F a factor of its
precision matrix and c its value at the mean. All in float64: far from the means the squares are large
while their differences, on which the probabilities depend, are small.
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
        factor: a matrix for each component (components, features, features), or for diagonal and
            spherical covariances multipliers (components, 1, features or 1).
        peaks: logarithm of each weighted density at its mean, (components,).
    """

    means: Matrix
    factor: Matrix
    peaks: Matrix


def convert_mixture(scope: Any, operator: Any, container: Any) -> None:
    """Label, and the probability of each component."""
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    peaks = np.diagonal(model._estimate_weighted_log_prob(np.asarray(model.means_))).copy()
    densities = _densities(real, _Components(np.asarray(model.means_), _mixture_factor(model), peaks))
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


def _mixture_factor(model: Any) -> Matrix:
    cholesky: Matrix = model.precisions_cholesky_
    if model.covariance_type == "full":
        return cholesky
    if model.covariance_type == "tied":
        return np.repeat(cholesky[None], len(model.means_), axis=0)
    return cholesky.reshape(len(model.means_), 1, -1)


def _densities(real: Arithmetic, components: _Components) -> str:
    """Logarithms of the densities (rows, components)."""
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
        Family(kind, convert_mixture, shape, parser) for kind in (GaussianMixture, BayesianGaussianMixture)
    ]
    classifiers = {GaussianNB: convert_naive_bayes, QuadraticDiscriminantAnalysis: convert_quadratic}
    return mixtures + [
        Family(kind, converter, classifier_shape, parser, CLASSIFIER_OPTIONS)
        for kind, converter in classifiers.items()
    ]
