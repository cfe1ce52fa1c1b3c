"""Distances, neighbours, clusters and kernels: the parameters that change the arithmetic."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import AffinityPropagation, Birch, BisectingKMeans, KMeans, MeanShift, MiniBatchKMeans
from sklearn.covariance import EllipticEnvelope
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as gp
from sklearn.impute import KNNImputer
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.manifold import Isomap
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ecu_bundle.artifacts import LoadedModel
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import InputDescription, ModelDescription
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parity import check_parity
from ecu_bundle.parity.session import open_session

from .models import THREE, TWO, VALUE, WORDS, X, codes_of, prove, proven

Matrix = NDArray[np.float64]

GRID = np.round(np.random.default_rng(1).normal(size=(60, 3)), 1).astype(np.float32).astype(np.float64)
"""Steps of one tenth, as sensors give them: many rows are equally far but for the rounding to float32."""

FAR = X[:, :3] + np.array([1e3, -3e2, 2e3]) + 1.0 / 3.0
"""Far from zero in units of its spread, and not held exactly by float32."""

POINTS: dict[str, Matrix] = {"plain": X, "one feature": X[:, :1], "grid": GRID, "far": FAR}
NOT_NEGATIVE = ModelDescription(inputs=(InputDescription("X", minimum=0.0, maximum=4.0),))


def _classes(rows: Matrix) -> NDArray[np.int64]:
    return THREE[: len(rows)]


def _values(rows: Matrix) -> Matrix:
    return np.asarray(VALUE[: len(rows)])


def _quiet(estimator: Any, rows: Matrix, *target: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(rows, *target)


def _refusal(estimator: Any) -> str:
    with pytest.raises(UnsupportedModelError) as caught:
        prove(estimator)
    assert type(estimator).__name__ in caught.value.cause
    return caught.value.cause


METRICS: dict[str, dict[str, Any]] = {
    "euclidean": {},
    "manhattan": {"metric": "manhattan"},
    "chebyshev": {"metric": "chebyshev"},
    "minkowski 3": {"p": 3},
    "minkowski 1.5": {"p": 1.5},
    "brute force": {"algorithm": "brute"},
    "squared": {"metric": "sqeuclidean", "algorithm": "brute"},
    "cosine": {"metric": "cosine", "algorithm": "brute"},
}


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", METRICS)
def test_nearest_neighbours_by_every_metric(metric: str, weights: str) -> None:
    settings = {"weights": weights, **METRICS[metric]}
    proven(KNeighborsClassifier(4, **settings).fit(X, THREE))
    proven(KNeighborsRegressor(3, **settings).fit(X, VALUE))


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("points", POINTS)
def test_nearest_neighbours_of_every_shape(points: str, weights: str) -> None:
    rows = POINTS[points]
    proven(KNeighborsClassifier(weights=weights).fit(rows, _classes(rows)))
    proven(KNeighborsRegressor(weights=weights).fit(rows, _values(rows)))


def test_a_zero_distance_wins_and_duplicates_share() -> None:
    rows = np.array([[0.0, 1.0], [0.0, 1.0], [2.0, 1.0], [3.0, 3.0]])
    values = np.array([1.0, 3.0, 100.0, 7.0])
    model = KNeighborsRegressor(4, weights="distance").fit(rows, values)
    _, report = prove(model, data=rows)
    assert report.passed
    assert report.ort["variable"][:3, 0].tolist() == [2.0, 2.0, 100.0]
    proven(KNeighborsClassifier(4, weights="distance").fit(rows, [0, 1, 0, 1]), data=rows)
    proven(RadiusNeighborsRegressor(2.5, weights="distance").fit(rows, values), data=rows)


NEARLY = np.array([[1.0, 2.0**-13], [0.0, 1.0]])
"""Squared distances to zero of 1 + 2**-26 and 1: the same in float32."""

ZERO = np.zeros((1, 2))


@pytest.mark.parametrize("flipped", [False, True])
def test_decisions_that_float32_cannot_take(flipped: bool) -> None:
    rows = NEARLY[::-1] if flipped else NEARLY
    _, report = prove(KNeighborsRegressor(1).fit(rows, [1.0, 2.0]), data=ZERO)
    assert report.passed
    assert report.ort["variable"][0, 0] == (1.0 if flipped else 2.0)
    proven(KNeighborsClassifier(1).fit(rows, [0, 1]), data=ZERO)
    proven(MeanShift(bandwidth=0.1).fit(rows), data=ZERO)
    proven(_quiet(NearestCentroid(), np.repeat(rows, 2, axis=0) + [[0, 0.5], [0, -0.5]] * 2, [0, 0, 1, 1]))
    missing = np.column_stack([rows, [5.0, 7.0]])
    proven(KNNImputer(n_neighbors=1).fit(missing), data=np.array([[0.0, 0.0, np.nan]]))
    # the second split shows nothing of how close the first one was
    spread = np.array([[0.25, 0.0], [-0.25, 0.0], [0.0, 0.5], [0.0, -0.5]])
    leaves = np.repeat(NEARLY, 2, axis=0) + spread
    proven(BisectingKMeans(4, random_state=0).fit(leaves[:, ::-1] if flipped else leaves), data=ZERO)


def test_distances_far_from_zero_keep_their_digits() -> None:
    model = KMeans(3, n_init=1, random_state=0).fit(FAR)
    rows = FAR.astype(np.float32)
    session = open_session(convert(model).proto)
    _, scores = session.run(None, {"X": rows})
    # scikit-learn itself loses digits here: it expands the square
    expected = np.linalg.norm(rows.astype(np.float64)[:, None] - model.cluster_centers_, axis=2)
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_one_training_row() -> None:
    proven(KNeighborsRegressor(1).fit(X[:1], VALUE[:1]))
    proven(KNeighborsRegressor(1, weights="distance").fit(X[:1], VALUE[:1]))
    proven(KernelRidge(kernel="rbf").fit(X[:1], VALUE[:1]))
    proven(GaussianProcessRegressor().fit(X[:1], VALUE[:1]))


def test_several_targets_and_other_classes() -> None:
    both = np.column_stack([VALUE, 10.0 - VALUE])
    proven(KNeighborsRegressor(weights="distance").fit(X, both))
    proven(RadiusNeighborsRegressor(2.0).fit(X, both))
    proven(KNeighborsClassifier().fit(X, 5 * THREE - 7))
    model = proven(KNeighborsClassifier(weights="distance").fit(X, WORDS))
    assert codes_of(model, "label") == {0: "bad", 1: "ok", 2: "warn"}


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_within_a_radius(metric: str, weights: str) -> None:
    settings = {"weights": weights, **METRICS[metric]}
    radius = 0.4 if metric == "cosine" else 1.2
    proven(RadiusNeighborsClassifier(radius, outlier_label=1, **settings).fit(X, THREE))
    proven(RadiusNeighborsRegressor(radius, **settings).fit(X, VALUE))


@pytest.mark.parametrize("points", POINTS)
def test_neighbours_within_a_radius_of_every_shape(points: str) -> None:
    rows = POINTS[points]
    classifier = RadiusNeighborsClassifier(0.5, outlier_label="most_frequent", weights="distance")
    proven(classifier.fit(rows, _classes(rows)))
    proven(RadiusNeighborsRegressor(0.5).fit(rows, _values(rows)))


def test_a_row_without_neighbours_is_the_outlier_or_not_a_number() -> None:
    alone = np.full((1, 4), 50.0)
    _, report = prove(RadiusNeighborsClassifier(1.0, outlier_label="warn").fit(X, WORDS), data=alone)
    assert report.passed
    assert report.ort["label"][0, 0] == 2
    _, report = prove(RadiusNeighborsRegressor(1.0).fit(X, VALUE), data=np.concatenate([alone, X]))
    assert report.passed
    assert np.isnan(report.ort["variable"][0, 0])


def test_what_scikit_learn_leaves_open_is_refused() -> None:
    assert "outlier_label" in _refusal(RadiusNeighborsClassifier().fit(X, THREE))
    assert "outlier_label" in _refusal(RadiusNeighborsClassifier(outlier_label=9).fit(X, THREE))
    assert "float" in _refusal(RadiusNeighborsRegressor().fit(X, THREE))
    assert "canberra" in _refusal(KNeighborsClassifier(metric="canberra").fit(X, THREE))
    weighted = KNeighborsClassifier(metric="minkowski", metric_params={"w": np.ones(4)})
    assert "with w" in _refusal(weighted.fit(X, THREE))


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_missing_values_from_neighbours(weights: str) -> None:
    rows = X + 1.0 / 3.0
    rows[np.random.default_rng(0).random(rows.shape) < 0.2] = np.nan
    queries = X.copy()
    queries[np.random.default_rng(1).random(rows.shape) < 0.4] = np.nan
    queries[0] = np.nan
    imputer = KNNImputer(n_neighbors=3, weights=weights, add_indicator=True).fit(rows)
    model = proven(imputer, data=queries)
    assert model.interface.inputs[0].accepts_nan


def test_donors_that_are_equally_far_leave_no_rule_for_nan() -> None:
    rows = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [5.0, 4.0]])
    model = proven(KNNImputer(n_neighbors=2).fit(rows))  # which two of the first three is not defined
    assert not model.interface.inputs[0].accepts_nan


def test_a_column_that_was_never_seen() -> None:
    rows = np.column_stack([X[:, :2], np.full(len(X), np.nan)])
    proven(KNNImputer(keep_empty_features=True).fit(rows), data=rows)
    proven(KNNImputer().fit(rows), data=rows)


CLUSTERS: dict[str, Any] = {
    "KMeans": KMeans(3, n_init=2, random_state=0),
    "one mean": KMeans(1, n_init=1, random_state=0),
    "MiniBatchKMeans": MiniBatchKMeans(3, n_init=2, random_state=0),
    "BisectingKMeans": BisectingKMeans(6, random_state=0),
    "largest first": BisectingKMeans(5, bisecting_strategy="largest_cluster", random_state=0),
    "nothing to bisect": BisectingKMeans(1, random_state=0),
    "MeanShift": MeanShift(bandwidth=1.0),
    "AffinityPropagation": AffinityPropagation(damping=0.8, max_iter=400, random_state=0),
}


@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("name", CLUSTERS)
def test_clusters(name: str, points: str) -> None:
    proven(_quiet(CLUSTERS[name], POINTS[points]))


@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("clusters", [3, None])
def test_birch(points: str, clusters: int | None) -> None:
    fitted = _quiet(Birch(n_clusters=clusters, threshold=0.4), POINTS[points])
    # skops writes no Birch; a pickle file brings one
    loaded = LoadedModel("model", "pickle", "0" * 64, fitted)
    model = convert(loaded)
    assert check_parity(loaded, model).passed
    assert set(codes_of(model, "label")) == set(fitted.subcluster_labels_.tolist())


def test_clusters_that_cannot_predict_are_refused() -> None:
    affinity = AffinityPropagation(affinity="precomputed", random_state=0)
    assert "affinities" in _refusal(_quiet(affinity, -((X[:, None, 0] - X[None, :, 0]) ** 2)))
    assert "converge" in _refusal(_quiet(AffinityPropagation(max_iter=1, random_state=0), X))


CENTROIDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "manhattan": {"metric": "manhattan"},
    "shrunken": {"shrink_threshold": 0.4},
    "shrunken manhattan": {"metric": "manhattan", "shrink_threshold": 0.2},
    "empirical": {"priors": "empirical"},
    "own priors": {"priors": [0.2, 0.5, 0.3]},
    "own priors, manhattan": {"metric": "manhattan", "priors": [0.2, 0.5, 0.3]},
}


@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("name", CENTROIDS)
def test_nearest_centroid(name: str, points: str) -> None:
    rows = POINTS[points]
    proven(_quiet(NearestCentroid(**CENTROIDS[name]), rows, _classes(rows)))


def test_nearest_centroid_of_two_and_of_text() -> None:
    proven(NearestCentroid().fit(X, TWO))
    proven(NearestCentroid(metric="manhattan").fit(X, WORDS))
    flat = np.column_stack([X[:, 0], TWO])
    proven(_quiet(NearestCentroid(), flat, TWO))  # a feature without deviation inside the classes
    proven(NearestCentroid().fit(np.column_stack([0.01 * X[:, 0] + TWO, X[:, 1]]), TWO))  # large scores


@pytest.mark.parametrize("points", POINTS)
def test_elliptic_envelope(points: str) -> None:
    proven(_quiet(EllipticEnvelope(random_state=0), POINTS[points]))


def test_elliptic_envelope_of_correlated_inputs() -> None:
    together = np.column_stack([X[:, 0], X[:, 0] + 1e-3 * X[:, 1], X[:, 2]])
    model = EllipticEnvelope(random_state=0).fit(together)
    rows = together.astype(np.float32)
    _, report = prove(model, data=rows)
    assert report.passed
    # the rows of the ranges, far from the line, have scores that hide an error at the training rows
    expected = model.decision_function(rows.astype(np.float64))
    np.testing.assert_allclose(report.ort["scores"][: len(rows), 0], expected, rtol=1e-6)


KERNELS: dict[str, dict[str, Any]] = {
    "linear": {},
    "poly": {"degree": 2.5, "gamma": 0.05, "coef0": 4.0},
    "polynomial": {"degree": 2},
    "rbf": {"gamma": 0.3},
    "sigmoid": {"gamma": 0.02, "coef0": 0.1},
    "laplacian": {},
    "cosine": {},
    "chi2": {"gamma": 0.4},
    "additive_chi2": {},
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_of_ridge_and_nystroem(name: str) -> None:
    signed = "chi2" not in name
    rows, words = (X, None) if signed else (np.abs(X), NOT_NEGATIVE)
    if name == "poly":
        words = ModelDescription(inputs=(InputDescription("X", minimum=-2.0, maximum=2.0),))
        rows = np.clip(X, -2.0, 2.0)  # a root of a negative number is not a number
    proven(_quiet(KernelRidge(kernel=name, alpha=0.5, **KERNELS[name]), rows, VALUE), words=words)
    nystroem = Nystroem(kernel=name, n_components=8, random_state=0, **KERNELS[name])
    proven(_quiet(nystroem, rows), words=words)


@pytest.mark.parametrize(
    ("points", "alpha"),
    [
        ("plain", 1e-4),
        ("plain", 1e-9),
        ("one feature", 1e-4),
        ("one feature", 1e-9),
        ("grid", 1e-6),
        ("far", 1.0),
    ],
)
def test_kernel_ridge_with_large_coefficients(points: str, alpha: float) -> None:
    # far from zero scikit-learn's expanded squares are off by 1e-9, which a small alpha would show
    rows = POINTS[points]
    proven(KernelRidge(kernel="rbf", alpha=alpha).fit(rows, _values(rows)))


PROCESSES: dict[str, Any] = {
    "prior": None,
    "noise": gp.RBF() + gp.WhiteKernel(),
    "scaled": gp.ConstantKernel(2.0) * gp.RBF([0.5, 1.0, 2.0, 3.0]),
    "rough": gp.Matern(nu=0.5),
    "once": gp.Matern(nu=1.5) + gp.WhiteKernel(0.1),
    "twice": gp.Matern([1.0, 2.0, 1.0, 2.0], nu=2.5),
    "smooth": gp.Matern(nu=np.inf) + gp.WhiteKernel(),
    "rational": gp.RationalQuadratic(alpha=0.7) + gp.WhiteKernel(),
    "line": gp.DotProduct() + gp.WhiteKernel(),
    "power": gp.RBF() ** 2 + gp.WhiteKernel(),
    "by name": gp.PairwiseKernel(metric="laplacian", gamma=0.5) + gp.WhiteKernel(),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_gaussian_process(name: str) -> None:
    proven(_quiet(GaussianProcessRegressor(PROCESSES[name]), X, VALUE))


@pytest.mark.parametrize("points", POINTS)
def test_gaussian_process_of_every_shape(points: str) -> None:
    rows = POINTS[points]
    both = np.column_stack([_values(rows), 5.0 - _values(rows)])
    proven(_quiet(GaussianProcessRegressor(gp.RBF(), alpha=1e-4, normalize_y=True), rows, both))


def test_gaussian_process_of_a_period() -> None:
    kernel = gp.ExpSineSquared(1.0, 2.0) + gp.WhiteKernel()
    proven(_quiet(GaussianProcessRegressor(kernel, optimizer=None), 50.0 * X[:, :1], VALUE))
    proven(_quiet(GaussianProcessRegressor(kernel, optimizer=None), 5e3 * X[:2, :1], VALUE[:2] + 9.0))


def test_gaussian_process_of_a_bessel_function_is_refused() -> None:
    assert "nu=0.8" in _refusal(GaussianProcessRegressor(gp.Matern(nu=0.8)).fit(X, VALUE))


@pytest.mark.parametrize("neighbours", [2, 6])
def test_isomap(neighbours: int) -> None:
    proven(_quiet(Isomap(n_neighbors=neighbours, n_components=2), X))
    proven(_quiet(Isomap(n_neighbors=neighbours, metric="manhattan", p=1), GRID))
    assert "radius" in _refusal(_quiet(Isomap(n_neighbors=None, radius=3.0), X))


SAMPLERS: dict[str, tuple[Any, bool]] = {
    "RBFSampler": (RBFSampler(gamma=0.7, n_components=20, random_state=0), True),
    "gamma by scale": (RBFSampler(gamma="scale", n_components=20, random_state=0), True),
    "SkewedChi2Sampler": (SkewedChi2Sampler(skewedness=0.1, n_components=20, random_state=0), False),
    "AdditiveChi2Sampler": (AdditiveChi2Sampler(), False),
    "one step": (AdditiveChi2Sampler(sample_steps=1), False),
    "three steps": (AdditiveChi2Sampler(sample_steps=3, sample_interval=0.7), False),
    "square sketch": (PolynomialCountSketch(n_components=5, random_state=0), True),
    "cubic sketch": (
        PolynomialCountSketch(degree=3, gamma=0.5, coef0=2, n_components=6, random_state=0),
        True,
    ),
    "linear sketch": (PolynomialCountSketch(degree=1, n_components=3, random_state=0), True),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(name: str) -> None:
    sampler, signed = SAMPLERS[name]
    rows = X if signed else np.abs(X)
    words = None if signed else NOT_NEGATIVE
    proven(_quiet(sampler, rows), data=rows, words=words)
    proven(_quiet(sampler, rows[:, :1]), words=words)


BATCHES: dict[str, Any] = {
    "neighbours": KNeighborsRegressor(weights="distance"),
    "radius": RadiusNeighborsRegressor(2.0, weights="distance"),
    "process": GaussianProcessRegressor(),
    "ridge": KernelRidge(kernel="laplacian"),
    "isomap": Isomap(n_components=2),
    "bisecting": BisectingKMeans(5, random_state=0),
    "envelope": EllipticEnvelope(random_state=0),
}


@pytest.mark.parametrize("name", BATCHES)
def test_many_rows_at_once(name: str) -> None:
    model = convert(_quiet(BATCHES[name], X, VALUE))
    session = open_session(model.proto)
    rows = X.astype(np.float32)
    together = session.run(None, {"X": rows})
    alone = [session.run(None, {"X": row[None]}) for row in rows]
    for position, values in enumerate(together):
        stacked = np.concatenate([outputs[position] for outputs in alone])
        assert values.shape == stacked.shape
        np.testing.assert_allclose(values, stacked, rtol=2e-6, atol=2e-6)


def test_behind_a_scaler_and_before_a_model() -> None:
    proven(make_pipeline(StandardScaler(), KNeighborsClassifier(weights="distance")).fit(X, THREE))
    proven(make_pipeline(Nystroem(n_components=10, random_state=0), KernelRidge()).fit(X, VALUE))
