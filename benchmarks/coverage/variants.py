"""Settings of an estimator that a converter may lose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from sklearn.semi_supervised import LabelSpreading
from sklearn.tree import DecisionTreeClassifier

from benchmarks.coverage.data import POSITIVE, THREE, TWO, VALUE, X


@dataclass(frozen=True, slots=True)
class Fit:
    """An estimator and what it is fitted on."""

    estimator: Any
    target: Any
    rows: Any = field(default_factory=lambda: X)


VARIANTS: dict[str, Fit] = {
    "calibration by isotonic regression": Fit(
        CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2),
        THREE,
    ),
    "kNN classes by distance": Fit(KNeighborsClassifier(weights="distance"), THREE),
    "kNN values by distance": Fit(KNeighborsRegressor(weights="distance"), VALUE),
    "HistGradientBoosting poisson": Fit(HistGradientBoostingRegressor(max_iter=4, loss="poisson"), POSITIVE),
    "HistGradientBoosting gamma": Fit(HistGradientBoostingRegressor(max_iter=4, loss="gamma"), POSITIVE),
    "HistGradientBoosting quantile": Fit(
        HistGradientBoostingRegressor(max_iter=4, loss="quantile", quantile=0.8),
        VALUE,
    ),
    "GradientBoosting huber": Fit(
        GradientBoostingRegressor(n_estimators=4, random_state=0, loss="huber"), VALUE
    ),
    "GradientBoosting without a first guess": Fit(
        GradientBoostingRegressor(n_estimators=4, random_state=0, init="zero"), VALUE
    ),
    "GradientBoosting exponential": Fit(
        GradientBoostingClassifier(n_estimators=4, random_state=0, loss="exponential"), TWO
    ),
    "an even number of votes": Fit(RandomForestClassifier(4, max_depth=2, random_state=0), TWO),
    "OneVsOne of other classes than positions": Fit(OneVsOneClassifier(LogisticRegression()), 5 * THREE - 7),
    "a tree behind a scaler": Fit(
        make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
        THREE,
    ),
    "a tree behind a mixture of columns": Fit(
        make_pipeline(PCA(3), DecisionTreeClassifier(random_state=0)),
        THREE,
    ),
    "a Gaussian process with its own kernel": Fit(GaussianProcessRegressor(RBF() + WhiteKernel()), VALUE),
    "a threshold of 0.3": Fit(FixedThresholdClassifier(LogisticRegression(), threshold=0.3), TWO),
    "calibration by temperature": Fit(
        CalibratedClassifierCV(LogisticRegression(), method="temperature", cv=2), THREE
    ),
    "calibration of a forest by isotonic regression": Fit(
        CalibratedClassifierCV(
            RandomForestClassifier(4, max_depth=2, random_state=0), method="isotonic", cv=2
        ),
        THREE,
    ),
    "a Gaussian process of three classes": Fit(GaussianProcessClassifier(), THREE),
    "bins as numbers": Fit(
        KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf"), None
    ),
    "a target behind a logarithm": Fit(
        TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1), POSITIVE
    ),
    "labels spread to neighbours": Fit(LabelSpreading(kernel="knn"), THREE),
}
