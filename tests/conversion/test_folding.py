"""Scalers folded into tree thresholds: scikit-learn itself, before and after, is the oracle."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from ecu_bundle.conversion.folding import fold_scalers

SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "clipped": MinMaxScaler(clip=True),
    "robust": RobustScaler(),
    "maxabs": MaxAbsScaler(),
    "uncentred": StandardScaler(with_mean=False),
}
MODELS = {
    "tree": DecisionTreeRegressor(random_state=0),
    "forest": RandomForestRegressor(8, random_state=0),
    "extra": ExtraTreesRegressor(8, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=15, random_state=0),
    "hist": HistGradientBoostingRegressor(max_iter=15, random_state=0),
    "bagging": BaggingRegressor(n_estimators=8, max_features=0.5, random_state=0),
}
DATA = {
    "diabetes": load_diabetes(return_X_y=True),
    "cancer": load_breast_cancer(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "iris": load_iris(return_X_y=True),
}


def thresholds_of(model: Any) -> list[tuple[int, float]]:
    """(column, threshold) of every split of a tree model, by way of scikit-learn's attributes."""
    if hasattr(model, "_predictors"):
        nodes = np.concatenate([p.nodes for stage in model._predictors for p in stage])
        nodes = nodes[nodes["is_leaf"] == 0]
        return list(zip(nodes["feature_idx"].tolist(), nodes["num_threshold"].tolist(), strict=True))
    found = []
    members = np.ravel(model.estimators_).tolist() if hasattr(model, "estimators_") else [model]
    parts = getattr(model, "estimators_features_", [None] * len(members))
    for member, part in zip(members, parts, strict=True):
        tree = member.tree_
        for node in np.flatnonzero(tree.feature >= 0):
            column = int(tree.feature[node])
            found.append((column if part is None else int(part[column]), float(tree.threshold[node])))
    return found


def edge_rows(X: NDArray[np.float64], model: Any, count: int = 3000) -> NDArray[np.float64]:
    """Rows of X with several values put on thresholds or the float32 values beside them."""
    generator = np.random.default_rng(5)
    edges = [edge for edge in thresholds_of(model) if np.isfinite(edge[1])]
    rows = X[generator.integers(0, len(X), count)].astype(np.float32)
    for row in rows:
        for column, threshold in (edges[i] for i in generator.integers(0, len(edges), 4)):
            value = np.float32(threshold)
            beside = (
                value,
                np.nextafter(value, np.float32(np.inf)),
                np.nextafter(value, np.float32(-np.inf)),
            )
            row[column] = beside[generator.integers(3)]
    return np.concatenate([X.astype(np.float32), rows]).astype(np.float64)


def assert_same_predictions(fitted: Any, X: NDArray[np.float64]) -> list[str]:
    """Folds a copy; it must predict the same bits as the original on rows and on edges."""
    folded = copy.deepcopy(fitted)
    notes = fold_scalers(folded)
    rows = edge_rows(X, folded.steps[-1][1])
    np.testing.assert_array_equal(fitted.predict(rows), folded.predict(rows))
    return notes


# Every scaler with every model, the data sets in turn: each of them meets each model.
CASES = [
    (scaler, model, list(DATA)[(i + j) % len(DATA)])
    for i, scaler in enumerate(SCALERS)
    for j, model in enumerate(MODELS)
]


@pytest.mark.parametrize(("scaler", "model", "data"), CASES)
def test_no_float32_input_reaches_another_leaf(scaler: str, model: str, data: str) -> None:
    X, y = DATA[data]
    fitted = make_pipeline(copy.deepcopy(SCALERS[scaler]), copy.deepcopy(MODELS[model])).fit(X, y)
    assert len(assert_same_predictions(fitted, X)) == 1


def test_the_rows_would_show_a_difference() -> None:
    """Thresholds moved through the inverse transform, as one would by hand, are wrong on these rows."""
    X, y = DATA["diabetes"]
    fitted = make_pipeline(StandardScaler(), RandomForestRegressor(8, random_state=0)).fit(X, y)
    folded = copy.deepcopy(fitted)
    fold_scalers(folded)
    rows = edge_rows(X, folded.steps[-1][1])
    naive = copy.deepcopy(fitted)
    scaler, forest = naive.steps[0][1], naive.steps[1][1]
    for member in forest.estimators_:
        splits = member.tree_.feature >= 0
        column = member.tree_.feature[splits]
        member.tree_.threshold[splits] = (
            member.tree_.threshold[splits] * scaler.scale_[column] + scaler.mean_[column]
        ).astype(np.float32)
    assert np.sum(forest.predict(rows) != fitted.predict(rows)) > 100


def test_a_falling_column_swaps_the_children() -> None:
    X, y = DATA["diabetes"]
    scaler = StandardScaler().fit(X)
    scaler.scale_ = np.where(np.arange(X.shape[1]) % 2 == 0, -scaler.scale_, scaler.scale_)
    forest = RandomForestRegressor(8, random_state=0).fit(scaler.transform(X), y)
    fitted = make_pipeline(scaler, forest)
    assert_same_predictions(fitted, X)


def test_nan_takes_its_way_through_a_folded_scaler() -> None:
    X, y = DATA["diabetes"]
    holed = X.astype(np.float32).astype(np.float64)
    holed[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    for model in ("tree", "forest", "hist"):
        fitted = make_pipeline(StandardScaler(), copy.deepcopy(MODELS[model])).fit(holed, y)
        folded = copy.deepcopy(fitted)
        assert fold_scalers(folded)
        np.testing.assert_array_equal(fitted.predict(holed), folded.predict(holed))


def test_chains_and_blocks_of_columns() -> None:
    X, y = DATA["cancer"]
    chain = make_pipeline(StandardScaler(), MinMaxScaler(), RandomForestRegressor(8, random_state=0)).fit(
        X, y
    )
    assert len(assert_same_predictions(chain, X)) == 2
    columns = ColumnTransformer(
        [
            ("a", StandardScaler(), [3, 1]),
            ("b", make_pipeline(MinMaxScaler(), RobustScaler()), [0, 2, 9]),
            ("gone", "drop", [5]),
        ],
        remainder="passthrough",
    )
    for steps in ([columns], [columns, StandardScaler()]):
        fitted = make_pipeline(*map(copy.deepcopy, steps), RandomForestRegressor(8, random_state=0)).fit(X, y)
        folded = copy.deepcopy(fitted)
        assert len(fold_scalers(folded)) == 2 + len(steps)
        generator = np.random.default_rng(1)
        rows = X[generator.integers(0, len(X), 3000)].astype(np.float32).astype(np.float64)
        np.testing.assert_array_equal(fitted.predict(rows), folded.predict(rows))


@pytest.mark.parametrize("step", [PolynomialFeatures(2), QuantileTransformer(n_quantiles=50)])
def test_other_steps_stay(step: Any) -> None:
    X, y = DATA["iris"]
    fitted = make_pipeline(StandardScaler(), step, DecisionTreeRegressor(random_state=0)).fit(X, y)
    assert fold_scalers(fitted) == []
    assert len(fitted.steps) == 3


def test_only_scikit_learns_own_scalers_are_folded() -> None:
    class Squaring(StandardScaler):  # type: ignore[misc]
        def transform(self, X: Any, copy: Any = None) -> Any:
            return super().transform(X, copy) ** 2

    X, y = DATA["iris"]
    for scaler in (Squaring(), FunctionTransformer(np.square)):
        fitted = make_pipeline(scaler, DecisionTreeRegressor(random_state=0)).fit(X, y)
        assert fold_scalers(fitted) == []


def test_an_isolation_forest_is_folded() -> None:
    X, _ = DATA["wine"]
    fitted = make_pipeline(StandardScaler(), IsolationForest(n_estimators=8, random_state=0)).fit(X)
    folded = copy.deepcopy(fitted)
    assert fold_scalers(folded)
    rows = X.astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(fitted.decision_function(rows), folded.decision_function(rows))
