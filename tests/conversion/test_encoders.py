"""Selections of columns, bins, categories as means, functions of one number, columns behind other steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import BisectingKMeans, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, RandomForestRegressor, VotingClassifier
from sklearn.feature_selection import RFE, RFECV, SequentialFeatureSelector
from sklearn.impute import MissingIndicator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeRegressor

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity
from ecu_bundle.parity.session import run_rows
from ecu_bundle.rows import rows_from

from .models import FRAME, THREE, TWO, VALUE, WITH_MISSING, WORDS, X, codes_of, input_names, proven

LINEAR = LogisticRegression()
RIDGE = Ridge()
STEPS = DecisionTreeRegressor(max_depth=3)
HOLES = np.where(np.arange(X.size).reshape(X.shape) % 7 == 0, np.nan, X)


def bins(count: int = 4, **settings: Any) -> KBinsDiscretizer:
    return KBinsDiscretizer(count, quantile_method="averaged_inverted_cdf", **settings)


def values_of(model: OnnxModel, rows: Any, name: str = "variable") -> Any:
    return run_rows(model.proto, model.interface, rows_from(rows, model.interface))[name]


@pytest.mark.parametrize("encode", ["ordinal", "onehot", "onehot-dense"])
@pytest.mark.parametrize("strategy", ["uniform", "quantile", "kmeans"])
@pytest.mark.parametrize("precision", ["float", "double"])
def test_every_float32_beside_an_edge_falls_into_its_bin(encode: str, strategy: str, precision: Any) -> None:
    fitted = bins(encode=encode, strategy=strategy).fit(X)
    rows = []
    for column, edges in enumerate(fitted.bin_edges_):
        edge = edges.astype(np.float32)
        for value in (edge, *(np.nextafter(edge, np.float32(side)) for side in (-np.inf, np.inf))):
            block = np.repeat(X[:1].astype(np.float32), len(value), axis=0)
            block[:, column] = value
            rows.append(block)
    matrix = np.concatenate(rows)
    model = convert(fitted, precision=precision)
    expected = fitted.transform(matrix.astype(np.float64))
    expected = expected.toarray() if hasattr(expected, "toarray") else expected
    assert (values_of(model, matrix) == expected).all()
    assert check_parity(from_estimator(fitted), model, data=matrix).passed


def test_bins_are_exact() -> None:
    assert proven(bins(encode="ordinal").fit(X)).exact == {"variable"}


def test_columns_of_one_bin_keep_their_place() -> None:
    data = np.column_stack([X[:, 0], np.ones(len(X)), X[:, 1]])
    with pytest.warns(UserWarning, match="constant"):
        fitted = bins(encode="onehot-dense").fit(data)
    proven(fitted, data=data)


TARGETS: list[tuple[Any, Any]] = [
    (FRAME[["gear", "cylinders"]], VALUE),
    (FRAME[["gear", "cylinders"]], TWO),
    (FRAME[["gear", "fuel"]], WORDS),
    (WITH_MISSING[["gear"]], TWO),
]


@pytest.mark.parametrize(("frame", "y"), TARGETS, ids=["values", "two", "words", "missing"])
def test_a_category_becomes_its_mean(frame: Any, y: Any) -> None:
    fitted = TargetEncoder().fit(frame, y)
    model = proven(fitted, data=frame)
    assert -1 in codes_of(model, "gear")  # not seen in training: the mean over all rows
    assert (values_of(model, frame) == fitted.transform(frame).astype(np.float32)).all()


def test_means_of_categories_beside_numbers() -> None:
    columns = ColumnTransformer(
        [
            ("mean", TargetEncoder(), ["gear", "cylinders"]),
            ("one", OneHotEncoder(), ["fuel"]),
            ("n", StandardScaler(), ["speed"]),
        ]
    )
    model = proven(make_pipeline(columns, LINEAR).fit(FRAME, THREE), data=FRAME)
    assert input_names(model) == ["speed", "gear", "cylinders", "fuel"]


def test_only_categories_that_were_seen_reach_a_naive_bayes_of_categories() -> None:
    data = np.clip(np.abs(X).round(), 0, 2)
    model = proven(CategoricalNB().fit(data, THREE), data=data)
    assert list(codes_of(model, "x0")) == [0, 1, 2]


EVERYWHERE: list[Any] = [None, np.abs, np.exp, np.expm1, np.fabs, np.negative, np.sign, np.square, np.tanh]
SOMEWHERE: list[Any] = [np.log, np.log10, np.log1p, np.log2, np.reciprocal, np.sqrt]
"""Defined for a part of the numbers; NaN and infinities come out of the others."""


@pytest.mark.parametrize("function", EVERYWHERE + SOMEWHERE, ids=lambda f: getattr(f, "__name__", "none"))
def test_functions_of_numpy(function: Any) -> None:
    data = X if function in EVERYWHERE else np.abs(X) + 0.01
    model = proven(FunctionTransformer(function).fit(data), data=data)
    assert model.interface.outputs[0].elements == 4


@pytest.mark.parametrize("function", EVERYWHERE, ids=lambda f: getattr(f, "__name__", "none"))
def test_functions_of_numpy_before_a_model(function: Any) -> None:
    proven(make_pipeline(FunctionTransformer(function), StandardScaler(), RIDGE).fit(X, VALUE), data=X)


@pytest.mark.parametrize("function", [np.log1p, np.expm1])
def test_small_numbers_keep_their_digits(function: Any) -> None:
    small = np.float32(10.0) ** np.arange(-30, 0, dtype=np.float32)[:, None]
    values = values_of(convert(FunctionTransformer(function).fit(small)), small)
    assert np.allclose(values, function(small.astype(np.float64)), rtol=1e-6, atol=0.0)


@pytest.mark.parametrize("function", [np.cbrt, np.floor, lambda x: x], ids=["cbrt", "floor", "lambda"])
def test_other_functions_are_refused_by_name(function: Any) -> None:
    with pytest.raises(UnsupportedModelError, match="Python function") as caught:
        convert(FunctionTransformer(function).fit(X))
    assert "log1p" in caught.value.hint


CHOSEN: list[tuple[Any, Any]] = [
    (RFE(LINEAR, n_features_to_select=2), WORDS),
    (RFECV(RIDGE, cv=2), VALUE),
    (make_pipeline(StandardScaler(), RFE(STEPS, n_features_to_select=2)), VALUE),
    (make_pipeline(StandardScaler(), make_pipeline(MinMaxScaler(), RFE(LINEAR))), THREE),
    (make_pipeline(RFE(LINEAR, n_features_to_select=2), LINEAR), THREE),
    (SequentialFeatureSelector(RIDGE, cv=2), VALUE),
    (make_pipeline(SequentialFeatureSelector(RIDGE, cv=2), STEPS), VALUE),
]


@pytest.mark.parametrize(("estimator", "y"), CHOSEN, ids=lambda v: type(v).__name__)
def test_selected_columns(estimator: Any, y: Any) -> None:
    proven(estimator.fit(X, y), data=X)


LATE: list[Any] = [
    [("a", StandardScaler(), [0, 2]), ("b", "passthrough", [1])],
    [("a", MinMaxScaler(), [2, 0]), ("b", "drop", [1])],
    [("a", make_pipeline(StandardScaler(), PCA(1)), [1, 2]), ("b", bins(), [0])],
]


@pytest.mark.parametrize("blocks", LATE, ids=["pass", "drop", "nested"])
@pytest.mark.parametrize("first", [StandardScaler(), PCA(3)], ids=["scaler", "pca"])
def test_columns_behind_another_step(first: Any, blocks: Any) -> None:
    late = ColumnTransformer(blocks, remainder="passthrough", transformer_weights={"a": 2.0})
    proven(make_pipeline(first, late, RIDGE).fit(X, VALUE), data=X)


def test_columns_behind_another_step_before_trees() -> None:
    late = ColumnTransformer([("a", StandardScaler(), [0, 2])], remainder="passthrough")
    forest = RandomForestRegressor(4, max_depth=3, random_state=0)
    proven(make_pipeline(MinMaxScaler(), late, forest).fit(X, VALUE), data=X)


def _late() -> Any:
    return make_pipeline(
        ColumnTransformer([("a", StandardScaler(), [0, 2])], remainder="passthrough"), LINEAR
    )


AROUND: list[Any] = [
    VotingClassifier([("a", _late()), ("b", LINEAR)]),
    BaggingClassifier(_late(), n_estimators=2, random_state=0),
    OneVsRestClassifier(_late()),
    _late(),
    make_pipeline(make_union(_late()[:-1], MinMaxScaler()), LINEAR),
]


@pytest.mark.parametrize("estimator", AROUND, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("scaled", [False, True], ids=["first", "late"])
def test_columns_inside_other_estimators(estimator: Any, scaled: bool) -> None:
    model = make_pipeline(RobustScaler(), estimator) if scaled else estimator
    proven(model.fit(X, THREE), data=X)


def test_columns_behind_another_step_of_a_calibrated_pipeline() -> None:
    model = CalibratedClassifierCV(make_pipeline(RobustScaler(), *(s for _, s in _late().steps)), cv=2)
    proven(model.fit(X, THREE), data=X)


MISSING: list[tuple[Any, Any]] = [
    (MissingIndicator(features="all"), HOLES),
    (MissingIndicator(error_on_new=False), HOLES),
    (MissingIndicator(missing_values=-1), X.round()),
    (MissingIndicator(missing_values=0.1, features="all"), X.round(1)),
]


@pytest.mark.parametrize(("estimator", "data"), MISSING, ids=["all", "seen", "minus one", "a tenth"])
def test_missing_values_are_marked(estimator: Any, data: Any) -> None:
    model = proven(estimator.fit(data))
    rows = data.astype(np.float32)
    expected = estimator.transform(rows.astype(np.float64))
    if not np.isnan(data).any():  # a tenth is no float32: nothing is missing
        assert (values_of(model, rows) == expected).all()
    assert model.interface.inputs[0].accepts_nan == bool(np.isnan(data).any())


MODELS_THAT_TRANSFORM: list[Any] = [
    LinearDiscriminantAnalysis(),
    LinearDiscriminantAnalysis(solver="eigen", n_components=1),
    KMeans(4, n_init=1, random_state=0),
    BisectingKMeans(3, random_state=0),
    GridSearchCV(KMeans(n_init=1, random_state=0), {"n_clusters": [2, 3]}, cv=2),
]


@pytest.mark.parametrize("model", MODELS_THAT_TRANSFORM, ids=str)
def test_models_used_for_their_transform(model: Any) -> None:
    """In a pipeline, in a union, and behind a selection of columns; trees behind them show every value."""
    proven(make_pipeline(StandardScaler(), clone(model), STEPS).fit(X, THREE))
    both = make_union(make_pipeline(StandardScaler(), clone(model)), StandardScaler())
    proven(make_pipeline(both, LINEAR).fit(X, THREE))
    some = ColumnTransformer([("some", clone(model), [2, 0, 1])], remainder="passthrough")
    proven(make_pipeline(some, RIDGE).fit(X, THREE))


def test_a_vote_used_for_its_transform_is_refused() -> None:
    vote = VotingClassifier([("a", LogisticRegression())])
    with pytest.raises(UnsupportedModelError, match="used for its transform") as caught:
        convert(make_pipeline(vote, LINEAR).fit(X, THREE))
    assert "StackingClassifier" in caught.value.hint
