"""Small fitted models, one for each sort of graph that `damage` can damage."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, RidgeClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from conversion.models import FRAME, POSITIVE, THREE, TWO, VALUE, X


def tree() -> Any:
    return DecisionTreeRegressor(max_depth=5, random_state=0).fit(X, VALUE)


def forest() -> Any:
    return RandomForestClassifier(7, max_depth=5, random_state=0).fit(X, THREE)


def regression_forest() -> Any:
    return RandomForestRegressor(5, max_depth=5, random_state=0).fit(X, VALUE)


def boosting() -> Any:
    return GradientBoostingRegressor(n_estimators=6, random_state=0).fit(X, VALUE + 10)


def boosted_classifier() -> Any:
    return GradientBoostingClassifier(n_estimators=6, random_state=0).fit(X, THREE)


def histogram() -> Any:
    holes = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    return HistGradientBoostingRegressor(max_iter=6, min_samples_leaf=5).fit(holes, VALUE)


def scaled() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X * 3 + 1, THREE)


def linear() -> Any:
    return LinearRegression().fit(X, VALUE + 5)


def filled() -> Any:
    holes = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    return make_pipeline(SimpleImputer(), LinearRegression()).fit(holes, VALUE)


def encoded() -> Any:
    columns = ColumnTransformer([("gear", OneHotEncoder(), ["gear"])], remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(FRAME[["speed", "gear", "load"]], TWO)


def network() -> Any:
    return MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=2000, random_state=0).fit(X, VALUE)


def vectors() -> Any:
    return SVC().fit(X, TWO)


def classifier_tree() -> Any:
    return DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, THREE)


def three_classes() -> Any:
    return LogisticRegression().fit(X, THREE)


def rotated_tree() -> Any:
    return make_pipeline(PCA(3), DecisionTreeClassifier(max_depth=6, random_state=0)).fit(X, THREE)


def rotated_forest() -> Any:
    return make_pipeline(PCA(3), RandomForestClassifier(20, random_state=0)).fit(X, THREE)


def neighbours() -> Any:
    return KNeighborsClassifier().fit(X, THREE)


def poisson() -> Any:
    return PoissonRegressor().fit(X, POSITIVE)


def three_vectors() -> Any:
    return SVC().fit(X, THREE)


def lines() -> Any:
    return RidgeClassifier().fit(X, THREE)


def layers() -> Any:
    return MLPClassifier((8,), solver="lbfgs", random_state=0).fit(X, THREE)


def bayes() -> Any:
    return GaussianNB().fit(X, THREE)


def quadratic() -> Any:
    return QuadraticDiscriminantAnalysis().fit(X, THREE)


def means() -> Any:
    return KMeans(4, random_state=0).fit(X)


def mixture() -> Any:
    return GaussianMixture(3, random_state=0).fit(X)


def one_class() -> Any:
    return OneClassSVM(nu=0.2).fit(X)


def rotated_lines() -> Any:
    return make_pipeline(PCA(2), LogisticRegression()).fit(X, THREE)


def scaled_columns() -> Any:
    columns = ColumnTransformer([("scaled", StandardScaler(), [0, 1])], remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(X * 3 + 1, THREE)


def boosted_stumps() -> Any:
    return AdaBoostClassifier(n_estimators=5, random_state=0).fit(X, THREE)


def chosen_threshold() -> Any:
    return FixedThresholdClassifier(LogisticRegression(), threshold=0.3).fit(X, TWO)


def clipped() -> Any:
    return make_pipeline(MinMaxScaler(clip=True), LogisticRegression()).fit(X, THREE)


def filled_lines() -> Any:
    holes = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    return make_pipeline(SimpleImputer(), LogisticRegression()).fit(holes, THREE)


def envelope() -> Any:
    """None of the rows that it is known to be near is an outlier."""
    return EllipticEnvelope(random_state=0).fit(X)
