"""Images from which the fuzzer starts: small real models of many kinds, and each kernel alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, QuantileTransformer, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

import ecu_bundle
from ecu_bundle.image.writer import compile_image

from .cases import all_cases

_ROWS = 24
_random = np.random.default_rng(0)
_X = _random.normal(size=(_ROWS, 3)).astype(np.float32).astype(np.float64)
_CLASSES = np.arange(_ROWS) % 3
_VALUES = _X[:, 0] + np.sin(_X[:, 1])
_TABLE = pd.DataFrame(
    {"speed": _X[:, 0], "load": _X[:, 1], "gear": np.array(["P", "R", "D"])[(_CLASSES * 2) % 3]}
)
_GAPS = np.where(_random.random(_X.shape) < 0.2, np.nan, _X)

_FIXED: dict[str, Any] = {"random_state": 0}


def _columns(*steps: Any) -> Any:
    return make_column_transformer((steps[0], ["speed", "load"]), (OneHotEncoder(), ["gear"]))


SEEDS: dict[str, Callable[[], Any]] = {
    "tree": lambda: DecisionTreeClassifier(max_depth=3, **_FIXED).fit(_X, _CLASSES),
    "forest of classes": lambda: RandomForestClassifier(3, max_depth=2, **_FIXED).fit(_X, _CLASSES),
    "forest of values": lambda: RandomForestRegressor(3, max_depth=3, **_FIXED).fit(_X, _VALUES),
    "forest of two values": lambda: RandomForestRegressor(2, max_depth=2, **_FIXED).fit(_X, _X[:, :2]),
    "boosting": lambda: GradientBoostingRegressor(n_estimators=4, max_depth=2, **_FIXED).fit(_X, _VALUES),
    "hist boosting with gaps": lambda: HistGradientBoostingClassifier(
        max_iter=2, min_samples_leaf=4, **_FIXED
    ).fit(_GAPS, _CLASSES),
    "isolation forest": lambda: IsolationForest(n_estimators=2, **_FIXED).fit(_X),
    "linear": lambda: Ridge().fit(_X, _VALUES),
    "poisson": lambda: PoissonRegressor().fit(_X, np.abs(_VALUES)),
    "scaler, logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(_X, _CLASSES),
    "perceptron": lambda: MLPClassifier((4,), max_iter=5, **_FIXED).fit(_X, _CLASSES),
    "perceptron of tanh": lambda: MLPRegressor(
        hidden_layer_sizes=(3, 8), activation="tanh", max_iter=5, **_FIXED
    ).fit(_X, _VALUES),
    "SVM of classes": lambda: SVC().fit(_X, _CLASSES),
    "SVM of values": lambda: SVR(kernel="poly").fit(_X, _VALUES),
    "neighbours": lambda: KNeighborsClassifier(3).fit(_X, _CLASSES),
    "neighbours by distance": lambda: KNeighborsRegressor(3, weights="distance").fit(_X, _VALUES),
    "Gaussian process": lambda: GaussianProcessRegressor().fit(_X[:8], _VALUES[:8]),
    "Bayes": lambda: GaussianNB().fit(_X, _CLASSES),
    "clusters": lambda: KMeans(3, n_init=1, **_FIXED).fit(_X),
    "PCA": lambda: PCA(2).fit(_X),
    "quantiles": lambda: QuantileTransformer(n_quantiles=4).fit(_X),
    "calibrated": lambda: CalibratedClassifierCV(
        LogisticRegression(), method="isotonic", cv=2, ensemble=False
    ).fit(_X, _CLASSES > 0),
    "polynomials": lambda: make_pipeline(SimpleImputer(), PolynomialFeatures(2), Ridge()).fit(_GAPS, _VALUES),
    "columns, linear": lambda: make_pipeline(_columns(StandardScaler()), Ridge()).fit(_TABLE, _VALUES),
    "columns, tree": lambda: make_pipeline(
        _columns("passthrough"), DecisionTreeClassifier(max_depth=3, **_FIXED)
    ).fit(_TABLE, _CLASSES),
}


def seed_images() -> dict[str, bytes]:
    """The native image of each model of the table, and of each case of a kernel."""
    images = {case.name: case.image for case in all_cases()}
    for name, fitted in SEEDS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator = fitted()
        rows = _TABLE if name.startswith("columns") else None
        converted = ecu_bundle.convert(estimator, sample=rows)
        images[name] = compile_image(converted, engine="native").data
    return images
