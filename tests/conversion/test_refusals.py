"""What cannot be converted truly is refused with exit code 3, by name, with a way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import RFE
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    MultiLabelBinarizer,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from ecu_bundle.artifacts import LoadedModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError

from .models import FRAME, POSITIVE, TWO, VALUE, X, proven

TEXTS = ["brake warm", "brake cold", "engine warm", "engine cold"] * 20


class Inverted(LogisticRegression):  # type: ignore[misc]
    """A subclass whose predictions the converter of its parent does not know."""

    def predict(self, X: Any) -> Any:
        return 1 - super().predict(X)


class Doubled(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Doubled:  # noqa: ARG002
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> Any:
        return 2 * X


def kernel(a: Any, b: Any) -> Any:
    return a @ b.T


def distance(a: Any, b: Any) -> float:
    return float(np.abs(a - b).max())


def cube(a: Any) -> Any:
    return a**3


def text_and_numbers() -> Any:
    columns = ColumnTransformer([("t", TfidfVectorizer(), "text"), ("n", StandardScaler(), ["speed"])])
    return make_pipeline(columns, LogisticRegression()).fit(FRAME.assign(text=TEXTS), TWO)


def bad_leaf(value: float) -> Any:
    fitted = DecisionTreeRegressor(max_depth=2).fit(X, VALUE)
    fitted.tree_.value[-1] = value
    return fitted


BOTH = np.column_stack([TWO, 1 - TWO])
FOREIGN = "not a class of scikit-learn"
TEXT = "no text can reach an ECU"
SEVERAL = "several labels a row"

CATEGORIES = np.column_stack([X[:, 0], np.tile([2.0, 4.5, 7.0, 11.0], 20)])
CATEGORY_EFFECT = X[:, 0] + 3.0 * np.isin(CATEGORIES[:, 1], [2.0, 7.0])


def scaled_categories(scaler: Any) -> Any:
    boosting = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=5, categorical_features=[1])
    return make_pipeline(scaler, boosting).fit(CATEGORIES, CATEGORY_EFFECT)


def damaged(estimator: Any, name: str, value: float) -> Any:
    """A fitted estimator with another number among its parameters."""
    fitted = make_pipeline(StandardScaler(), estimator).fit(X, VALUE if hasattr(estimator, "score") else None)
    part = fitted[0] if hasattr(fitted[0], name) else fitted[-1]
    np.asarray(getattr(part, name)).flat[0] = value
    return fitted


REFUSED: list[tuple[Any, str, str]] = [
    (
        lambda: scaled_categories(StandardScaler()),
        "HistGradientBoostingRegressor",
        "StandardScaler has changed",
    ),
    (lambda: scaled_categories(MinMaxScaler()), "HistGradientBoostingRegressor", "MinMaxScaler has changed"),
    (lambda: scaled_categories(MaxAbsScaler()), "HistGradientBoostingRegressor", "MaxAbsScaler has changed"),
    (
        lambda: damaged(LinearRegression(), "coef_", np.nan),
        "LinearRegression",
        "coef_ of LinearRegression is",
    ),
    (lambda: damaged(LinearRegression(), "coef_", np.inf), "LinearRegression", "not finite"),
    (
        lambda: damaged(DecisionTreeRegressor(), "mean_", np.nan),
        "StandardScaler",
        "mean_ of StandardScaler is",
    ),
    (
        lambda: damaged(DecisionTreeRegressor(), "scale_", -np.inf),
        "StandardScaler",
        "scale_ of StandardScaler",
    ),
    (lambda: damaged(DecisionTreeRegressor(), "scale_", 0.0), "StandardScaler", "scale_ of zero"),
    (lambda: damaged(LinearRegression(), "scale_", 0.0), "StandardScaler", "scale_ of zero"),
    (lambda: bad_leaf(np.nan), "DecisionTreeRegressor", "a leaf holds nan"),
    (lambda: bad_leaf(np.inf), "DecisionTreeRegressor", "a leaf holds inf"),
    (lambda: ClassifierChain(LogisticRegression()).fit(X, BOTH), "ClassifierChain", SEVERAL),
    (lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, TWO), "TfidfVectorizer", TEXT),
    (lambda: make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, TWO), "CountVectorizer", TEXT),
    (lambda: make_pipeline(HashingVectorizer(), LogisticRegression()).fit(TEXTS, TWO), "HashingVec", TEXT),
    (
        lambda: make_pipeline(FeatureUnion([("a", TfidfVectorizer())]), LogisticRegression()).fit(TEXTS, TWO),
        "TfidfVectorizer",
        TEXT,
    ),
    (text_and_numbers, "TfidfVectorizer", TEXT),
    (lambda: Inverted().fit(X, TWO), "Inverted", FOREIGN),
    (lambda: make_pipeline(StandardScaler(), Inverted()).fit(X, TWO), "Inverted", FOREIGN),
    (lambda: GridSearchCV(Inverted(), {"C": [1.0]}, cv=2).fit(X, TWO), "Inverted", FOREIGN),
    (lambda: BaggingClassifier(Inverted(), n_estimators=2).fit(X, TWO), "Inverted", FOREIGN),
    (lambda: make_pipeline(Doubled(), LogisticRegression()).fit(X, TWO), "Doubled", FOREIGN),
    (
        lambda: make_pipeline(FunctionTransformer(lambda x: x), LogisticRegression()).fit(X, TWO),
        "FunctionTransformer",
        "Python function '<lambda>'",
    ),
    (
        lambda: make_pipeline(FunctionTransformer(np.cbrt), LinearRegression()).fit(X, VALUE),
        "FunctionTransformer",
        "Python function 'cbrt'",
    ),
    (
        lambda: TransformedTargetRegressor(func=np.sqrt, inverse_func=cube, check_inverse=False).fit(
            X, POSITIVE
        ),
        "TransformedTargetRegressor",
        "Python function 'cube'",
    ),
    (lambda: SVC(kernel=kernel).fit(X, TWO), "SVC", "Python function 'kernel'"),
    (lambda: KNeighborsClassifier(metric=distance).fit(X, TWO), "KNeighbors", "Python function 'distance'"),
    (lambda: MultiOutputClassifier(LogisticRegression()).fit(X, BOTH), "MultiOutputClassifier", SEVERAL),
    (lambda: RandomForestClassifier(2).fit(X, BOTH), "RandomForestClassifier", SEVERAL),
    (lambda: KNeighborsClassifier().fit(X, BOTH), "KNeighborsClassifier", SEVERAL),
    (lambda: OneVsRestClassifier(LogisticRegression()).fit(X, BOTH), "OneVsRestClassifier", SEVERAL),
    (lambda: MLPClassifier(solver="lbfgs", max_iter=500).fit(X, BOTH), "MLPClassifier", SEVERAL),
    (lambda: RidgeClassifier().fit(X, BOTH), "RidgeClassifier", SEVERAL),
    (lambda: make_pipeline(StandardScaler(), RidgeClassifier()).fit(X, BOTH), "Pipeline", SEVERAL),
    (lambda: RadiusNeighborsClassifier(3.0).fit(X, TWO), "RadiusNeighborsClassifier", "outlier_label"),
    (lambda: MultiLabelBinarizer().fit([{1}, {2}]), "MultiLabelBinarizer", "takes labels"),
]


@pytest.mark.parametrize(("make", "place", "cause"), REFUSED)
def test_refused_by_name_with_a_way_out(make: Any, place: str, cause: str) -> None:
    loaded = LoadedModel("model", "pickle", "0" * 64, make())
    with pytest.raises(UnsupportedModelError) as caught:
        convert(loaded)
    error = caught.value
    assert error.exit_code == 3
    assert error.stage == "convert"
    assert place in error.place
    assert cause in error.cause
    assert error.hint


RIGHT_BESIDE: list[Any] = [
    make_pipeline(FunctionTransformer(), LinearRegression()),
    make_pipeline(RFE(LinearRegression(), n_features_to_select=2), LinearRegression()),
]


@pytest.mark.parametrize("estimator", RIGHT_BESIDE, ids=lambda e: type(e.steps[0][1]).__name__)
def test_what_stands_beside_a_refusal_converts(estimator: Any) -> None:
    proven(estimator.fit(X, VALUE))


SEVERAL_TARGETS: list[Any] = [
    LinearRegression,
    lambda: DecisionTreeRegressor(max_depth=3),
    lambda: MultiOutputRegressor(HistGradientBoostingRegressor(max_iter=3)),
    lambda: RegressorChain(LinearRegression(), order=[2, 0, 1]),
    lambda: RegressorChain(DecisionTreeRegressor(max_depth=3)),
]


@pytest.mark.parametrize("make", SEVERAL_TARGETS, ids=range(len(SEVERAL_TARGETS)))
def test_several_targets_of_a_regressor_are_one_output(make: Any) -> None:
    model = proven(make().fit(X, np.column_stack([VALUE, -VALUE, 2 * VALUE])))
    assert [(t.name, t.elements) for t in model.interface.outputs] == [("variable", 3)]


def test_scikit_learn_itself_refuses_duplicated_columns() -> None:
    with pytest.raises(ValueError, match="unique column names"):
        LinearRegression().fit(pd.DataFrame(X, columns=list("aabc")), VALUE)
