"""Every estimator of scikit-learn, with settings and data that it can be fitted on in a moment."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_outlier_detector, is_regressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from benchmarks.coverage.data import POSITIVE, THREE, TWO, VALUE, X
from ecu_bundle.conversion.description import InputDescription, ModelDescription

NOTHING_TO_DEPLOY = {
    **dict.fromkeys(
        (
            "AgglomerativeClustering",
            "ClassicalMDS",
            "DBSCAN",
            "HDBSCAN",
            "MDS",
            "OPTICS",
            "SpectralBiclustering",
            "SpectralClustering",
            "SpectralCoclustering",
            "SpectralEmbedding",
            "TSNE",
        ),
        "it orders the rows it is fitted on, and has no answer for new ones",
    ),
    **dict.fromkeys(
        (
            "EmpiricalCovariance",
            "GraphicalLasso",
            "GraphicalLassoCV",
            "LedoitWolf",
            "MinCovDet",
            "OAS",
            "ShrunkCovariance",
        ),
        "it estimates a covariance matrix, and predicts nothing",
    ),
}
"""Estimators without predict and transform, and what they do instead."""

SETTINGS: dict[str, dict[str, Any]] = {
    "CalibratedClassifierCV": {"cv": 2},
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
    "MissingIndicator": {"features": "all"},
    "LocalOutlierFactor": {"novelty": True},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2},
    "MLPClassifier": {"max_iter": 5},
    "MiniBatchDictionaryLearning": {"max_iter": 2, "n_components": 2},
    "MLPRegressor": {"max_iter": 5},
    "NuSVC": {"nu": 0.2},
    "Pipeline": {"steps": [("a", StandardScaler()), ("b", Ridge())]},
    "QuantileTransformer": {"n_quantiles": 10},
    "RadiusNeighborsClassifier": {"outlier_label": 0},
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
FROM_ZERO = ModelDescription(inputs=(InputDescription("X", minimum=0.0, maximum=4.0),))
WHOLE = ("CategoricalNB", "OneHotEncoder", "OrdinalEncoder")
POSITIVE_TARGET = ("GammaRegressor", "PoissonRegressor", "TweedieRegressor")
ONE_COLUMN = ("IsotonicRegression",)
LABELS = ("LabelBinarizer", "LabelEncoder")
TEXT = ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")
RECORDS = ("DictVectorizer", "FeatureHasher")
SQUARE = ("KernelCenterer",)
SETS = ("MultiLabelBinarizer",)

ESTIMATORS = dict(all_estimators())


def make(name: str) -> Any:
    """The estimator, not fitted."""
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


def inputs_of(name: str, numbers: Any = X) -> Any:  # noqa: PLR0911
    """What it is fitted on: the numbers, or what the estimator takes in place of them."""
    if name in TEXT:
        return ["brake warm", "brake cold", "engine warm", "engine cold"]
    if name in RECORDS:
        return [{"speed": 1.0}, {"speed": 2.0}]
    if name in SETS:
        return [{1, 2}, {2}]
    if name in LABELS:
        return THREE
    if name in ONE_COLUMN:
        return numbers[:, 0]
    if name in SQUARE:
        return numbers @ numbers.T
    if name in WHOLE:
        return np.clip(np.abs(numbers).round(), 0, 2)
    return np.abs(numbers) if name in NOT_NEGATIVE else numbers


def target_of(name: str, estimator: Any) -> Any:
    """The target that it is fitted on; None without one."""
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


def fitted(name: str) -> Any:
    """The estimator, fitted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = make(name)
        target, inputs = target_of(name, estimator), inputs_of(name)
        return estimator.fit(inputs) if target is None else estimator.fit(inputs, target)


def words_of(name: str) -> ModelDescription | None:
    """The ranges that an engineer would declare; None: no need to."""
    return FROM_ZERO if name in NOT_NEGATIVE else None
