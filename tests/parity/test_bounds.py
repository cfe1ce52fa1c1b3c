"""Bounds of smooth models: they hold on every row, they are close enough to be of use, they find errors."""

from __future__ import annotations

import copy
import dataclasses
import math
import resource
import time
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM

from conversion.models import POSITIVE, THREE, TWO, VALUE, X
from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.interface import Rows
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity.bounds import OutputBound, output_bounds
from ecu_bundle.parity.generation import generate_rows
from ecu_bundle.parity.reference import reference_outputs
from ecu_bundle.parity.session import run_rows


def network(activation: str) -> Any:
    return MLPRegressor(
        hidden_layer_sizes=(20, 20),
        activation=activation,
        solver="lbfgs",
        max_iter=150,
        tol=1e-2,
        random_state=0,
    )


MODELS: dict[str, tuple[Any, Any]] = {
    "ridge": (Ridge(), VALUE),
    "ridge behind a scaler": (make_pipeline(StandardScaler(), Ridge()), VALUE),
    "ridge of products": (make_pipeline(PolynomialFeatures(2), Ridge()), VALUE),
    "ridge of unit rows": (make_pipeline(Normalizer(), Ridge()), VALUE),
    "poisson": (PoissonRegressor(), POSITIVE),
    "logistic": (LogisticRegression(), THREE),
    "logistic of two": (LogisticRegression(), TWO),
    "logistic behind a scaler": (make_pipeline(StandardScaler(), LogisticRegression()), THREE),
    "network of relu": (network("relu"), VALUE),
    "network of tanh": (network("tanh"), VALUE),
    "network behind a scaler": (make_pipeline(MinMaxScaler(), network("logistic")), VALUE),
    "network of classes": (
        MLPClassifier(hidden_layer_sizes=(10,), solver="lbfgs", max_iter=150, tol=1e-2, random_state=0),
        THREE,
    ),
    "svr": (SVR(), VALUE),
    "svr of products": (SVR(kernel="poly"), VALUE),
    "svr of tanh": (SVR(kernel="sigmoid"), VALUE),
    "svc": (SVC(), TWO),
    "svc of three": (SVC(), THREE),
    "linear svc": (LinearSVC(), THREE),
    "one class": (OneClassSVM(), None),
    "naive bayes": (GaussianNB(), THREE),
    "mixture": (GaussianMixture(3, random_state=0), None),
    "components": (PCA(2), None),
    "centres": (KMeans(3, n_init=1, random_state=0), None),
    "lda": (LinearDiscriminantAnalysis(), THREE),
    "qda": (QuadraticDiscriminantAnalysis(), THREE),
    "gaussian process": (GaussianProcessRegressor(alpha=1e-2), VALUE),
    "forest": (RandomForestRegressor(10, random_state=0), VALUE),
    "forest of classes": (RandomForestClassifier(10, random_state=0), THREE),
    "boosting": (GradientBoostingClassifier(n_estimators=5, random_state=0), THREE),
    "forest behind components": (make_pipeline(PCA(2), RandomForestRegressor(5, random_state=0)), VALUE),
}
USEFUL = 1e-3
"""The median bound of an output, relative to its largest value."""


@dataclasses.dataclass(frozen=True)
class Case:
    loaded: LoadedModel
    model: OnnxModel
    rows: Rows
    bounds: list[OutputBound]

    def errors(self, name: str, model: OnnxModel | None = None) -> NDArray[np.float64]:
        """|ONNX Runtime - scikit-learn| for one output."""
        reference = reference_outputs(self.loaded, self.model, self.rows)[name].astype(np.float64)
        actual = run_rows((model or self.model).proto, self.model.interface, self.rows)[name]
        errors: NDArray[np.float64] = np.abs(actual.astype(np.float64) - reference)
        return errors


def case_of(estimator: Any, y: Any, data: NDArray[np.float64] = X) -> Case:
    """Fits, converts, declares the ranges -3 to 3, and bounds rows in them."""
    fitted = copy.deepcopy(estimator).fit(data) if y is None else copy.deepcopy(estimator).fit(data, y)
    loaded = from_estimator(fitted)
    model = convert(loaded)
    inputs = tuple(dataclasses.replace(t, minimum=-3.0, maximum=3.0) for t in model.interface.inputs)
    model = dataclasses.replace(model, interface=dataclasses.replace(model.interface, inputs=inputs))
    rows = generate_rows(model, np.clip(data[:200], -3.0, 3.0)).rows
    inside = np.abs(rows.tensors["X"]).max(axis=1) <= 3.0
    rows = rows.take(np.flatnonzero(inside))
    return Case(loaded, model, rows, output_bounds(model, rows))


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {}


def case_named(name: str, cases: dict[str, Case]) -> Case:
    if name not in cases:
        cases[name] = case_of(*MODELS[name])
    return cases[name]


@pytest.mark.parametrize("name", MODELS)
def test_the_bound_holds_and_is_of_use(name: str, cases: dict[str, Case]) -> None:
    case = case_named(name, cases)
    assert [bound.name for bound in case.bounds] == [t.name for t in case.model.interface.outputs]
    for bound in case.bounds:
        errors = case.errors(bound.name)
        assert bound.rows.shape == errors.shape
        assert np.all(errors <= bound.rows)
        if bound.name == "label":
            assert np.mean(np.isfinite(bound.rows)) > 0.9
        else:
            size = np.abs(reference_outputs(case.loaded, case.model, case.rows)[bound.name]).max()
            assert np.median(bound.rows) <= USEFUL * size


@pytest.mark.parametrize("name", MODELS)
def test_the_interval_covers_every_row(name: str, cases: dict[str, Case]) -> None:
    for bound in case_named(name, cases).bounds:
        if bound.interval is not None:
            assert np.all(bound.rows[np.isfinite(bound.rows)] <= bound.interval * (1.0 + 1e-9))
        else:
            assert bound.reason


BOUNDED_EVERYWHERE = (
    "ridge",
    "ridge of products",
    "logistic",
    "network of relu",
    "network of tanh",
    "svr",
    "components",
    "forest",
    "boosting",
)


@pytest.mark.parametrize("name", BOUNDED_EVERYWHERE)
def test_the_interval_is_of_use(name: str, cases: dict[str, Case]) -> None:
    case = case_named(name, cases)
    bound = case.bounds[-1]
    size = np.abs(reference_outputs(case.loaded, case.model, case.rows)[bound.name]).max()
    assert bound.interval is not None
    assert bound.interval <= USEFUL * size


def with_constants(model: OnnxModel, change: Any) -> OnnxModel:
    """The model with its largest float constant, or its coefficients, changed."""
    proto = copy.deepcopy(model.proto)
    for node in proto.graph.node:
        for attribute in node.attribute:
            if attribute.name == "coefficients":
                attribute.floats[:] = [change(v) for v in attribute.floats]
                return dataclasses.replace(model, proto=proto)
    real = [
        t for t in proto.graph.initializer if t.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    ]
    tensor = max(real, key=lambda t: math.prod(t.dims))
    values = numpy_helper.to_array(tensor)
    tensor.CopyFrom(numpy_helper.from_array(change(values).astype(values.dtype), tensor.name))
    return dataclasses.replace(model, proto=proto)


@pytest.mark.parametrize(
    "name", ["ridge", "logistic", "network of tanh", "svr", "components", "naive bayes", "gaussian process"]
)
def test_a_wrong_constant_is_beyond_the_bound(name: str, cases: dict[str, Case]) -> None:
    case = case_named(name, cases)
    wrong = with_constants(case.model, lambda v: v * 1.001)
    bound = case.bounds[-1]
    assert np.any(case.errors(bound.name, wrong) > bound.rows)


def test_a_label_on_the_boundary_is_not_certain() -> None:
    """Rows are moved along a line until the scores of two classes are one float32 apart."""
    case = case_of(LogisticRegression(), TWO)
    assert case.loaded.estimator is not None
    predict = case.loaded.estimator.predict
    low, high = X[predict(X) == 0][0], X[predict(X) == 1][0]
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if predict(middle[None])[0] == 0 else (low, middle)
    rows = Rows({"X": np.stack([low, X[0], X[1]]).astype(np.float32)})
    label = output_bounds(case.model, rows)[0]
    assert label.rows[:, 0].tolist() == [np.inf, 0.0, 0.0]
    assert label.interval is None
    assert "both sides of a decision" in label.reason


def test_without_ranges_there_is_no_interval() -> None:
    model = convert(Ridge().fit(X, VALUE))
    (bound,) = output_bounds(model, Rows({"X": X[:5].astype(np.float32)}))
    assert bound.interval is None
    assert bound.reason == "no finite range is declared for X"
    assert np.isfinite(bound.rows).all()


def test_an_operator_without_a_rule_is_named() -> None:
    model = convert(Ridge().fit(X, VALUE))
    proto = copy.deepcopy(model.proto)
    last = proto.graph.node[-1]
    proto.graph.node.append(onnx.helper.make_node("Asinh", ["inner"], [last.output[0]]))
    last.output[0] = "inner"
    (bound,) = output_bounds(dataclasses.replace(model, proto=proto), Rows({"X": X[:5].astype(np.float32)}))
    assert bound.reason == "no bound for Asinh"
    assert np.isinf(bound.rows).all()


def test_large_models_take_seconds() -> None:
    """5000 rows through a network of two layers of 100, and through 100 trees of depth 10."""
    generator = np.random.default_rng(0)
    data = np.clip(generator.normal(size=(5000, 10)), -3.0, 3.0).astype(np.float32)
    target = data[:, 0] * data[:, 1] + data[:, 2]
    wide = MLPRegressor(hidden_layer_sizes=(100, 100), solver="lbfgs", max_iter=1, tol=10.0, random_state=0)
    forest = RandomForestRegressor(100, max_depth=10, random_state=0)
    models = [convert(wide.fit(data, target)), convert(forest.fit(data, target))]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    for model in models:
        (bound,) = output_bounds(model, Rows({"X": data}))
        assert np.isfinite(bound.rows).all()
    assert time.process_time() - start < 20.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000
