"""Converted estimators as native programs, against ONNX Runtime."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from benchmarks.coverage.estimators import ESTIMATORS, fitted, inputs_of, words_of

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import BundleError, UnsupportedModelError
from ecu_bundle.interface import Array, Rows
from ecu_bundle.lowering import lower
from lowering.graphs import assert_same
from lowering.interpreter import runs_here

AT_LEAST_LOWERED = 160

ROWS = 12
TOLERANCE = 1e-5

CHOSEN = (
    "AffinityPropagation",
    "BernoulliNB",
    "BernoulliRBM",
    "CalibratedClassifierCV",
    "ColumnTransformer",
    "GaussianMixture",
    "GaussianNB",
    "GaussianProcessClassifier",
    "GaussianProcessRegressor",
    "Isomap",
    "KNNImputer",
    "KNeighborsClassifier",
    "KNeighborsTransformer",
    "LocalOutlierFactor",
    "LogisticRegression",
    "MLPClassifier",
    "MultiTaskLasso",
    "NuSVC",
    "OneHotEncoder",
    "OneVsOneClassifier",
    "OneVsRestClassifier",
    "OrdinalEncoder",
    "Pipeline",
    "PolynomialFeatures",
    "PowerTransformer",
    "QuadraticDiscriminantAnalysis",
    "QuantileTransformer",
    "SVC",
    "SVR",
    "SimpleImputer",
    "SplineTransformer",
)
"""One of each sort of graph; the others are for `make test-full`."""


def _converted(name: str) -> OnnxModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert(fitted(name), description=words_of(name))


def _rows(model: OnnxModel, data: Any) -> Rows:
    """Training rows in device form; codes at random, NaN in one place where it is accepted."""
    table = np.asarray(data, np.float32)[:ROWS].reshape(ROWS, -1)
    generator = np.random.default_rng(0)
    tensors: dict[str, Array] = {}
    at = 0
    for tensor in model.interface.inputs:
        values = table[:, at : at + tensor.elements].copy()
        at += tensor.elements
        if tensor.codes:
            values = generator.choice([c.value for c in tensor.codes], values.shape).astype(np.int32)
        elif tensor.accepts_nan:
            values[1, 0] = np.nan
        tensors[tensor.name] = values
    return Rows(tensors)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_program_computes_what_onnxruntime_does(name: str) -> None:
    model = _converted(name)
    assert_same(model, _rows(model, inputs_of(name)), rtol=TOLERANCE)


@pytest.mark.slow
def test_every_estimator_is_lowered_or_refused_by_name() -> None:
    lowered = 0
    for name in sorted(ESTIMATORS):
        try:
            model = _converted(name)
        except BundleError:
            continue
        try:
            program = lower(model)
        except UnsupportedModelError as error:
            assert "operator" in error.place
            assert error.hint
            continue
        lowered += 1
        if runs_here(program):
            assert_same(model, _rows(model, inputs_of(name)), rtol=TOLERANCE)
    assert lowered >= AT_LEAST_LOWERED
