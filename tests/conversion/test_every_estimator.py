"""Every estimator of scikit-learn is right, fails the gate, or is refused: never anything else."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import is_classifier, is_outlier_detector, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from ecu_bundle.errors import UnsupportedModelError, VerificationError

from .models import POSITIVE, THREE, TWO, VALUE, X, prove

FAILS_THE_GATE = {
    "CategoricalNB",  # takes categories 0, 1, 2 as numbers; no range says so
    "TunedThresholdClassifierCV",  # its threshold is lost
}
"""The next converter shrinks this list; what is right must leave it."""

AT_LEAST_RIGHT = 123

REFUSED = {
    "AdditiveChi2Sampler",
    "AffinityPropagation",
    "AgglomerativeClustering",
    "BernoulliRBM",
    "Birch",
    "BisectingKMeans",
    "CCA",
    "ClassicalMDS",
    "ClassifierChain",
    "CountVectorizer",
    "DBSCAN",
    "DictVectorizer",
    "DictionaryLearning",
    "DummyClassifier",
    "DummyRegressor",
    "EllipticEnvelope",
    "EmpiricalCovariance",
    "FactorAnalysis",
    "FastICA",
    "FeatureAgglomeration",
    "FeatureHasher",
    "FixedThresholdClassifier",
    "GaussianProcessClassifier",
    "GraphicalLasso",
    "GraphicalLassoCV",
    "HDBSCAN",
    "HashingVectorizer",
    "Isomap",
    "IsotonicRegression",
    "KBinsDiscretizer",
    "KNNImputer",
    "KernelDensity",
    "KernelRidge",
    "LabelBinarizer",
    "LabelEncoder",
    "LabelPropagation",
    "LabelSpreading",
    "LatentDirichletAllocation",
    "LedoitWolf",
    "LocallyLinearEmbedding",
    "MDS",
    "MeanShift",
    "MinCovDet",
    "MiniBatchDictionaryLearning",
    "MiniBatchNMF",
    "MiniBatchSparsePCA",
    "MissingIndicator",
    "MultiLabelBinarizer",
    "MultiOutputClassifier",
    "NMF",
    "NearestCentroid",
    "NearestNeighbors",
    "Nystroem",
    "OAS",
    "OPTICS",
    "OutputCodeClassifier",
    "PLSCanonical",
    "PLSSVD",
    "PatchExtractor",
    "PolynomialCountSketch",
    "RBFSampler",
    "RFE",
    "RFECV",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "RadiusNeighborsTransformer",
    "RandomTreesEmbedding",
    "RegressorChain",
    "SequentialFeatureSelector",
    "ShrunkCovariance",
    "SkewedChi2Sampler",
    "SparseCoder",
    "SparsePCA",
    "SparseRandomProjection",
    "SpectralBiclustering",
    "SpectralClustering",
    "SpectralCoclustering",
    "SpectralEmbedding",
    "SplineTransformer",
    "TSNE",
    "TargetEncoder",
    "TfidfVectorizer",
    "TransformedTargetRegressor",
}

SETTINGS: dict[str, dict[str, Any]] = {
    "CalibratedClassifierCV": {"cv": 2},
    "AffinityPropagation": {"max_iter": 5},
    "ColumnTransformer": {"transformers": [("a", StandardScaler(), [0, 2])], "remainder": "passthrough"},
    "DictionaryLearning": {"max_iter": 2, "n_components": 2},
    "FeatureUnion": {"transformer_list": [("a", StandardScaler()), ("b", MinMaxScaler())]},
    "FrozenEstimator": {"estimator": LogisticRegression().fit(X, THREE)},
    "GaussianRandomProjection": {"n_components": 2},
    "GridSearchCV": {
        "estimator": DecisionTreeClassifier(random_state=0),
        "param_grid": {"max_depth": [2, 3]},
    },
    "HistGradientBoostingClassifier": {"max_iter": 4},
    "HistGradientBoostingRegressor": {"max_iter": 4},
    "LocalOutlierFactor": {"novelty": True},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2},
    "MLPClassifier": {"max_iter": 5},
    "MiniBatchDictionaryLearning": {"max_iter": 2, "n_components": 2},
    "MLPRegressor": {"max_iter": 5},
    "NuSVC": {"nu": 0.2},
    "Pipeline": {"steps": [("a", StandardScaler()), ("b", Ridge())]},
    "QuantileTransformer": {"n_quantiles": 10},
    "RandomizedSearchCV": {
        "estimator": DecisionTreeClassifier(random_state=0),
        "param_distributions": {"max_depth": [2, 3]},
        "n_iter": 2,
    },
    "SparseCoder": {"dictionary": np.eye(4)},
    "SparseRandomProjection": {"n_components": 2},
    "StackingClassifier": {"estimators": [("a", LogisticRegression())], "cv": 2},
    "StackingRegressor": {"estimators": [("a", Ridge())], "cv": 2},
    "TSNE": {"perplexity": 5, "max_iter": 250},
    "VotingClassifier": {"estimators": [("a", LogisticRegression())]},
    "VotingRegressor": {"estimators": [("a", Ridge())]},
}
NEED_REGRESSOR = ("MultiOutputRegressor", "RegressorChain", "RFE", "RFECV", "SelectFromModel")
TWO_TARGETS = ("CCA", "PLSCanonical", "PLSRegression", "PLSSVD", "MultiOutputRegressor", "RegressorChain")
TWO_LABELS = ("ClassifierChain", "MultiOutputClassifier")
TWO_CLASSES = ("FixedThresholdClassifier", "TunedThresholdClassifierCV", "GaussianProcessClassifier")
NOT_NEGATIVE = (
    "AdditiveChi2Sampler",
    "ComplementNB",
    "LatentDirichletAllocation",
    "MiniBatchNMF",
    "MultinomialNB",
    "NMF",
    "SkewedChi2Sampler",
)
WHOLE = ("CategoricalNB", "OneHotEncoder", "OrdinalEncoder")
POSITIVE_TARGET = ("GammaRegressor", "PoissonRegressor", "TweedieRegressor")
ONE_COLUMN = ("IsotonicRegression",)
LABELS = ("LabelBinarizer", "LabelEncoder")
TEXT = ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")
RECORDS = ("DictVectorizer", "FeatureHasher")
SQUARE = ("KernelCenterer",)
SETS = ("MultiLabelBinarizer",)

ESTIMATORS = dict(all_estimators())


def _make(name: str) -> Any:
    parameters = inspect.signature(ESTIMATORS[name].__init__).parameters
    settings = dict(SETTINGS.get(name, {}))
    if "random_state" in parameters:
        settings["random_state"] = 0
    if "n_estimators" in parameters:
        settings["n_estimators"] = 4
    if "estimator" not in settings and "estimator" in parameters:
        if parameters["estimator"].default is inspect.Parameter.empty:
            settings["estimator"] = Ridge() if name in NEED_REGRESSOR else LogisticRegression()
        elif name == "SelfTrainingClassifier":
            settings["estimator"] = LogisticRegression()
    return ESTIMATORS[name](**settings)


def _inputs(name: str) -> Any:  # noqa: PLR0911
    if name in TEXT:
        return ["brake warm", "brake cold", "engine warm", "engine cold"]
    if name in RECORDS:
        return [{"speed": 1.0}, {"speed": 2.0}]
    if name in SETS:
        return [{1, 2}, {2}]
    if name in LABELS:
        return THREE
    if name in ONE_COLUMN:
        return X[:, 0]
    if name in SQUARE:
        return X @ X.T
    if name in WHOLE:
        return np.clip(np.abs(X).round(), 0, 2)
    return np.abs(X) if name in NOT_NEGATIVE else X


def _target(name: str, estimator: Any) -> Any:
    if name in (*TEXT, *RECORDS, *SETS, *LABELS) or is_outlier_detector(estimator):
        return None
    if name in TWO_TARGETS or name.startswith("MultiTask"):
        return np.column_stack([VALUE, -VALUE])
    if name in TWO_LABELS:
        return np.column_stack([TWO, 1 - TWO])
    if name in TWO_CLASSES:
        return TWO
    if is_classifier(estimator) or not is_regressor(estimator):
        return THREE
    return POSITIVE if name in POSITIVE_TARGET else VALUE


def _outcome(name: str) -> str:
    """``right``, ``wrong`` or ``refused``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = _make(name)
        target = _target(name, estimator)
        inputs = _inputs(name)
        fitted = estimator.fit(inputs) if target is None else estimator.fit(inputs, target)
    try:
        _, report = prove(fitted)
    except UnsupportedModelError as error:
        assert error.cause
        assert error.place
        assert error.hint
        assert name in str(error) or any(type(part).__name__ in str(error) for part in vars(fitted).values())
        return "refused"
    except VerificationError:
        return "wrong"
    return "right" if report.passed else "wrong"


VARIANTS: dict[str, tuple[Any, Any]] = {
    "calibration by isotonic regression": (
        CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2),
        THREE,
    ),
    "kNN classes by distance": (KNeighborsClassifier(weights="distance"), THREE),
    "kNN values by distance": (KNeighborsRegressor(weights="distance"), VALUE),
    "HistGradientBoosting poisson": (HistGradientBoostingRegressor(max_iter=4, loss="poisson"), POSITIVE),
    "HistGradientBoosting gamma": (HistGradientBoostingRegressor(max_iter=4, loss="gamma"), POSITIVE),
    "HistGradientBoosting quantile": (
        HistGradientBoostingRegressor(max_iter=4, loss="quantile", quantile=0.8),
        VALUE,
    ),
    "GradientBoosting huber": (GradientBoostingRegressor(n_estimators=4, loss="huber"), VALUE),
    "GradientBoosting without a first guess": (GradientBoostingRegressor(n_estimators=4, init="zero"), VALUE),
    "GradientBoosting exponential": (GradientBoostingClassifier(n_estimators=4, loss="exponential"), TWO),
    "an even number of votes": (RandomForestClassifier(4, max_depth=2, random_state=0), TWO),
    "OneVsOne of other classes than positions": (OneVsOneClassifier(LogisticRegression()), 5 * THREE - 7),
    "a tree behind a scaler": (
        make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
        THREE,
    ),
    "a tree behind a mixture of columns": (
        make_pipeline(PCA(3), DecisionTreeClassifier(random_state=0)),
        THREE,
    ),
    "a Gaussian process with its own kernel": (GaussianProcessRegressor(RBF() + WhiteKernel()), VALUE),
}
"""Settings of an estimator that a converter may lose."""

WRONG_VARIANTS = {
    "calibration by isotonic regression",  # the nearest step, not between steps
    "kNN classes by distance",  # weights are lost
    "kNN values by distance",
    "OneVsOne of other classes than positions",  # the position comes out
    "a Gaussian process with its own kernel",  # a large sum in float32
}
"""Caught by the gate today; strict as FAILS_THE_GATE."""


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_are_right_or_caught(name: str) -> None:
    estimator, y = VARIANTS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, report = prove(estimator.fit(X, y))
    assert report.passed == (name not in WRONG_VARIANTS)


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_right_or_caught_or_refused(name: str) -> None:
    expected = "wrong" if name in FAILS_THE_GATE else "refused" if name in REFUSED else "right"
    assert _outcome(name) == expected


def test_the_lists_hold_estimators_that_exist_and_few_enough() -> None:
    others = REFUSED | FAILS_THE_GATE
    assert others <= set(ESTIMATORS)
    assert not REFUSED & FAILS_THE_GATE
    assert len(ESTIMATORS) - len(others) >= AT_LEAST_RIGHT
