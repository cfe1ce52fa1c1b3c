"""Linear maps and bases of splines: the parameters that change the arithmetic."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import FeatureAgglomeration
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical
from sklearn.decomposition import FactorAnalysis, FastICA, MiniBatchSparsePCA, SparsePCA
from sklearn.linear_model import Ridge
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.random_projection import SparseRandomProjection

from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parity.session import open_session

from .models import THREE, VALUE, X, prove, proven

Matrix = NDArray[np.float64]

FAR = X + np.array([1e5, -3e4, 7e3, 1013.25])
"""Far from zero in units of its spread, and not held exactly by float32."""

TARGETS = np.column_stack([VALUE, np.cos(X[:, 1]), X[:, 2] ** 2])

LINEAR: dict[str, Any] = {
    "factors": FactorAnalysis(2),
    "turned factors": FactorAnalysis(2, rotation="varimax"),
    "independent": FastICA(2, random_state=0),
    "independent, arbitrary variance": FastICA(2, whiten="arbitrary-variance", random_state=0),
    "not whitened": FastICA(whiten=False, random_state=0),
    "sparse": SparsePCA(2, ridge_alpha=0.3, random_state=0),
    "sparse in batches": MiniBatchSparsePCA(2, max_iter=5, random_state=0),
    "canonical": CCA(2),
    "canonical, not scaled": CCA(1, scale=False),
    "partial": PLSCanonical(2),
    "singular": PLSSVD(2),
    "singular, not scaled": PLSSVD(1, scale=False),
    "random": SparseRandomProjection(3, random_state=0),
    "dense random": SparseRandomProjection(3, density=1.0, dense_output=True, random_state=0),
    "hidden units": BernoulliRBM(3, n_iter=2, random_state=0),
    "groups": FeatureAgglomeration(2),
    "largest of groups": FeatureAgglomeration(2, pooling_func=np.max),
    "smallest of groups": FeatureAgglomeration(3, pooling_func=np.min),
    "sum of groups": FeatureAgglomeration(1, pooling_func=np.sum),
}


def _fitted(estimator: Any, rows: Matrix) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(rows, TARGETS)


@pytest.mark.parametrize("name", LINEAR)
def test_linear_maps(name: str) -> None:
    proven(_fitted(LINEAR[name], X), data=X)


@pytest.mark.parametrize("name", [name for name in LINEAR if name not in ("not whitened", "hidden units")])
def test_linear_maps_far_from_zero(name: str) -> None:
    proven(_fitted(LINEAR[name], FAR), data=FAR.astype(np.float32))


def test_one_feature() -> None:
    proven(_fitted(FactorAnalysis(1), X[:, :1]))
    proven(_fitted(SparseRandomProjection(2, random_state=0), X[:, :1]))
    proven(_fitted(BernoulliRBM(2, random_state=0), X[:, :1]))


def test_another_pooling_function_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="median"):
        prove(FeatureAgglomeration(2, pooling_func=np.median).fit(X))


EXTRAPOLATIONS = ("constant", "linear", "continue", "periodic")


@pytest.mark.parametrize("knots", ["uniform", "quantile"])
@pytest.mark.parametrize("extrapolation", EXTRAPOLATIONS)
@pytest.mark.parametrize("degree", [2, 3, 5])
def test_splines(degree: int, extrapolation: str, knots: str) -> None:
    splines = SplineTransformer(n_knots=7, degree=degree, knots=knots, extrapolation=extrapolation)
    proven(splines.fit(X))
    proven(splines.set_params(include_bias=False, sparse_output=True).fit(X), data=X)


@pytest.mark.parametrize("extrapolation", EXTRAPOLATIONS)
def test_straight_splines(extrapolation: str) -> None:
    rows = X[:, :1] if extrapolation == "linear" else X
    proven(SplineTransformer(degree=1, extrapolation=extrapolation).fit(rows))


@pytest.mark.parametrize("extrapolation", ["linear", "continue", "periodic"])
def test_steps_change_at_the_same_float(extrapolation: str) -> None:
    rows = X[:, :1] / 3.0
    model = SplineTransformer(degree=0, extrapolation=extrapolation, knots="quantile").fit(rows)
    knots = model.bsplines_[0].t.astype(np.float32)
    beside = np.concatenate([np.nextafter(knots, -np.inf), knots, np.nextafter(knots, np.inf)])
    _same_steps(model, beside[:, None])
    halves = np.arange(-4.0, 5.0)[:, None] / 2.0
    _same_steps(model.set_params(knots=halves).fit(rows), halves)


def _same_steps(model: SplineTransformer, rows: NDArray[Any]) -> None:
    """Bit for bit: the proof would take the other side of a step from a neighbouring row."""
    _, report = prove(model, data=rows)
    assert report.passed
    expected = model.transform(rows.astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(report.ort["variable"][: len(rows)], expected)


def test_own_knots_and_many_periods() -> None:
    knots = np.array([[0.0, -1.0], [0.1, 0.5], [0.7, 2.0], [1.0, 3.0], [2.0, 3.5]])
    proven(SplineTransformer(degree=3, knots=knots).fit(X[:, :2]))
    model = SplineTransformer(degree=2, knots=knots + 0.1, extrapolation="periodic").fit(X[:, :2])
    proven(model, data=1e4 * X[:, :2])


def test_splines_far_from_zero() -> None:
    proven(SplineTransformer(extrapolation="linear").fit(FAR), data=FAR.astype(np.float32))


@pytest.mark.parametrize("extrapolation", EXTRAPOLATIONS)
def test_missing_values_become_zeros(extrapolation: str) -> None:
    model = proven(SplineTransformer(extrapolation=extrapolation, handle_missing="zeros").fit(X))
    assert model.interface.inputs[0].accepts_nan
    refusing = proven(SplineTransformer(extrapolation=extrapolation).fit(X))
    assert not refusing.interface.inputs[0].accepts_nan


REFUSED_SPLINES: dict[str, tuple[Any, Matrix]] = {
    "raises an error": (SplineTransformer(extrapolation="error"), X),
    "coincide": (SplineTransformer(knots="quantile"), np.sign(X)),
    "fails beyond": (SplineTransformer(degree=0), X),
    "inner knot": (SplineTransformer(degree=1, extrapolation="linear"), X),
}


@pytest.mark.parametrize("reason", REFUSED_SPLINES)
def test_splines_without_a_true_conversion_are_refused(reason: str) -> None:
    splines, rows = REFUSED_SPLINES[reason]
    with pytest.raises(UnsupportedModelError, match=reason):
        prove(splines.fit(rows))


@pytest.mark.parametrize("name", ["factors", "hidden units", "largest of groups"])
def test_many_rows_at_once(name: str) -> None:
    _same_together(_fitted(LINEAR[name], X))


@pytest.mark.parametrize("extrapolation", EXTRAPOLATIONS)
def test_many_rows_of_splines_at_once(extrapolation: str) -> None:
    _same_together(SplineTransformer(extrapolation=extrapolation).fit(X))


def _same_together(estimator: Any) -> None:
    session = open_session(convert(estimator).proto)
    rows = 2.0 * X.astype(np.float32)
    (together,) = session.run(None, {"X": rows})
    alone = np.concatenate([session.run(None, {"X": row[None]})[0] for row in rows])
    np.testing.assert_allclose(together, alone, rtol=2e-6, atol=2e-6)


def test_before_a_model() -> None:
    proven(make_pipeline(SplineTransformer(), Ridge()).fit(X, VALUE))
    proven(make_pipeline(FactorAnalysis(2), Ridge()).fit(X, THREE))
