"""Scalers, imputers and selections folded wherever the trees are: the twin predicts what the model does."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ecu_bundle.conversion.folding import fold_scalers, separate
from ecu_bundle.conversion.folding.splits import splits_of
from ecu_bundle.parts import walk

from .models import prove, proven

X, Y = load_diabetes(return_X_y=True)
WINE, CLASSES = load_wine(return_X_y=True)
SCALERS = (StandardScaler, MinMaxScaler, RobustScaler)


def forest(trees: int = 5) -> Any:
    return RandomForestRegressor(trees, max_depth=6, random_state=0)


def small() -> Any:
    return DecisionTreeRegressor(max_depth=7, random_state=0)


def twin_of(fitted: Any) -> tuple[Any, list[str]]:
    twin = separate(copy.deepcopy(fitted))
    return twin, fold_scalers(twin)


def rows_on_edges(data: NDArray[np.float64], twin: Any, count: int = 1500) -> NDArray[np.float64]:
    """Rows of the data with values on the thresholds of the folded trees and on their neighbours."""
    edges = []
    for part in walk(twin):
        trees = (
            splits_of(part)
            if type(part).__name__ not in ("DecisionTreeRegressor", "ExtraTreeRegressor")
            else None
        )
        for tree in trees or []:
            limits = tree.threshold[tree.nodes]
            edges += [(c, t) for c, t in zip(tree.column_of(), limits, strict=True) if np.isfinite(t)]
    generator = np.random.default_rng(5)
    rows = data[generator.integers(0, len(data), count)].astype(np.float32)
    for row in rows:
        for i in generator.integers(0, max(len(edges), 1), 4 if edges else 0):
            column, limit = edges[i]
            if column < rows.shape[1]:
                away = np.float32((-np.inf, 0.0, np.inf)[generator.integers(3)])
                row[column] = np.nextafter(np.float32(limit), away) if away else np.float32(limit)
    return np.concatenate([data.astype(np.float32), rows]).astype(np.float64)


def scalers_in(twin: Any) -> int:
    return sum(isinstance(part, SCALERS) and hasattr(part, "n_features_in_") for part in walk(twin))


blocks = ColumnTransformer(
    [
        ("a", make_pipeline(SimpleImputer(), StandardScaler()), [0, 2, 5]),
        ("b", MinMaxScaler(), [7, 1]),
    ],
    remainder="passthrough",
)

WHOLLY: dict[str, Any] = {
    "a pipeline in a pipeline": make_pipeline(
        Pipeline([("s", StandardScaler()), ("none", "passthrough")]), make_pipeline(MinMaxScaler(), forest())
    ),
    "a vote": make_pipeline(StandardScaler(), VotingRegressor([("a", forest()), ("b", small())])),
    "a vote behind blocks": make_pipeline(
        copy.deepcopy(blocks), RobustScaler(), VotingRegressor([("a", forest()), ("b", small())])
    ),
    "votes in a vote": make_pipeline(
        StandardScaler(),
        VotingRegressor(
            [("a", VotingRegressor([("c", forest())])), ("b", make_pipeline(MinMaxScaler(), small()))]
        ),
    ),
    "a stack": make_pipeline(StandardScaler(), StackingRegressor([("a", forest()), ("b", small())], cv=2)),
    "a stack that passes its input on": make_pipeline(
        StandardScaler(),
        StackingRegressor([("a", forest())], final_estimator=small(), passthrough=True, cv=2),
    ),
    "bagging of trees": make_pipeline(StandardScaler(), BaggingRegressor(small(), 5, max_features=0.5)),
    "bagging of forests": make_pipeline(StandardScaler(), BaggingRegressor(forest(2), 3, max_features=0.5)),
    "bagging of pipelines": BaggingRegressor(make_pipeline(StandardScaler(), small()), 4, max_features=0.6),
    "a search": make_pipeline(StandardScaler(), GridSearchCV(small(), {"max_depth": [3, 5]}, cv=2)),
    "a search of pipelines": GridSearchCV(
        make_pipeline(StandardScaler(), small()), {"decisiontreeregressor__max_depth": [3, 5]}, cv=2
    ),
    "a target": TransformedTargetRegressor(
        make_pipeline(StandardScaler(), forest()), transformer=FunctionTransformer()
    ),
    "a scaler before a target": make_pipeline(StandardScaler(), TransformedTargetRegressor(forest())),
    "a selection behind a scaler": make_pipeline(
        StandardScaler(), SelectKBest(k=4), MinMaxScaler(), forest()
    ),
    "boosting of trees": make_pipeline(StandardScaler(), AdaBoostRegressor(small(), n_estimators=4)),
    "an identity between": make_pipeline(StandardScaler(), FunctionTransformer(), RobustScaler(), forest()),
}


@pytest.mark.parametrize("name", WHOLLY)
def test_no_scaler_stays(name: str) -> None:
    fitted = WHOLLY[name].fit(X, Y)
    twin, notes = twin_of(fitted)
    assert notes
    assert scalers_in(twin) == 0
    rows = rows_on_edges(X, twin)
    np.testing.assert_array_equal(twin.predict(rows), fitted.predict(rows))


SEVERAL = np.column_stack([Y, -Y])


def test_one_model_for_each_target() -> None:
    fitted = make_pipeline(StandardScaler(), MultiOutputRegressor(forest())).fit(X, SEVERAL)
    twin, _ = twin_of(fitted)
    rows = rows_on_edges(X, twin)
    assert not scalers_in(twin)
    np.testing.assert_array_equal(twin.predict(rows), fitted.predict(rows))


CLASSIFIERS: list[Any] = [
    make_pipeline(StandardScaler(), OneVsRestClassifier(DecisionTreeClassifier(max_depth=4, random_state=0))),
    make_pipeline(StandardScaler(), OneVsOneClassifier(RandomForestClassifier(3, random_state=0))),
    CalibratedClassifierCV(make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0)), cv=2),
    make_pipeline(MinMaxScaler(), CalibratedClassifierCV(RandomForestClassifier(3, random_state=0), cv=2)),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
def test_classifiers_around_trees(model: Any) -> None:
    fitted = model.fit(WINE, CLASSES)
    twin, notes = twin_of(fitted)
    assert notes
    assert not [p for p in walk(twin) if isinstance(p, SCALERS) and hasattr(p, "n_features_in_")]
    rows = rows_on_edges(WINE, twin)
    np.testing.assert_array_equal(twin.predict(rows), fitted.predict(rows))


MIXED: dict[str, Any] = {
    "a vote": make_pipeline(StandardScaler(), VotingRegressor([("a", forest()), ("b", Ridge())])),
    "a vote behind blocks": make_pipeline(
        copy.deepcopy(blocks), VotingRegressor([("a", forest()), ("b", LinearRegression())])
    ),
    "a stack": make_pipeline(StandardScaler(), StackingRegressor([("a", forest()), ("b", Ridge())], cv=2)),
}


@pytest.mark.parametrize("name", MIXED)
def test_a_scaler_stays_for_what_is_no_tree(name: str) -> None:
    fitted = MIXED[name].fit(X, Y)
    twin, notes = twin_of(fitted)
    assert notes
    assert scalers_in(twin) >= 1
    rows = rows_on_edges(X, twin)
    np.testing.assert_array_equal(twin.predict(rows), fitted.predict(rows))
    proven(fitted, data=X)


def test_a_tree_in_two_places_is_folded_once_in_each() -> None:
    shared = small().fit(StandardScaler().fit_transform(X), Y)
    stack = StackingRegressor(
        [("a", FrozenEstimator(shared)), ("b", FrozenEstimator(shared))], cv="prefit", passthrough=True
    )
    fitted = make_pipeline(StandardScaler(), stack).fit(X, Y)
    same = VotingRegressor([("a", small())]).fit(X, Y)
    same.estimators_ = [shared, shared, make_pipeline(MinMaxScaler().fit(X), shared)]
    for model in (fitted, make_pipeline(RobustScaler().fit(X), same)):
        twin, _ = twin_of(model)
        rows = rows_on_edges(X, twin)
        np.testing.assert_array_equal(twin.predict(rows), model.predict(rows))


def test_what_mixes_columns_stays_before_the_fold() -> None:
    fitted = make_pipeline(PCA(4), StandardScaler(), VotingRegressor([("a", forest())])).fit(X, Y)
    twin, notes = twin_of(fitted)
    assert len(notes) == 1
    assert [type(step).__name__ for _, step in twin.steps] == ["PCA", "VotingRegressor"]
    np.testing.assert_array_equal(twin.predict(X), fitted.predict(X))


def test_an_embedding_in_front_of_a_linear_model() -> None:
    fitted = make_pipeline(StandardScaler(), RandomTreesEmbedding(4, random_state=0), Ridge()).fit(X, Y)
    twin, _ = twin_of(fitted)
    assert [type(step).__name__ for _, step in twin.steps] == ["RandomTreesEmbedding", "Ridge"]
    proven(fitted, data=X)


HOLED = X.astype(np.float32).astype(np.float64)
HOLED[np.random.default_rng(0).random(X.shape) < 0.15] = np.nan

FILLED: dict[str, Any] = {
    "mean": make_pipeline(SimpleImputer(), forest()),
    "median, then scaled": make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), forest()),
    "scaled, then filled": make_pipeline(StandardScaler(), SimpleImputer(), forest()),
    "constant": make_pipeline(SimpleImputer(strategy="constant", fill_value=0.01), small()),
    "indicators": make_pipeline(SimpleImputer(add_indicator=True), MinMaxScaler(), forest()),
    "hist": make_pipeline(SimpleImputer(), HistGradientBoostingRegressor(max_iter=8)),
    "bagging": make_pipeline(
        SimpleImputer(add_indicator=True), BaggingRegressor(small(), 4, max_features=0.5)
    ),
    "blocks": make_pipeline(copy.deepcopy(blocks), forest()),
    "selected": make_pipeline(SimpleImputer(), SelectKBest(k=3), StandardScaler(), forest()),
}


@pytest.mark.parametrize("name", FILLED)
def test_nan_goes_where_the_filled_value_goes(name: str) -> None:
    data = HOLED.copy()
    if name == "blocks":
        data[:, [3, 4, 6, 8, 9]] = X[:, [3, 4, 6, 8, 9]]
    fitted = FILLED[name].fit(data, Y)
    model, report = prove(fitted, data=data)
    assert report.passed
    (gate,) = report.comparisons
    assert gate.outputs[0].max_ulp <= 1
    assert model.interface.inputs[0].accepts_nan
    assert {"boundary", "nan"} <= set(report.rows.origins)
    assert all(node.op_type not in ("Imputer", "Scaler") for node in model.proto.graph.node)


def test_an_empty_column_is_left_out() -> None:
    data = HOLED.copy()
    data[:, 4] = np.nan
    fitted = make_pipeline(SimpleImputer(), StandardScaler(), small())
    with pytest.warns(UserWarning, match="without any observed values"):
        fitted.fit(data, Y)
    twin, notes = twin_of(fitted)
    assert len(notes) == 2
    with pytest.warns(UserWarning, match="without any observed values"):
        expected = fitted.predict(X.astype(np.float32))
    np.testing.assert_array_equal(twin.predict(X.astype(np.float32)), expected)


def test_another_mark_of_missing_values_stays() -> None:
    marked = np.where(np.isnan(HOLED), -9.0, HOLED)
    fitted = make_pipeline(SimpleImputer(missing_values=-9.0), StandardScaler(), forest()).fit(marked, Y)
    twin, notes = twin_of(fitted)
    assert len(notes) == 1
    assert [type(step).__name__ for _, step in twin.steps] == ["SimpleImputer", "RandomForestRegressor"]
