"""Gaussian densities of every covariance, also far from zero, where expansions lose all digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import GaussianNB

from ecu_bundle.conversion import convert
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity

from .models import THREE, TWO, WORDS, X, prove, proven

FAR = X * np.array([10.0, 1.0, 0.01, 50.0]) + np.array([1e3, 0.0, 3.0, -200.0])
KINDS = ("full", "tied", "diag", "spherical")


@pytest.mark.parametrize("covariance", KINDS)
@pytest.mark.parametrize("kind", [GaussianMixture, BayesianGaussianMixture])
@pytest.mark.parametrize("rows", [X, FAR, X[:, :1]], ids=["near", "far", "one feature"])
def test_a_mixture_is_right(kind: Any, covariance: str, rows: Any) -> None:
    proven(kind(n_components=3, covariance_type=covariance, random_state=0, max_iter=20, tol=1.0).fit(rows))


@pytest.mark.parametrize("covariance", KINDS)
def test_a_mixture_that_was_fitted_on_float32_rows(covariance: str) -> None:
    """scikit-learn then keeps its parameters, and what it computes of them alone, in float32."""
    rows = (FAR * np.array([1.0, 1.0, 1.0, 0.02])).astype(np.float32)
    fitted = GaussianMixture(3, covariance_type=covariance, random_state=0, max_iter=20, tol=1.0).fit(rows)
    assert fitted.means_.dtype == np.float32
    _, report = prove(fitted, rows)
    assert report.passed
    assert max(output.max_abs_error for output in report.comparisons[0].outputs) < 1e-6


@pytest.mark.parametrize("kind", [GaussianNB, QuadraticDiscriminantAnalysis])
@pytest.mark.parametrize(
    "target", [TWO, THREE, 10 * THREE - 7, WORDS], ids=["two", "three", "codes", "words"]
)
def test_a_classifier_of_densities_is_right(kind: Any, target: Any) -> None:
    proven(kind().fit(X, target))
    proven(kind().fit(FAR * np.array([1.0, 1.0, 100.0, 1.0]), target))


def test_one_component_is_always_the_answer() -> None:
    proven(GaussianMixture(1).fit(X))


def test_double_precision_has_the_bits_of_scikit_learn() -> None:
    loaded = from_estimator(GaussianMixture(3, random_state=0).fit(FAR))
    (gate,) = check_parity(loaded, convert(loaded, precision="double")).comparisons
    assert gate.passed
    assert max(output.max_ulp for output in gate.outputs) <= 1
