"""Pipelines as engineers write them."""

from __future__ import annotations

from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM

from benchmarks.coverage.data import FRAME, POSITIVE, THREE, TWO, VALUE, WITH_MISSING, WORDS
from benchmarks.coverage.variants import Fit

_FOREST: dict[str, Any] = {"n_estimators": 5, "max_depth": 4, "random_state": 0}
_NUMBERS = ["speed", "load"]
_WORDS = ["gear", "fuel"]


def _columns(numbers: Any, words: Any) -> ColumnTransformer:
    return make_column_transformer((numbers, _NUMBERS), (words, _WORDS))


def _bins(**settings: Any) -> KBinsDiscretizer:
    return KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf", **settings)


PIPELINES: dict[str, Fit] = {
    "StandardScaler, LogisticRegression": Fit(make_pipeline(StandardScaler(), LogisticRegression()), WORDS),
    "StandardScaler, Ridge": Fit(make_pipeline(StandardScaler(), Ridge()), VALUE),
    "MinMaxScaler, Lasso": Fit(make_pipeline(MinMaxScaler(), Lasso(0.01)), VALUE),
    "RobustScaler, ElasticNet": Fit(make_pipeline(RobustScaler(), ElasticNet(0.01)), VALUE),
    "MaxAbsScaler, LinearSVC": Fit(make_pipeline(MaxAbsScaler(), LinearSVC()), THREE),
    "StandardScaler, SVC": Fit(make_pipeline(StandardScaler(), SVC()), THREE),
    "StandardScaler, SVR": Fit(make_pipeline(StandardScaler(), SVR()), VALUE),
    "StandardScaler, SGDClassifier": Fit(
        make_pipeline(StandardScaler(), SGDClassifier(random_state=0)), THREE
    ),
    "StandardScaler, MLPClassifier": Fit(
        make_pipeline(StandardScaler(), MLPClassifier(hidden_layer_sizes=(8,), max_iter=20, random_state=0)),
        THREE,
    ),
    "StandardScaler, MLPRegressor": Fit(
        make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), max_iter=20, random_state=0)),
        VALUE,
    ),
    "StandardScaler, KNeighborsClassifier": Fit(
        make_pipeline(StandardScaler(), KNeighborsClassifier()), THREE
    ),
    "MinMaxScaler, KNeighborsRegressor": Fit(
        make_pipeline(MinMaxScaler(), KNeighborsRegressor(weights="distance")), VALUE
    ),
    "StandardScaler, GaussianNB": Fit(make_pipeline(StandardScaler(), GaussianNB()), THREE),
    "StandardScaler, RandomForestRegressor": Fit(
        make_pipeline(StandardScaler(), RandomForestRegressor(**_FOREST)), VALUE
    ),
    "RobustScaler, MinMaxScaler, RandomForestClassifier": Fit(
        make_pipeline(RobustScaler(), MinMaxScaler(), RandomForestClassifier(**_FOREST)), WORDS
    ),
    "MaxAbsScaler, ExtraTreesRegressor": Fit(
        make_pipeline(MaxAbsScaler(), ExtraTreesRegressor(**_FOREST)), VALUE
    ),
    "StandardScaler, GradientBoostingClassifier": Fit(
        make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=4, random_state=0)), THREE
    ),
    "MinMaxScaler, HistGradientBoostingRegressor": Fit(
        make_pipeline(MinMaxScaler(), HistGradientBoostingRegressor(max_iter=4)), VALUE
    ),
    "StandardScaler, IsolationForest": Fit(
        make_pipeline(StandardScaler(), IsolationForest(n_estimators=4, random_state=0)), None
    ),
    "StandardScaler, OneClassSVM": Fit(make_pipeline(StandardScaler(), OneClassSVM()), None),
    "StandardScaler, PCA, LogisticRegression": Fit(
        make_pipeline(StandardScaler(), PCA(2), LogisticRegression()), THREE
    ),
    "PCA, RandomForestClassifier": Fit(make_pipeline(PCA(3), RandomForestClassifier(**_FOREST)), THREE),
    "PolynomialFeatures, StandardScaler, Ridge": Fit(
        make_pipeline(PolynomialFeatures(2), StandardScaler(), Ridge()), VALUE
    ),
    "SplineTransformer, Ridge": Fit(make_pipeline(SplineTransformer(), Ridge()), VALUE),
    "PowerTransformer, LogisticRegression": Fit(
        make_pipeline(PowerTransformer(), LogisticRegression()), THREE
    ),
    "QuantileTransformer, Ridge": Fit(make_pipeline(QuantileTransformer(n_quantiles=10), Ridge()), VALUE),
    "Normalizer, LogisticRegression": Fit(make_pipeline(Normalizer(), LogisticRegression()), THREE),
    "KBinsDiscretizer, LogisticRegression": Fit(make_pipeline(_bins(), LogisticRegression()), THREE),
    "SimpleImputer, StandardScaler, Ridge": Fit(
        make_pipeline(SimpleImputer(), StandardScaler(), Ridge()),
        VALUE,
        WITH_MISSING[["speed", "load", "spare"]],
    ),
    "SimpleImputer, RandomForestRegressor": Fit(
        make_pipeline(SimpleImputer(strategy="median"), RandomForestRegressor(**_FOREST)),
        VALUE,
        WITH_MISSING[["speed", "load"]],
    ),
    "KNNImputer, Ridge": Fit(
        make_pipeline(KNNImputer(n_neighbors=3), Ridge()), VALUE, WITH_MISSING[["speed", "load", "spare"]]
    ),
    "HistGradientBoostingClassifier with missing values": Fit(
        make_pipeline(HistGradientBoostingClassifier(max_iter=4)), THREE, WITH_MISSING[["speed", "load"]]
    ),
    "SelectKBest, LogisticRegression": Fit(make_pipeline(SelectKBest(k=2), LogisticRegression()), THREE),
    "VarianceThreshold, StandardScaler, SVC": Fit(
        make_pipeline(VarianceThreshold(), StandardScaler(), SVC()), TWO
    ),
    "SelectFromModel, GradientBoostingRegressor": Fit(
        make_pipeline(SelectFromModel(Ridge()), GradientBoostingRegressor(n_estimators=4, random_state=0)),
        VALUE,
    ),
    "StandardScaler, RFE of a LogisticRegression": Fit(
        make_pipeline(StandardScaler(), RFE(LogisticRegression())), THREE
    ),
    "columns: StandardScaler, OneHotEncoder; LogisticRegression": Fit(
        make_pipeline(_columns(StandardScaler(), OneHotEncoder()), LogisticRegression()), WORDS, FRAME
    ),
    "columns: StandardScaler, OneHotEncoder; RandomForestRegressor": Fit(
        make_pipeline(_columns(StandardScaler(), OneHotEncoder()), RandomForestRegressor(**_FOREST)),
        VALUE,
        FRAME,
    ),
    "columns: MinMaxScaler, OrdinalEncoder; GradientBoostingRegressor": Fit(
        make_pipeline(
            _columns(MinMaxScaler(), OrdinalEncoder()),
            GradientBoostingRegressor(n_estimators=4, random_state=0),
        ),
        VALUE,
        FRAME,
    ),
    "columns: passthrough, TargetEncoder; HistGradientBoostingRegressor": Fit(
        make_pipeline(_columns("passthrough", TargetEncoder()), HistGradientBoostingRegressor(max_iter=4)),
        VALUE,
        FRAME,
    ),
    "columns: KBinsDiscretizer, OneHotEncoder; Ridge": Fit(
        make_pipeline(_columns(_bins(), OneHotEncoder()), Ridge()), VALUE, FRAME
    ),
    "columns: SimpleImputer and StandardScaler, OneHotEncoder; LogisticRegression": Fit(
        make_pipeline(
            _columns(
                make_pipeline(SimpleImputer(), StandardScaler()), OneHotEncoder(handle_unknown="ignore")
            ),
            LogisticRegression(),
        ),
        THREE,
        WITH_MISSING,
    ),
    "StandardScaler, columns, Ridge": Fit(
        make_pipeline(
            StandardScaler(),
            ColumnTransformer([("p", PolynomialFeatures(2), [0, 1])], remainder="passthrough"),
            Ridge(),
        ),
        VALUE,
    ),
    "union of StandardScaler and PCA; SVR": Fit(
        make_pipeline(make_union(StandardScaler(), PCA(2)), SVR()), VALUE
    ),
    "StandardScaler, VotingClassifier": Fit(
        make_pipeline(
            StandardScaler(),
            VotingClassifier(
                [("linear", LogisticRegression()), ("forest", RandomForestClassifier(**_FOREST))],
                voting="soft",
            ),
        ),
        THREE,
    ),
    "StandardScaler, StackingRegressor": Fit(
        make_pipeline(
            StandardScaler(),
            StackingRegressor([("linear", Ridge()), ("forest", RandomForestRegressor(**_FOREST))], cv=2),
        ),
        VALUE,
    ),
    "CalibratedClassifierCV of StandardScaler, LinearSVC": Fit(
        CalibratedClassifierCV(make_pipeline(StandardScaler(), LinearSVC()), method="isotonic", cv=2), THREE
    ),
    "TunedThresholdClassifierCV of StandardScaler, RandomForestClassifier": Fit(
        TunedThresholdClassifierCV(make_pipeline(StandardScaler(), RandomForestClassifier(**_FOREST)), cv=2),
        TWO,
    ),
    "TransformedTargetRegressor of StandardScaler, MLPRegressor": Fit(
        TransformedTargetRegressor(
            make_pipeline(
                StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), max_iter=20, random_state=0)
            ),
            transformer=StandardScaler(),
        ),
        POSITIVE,
    ),
    "GridSearchCV of StandardScaler, SVC": Fit(
        GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.5, 1.0]}, cv=2), THREE
    ),
}
"""Each is fitted on numbers without names where no table is given."""
