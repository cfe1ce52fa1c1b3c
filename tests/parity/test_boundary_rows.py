"""Rows on decision boundaries really reach their split, told by scikit-learn itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from conversion.models import FRAME, THREE, TWO, VALUE, X
from ecu_bundle.conversion import convert
from ecu_bundle.parity.generation import MAX_SPLITS, generate_rows
from ecu_bundle.parity.reference import estimator_input
from ecu_bundle.parity.tracing import Source, trace
from ecu_bundle.parity.trees import boundary_rows, ensemble_of

MODELS: list[Any] = [
    DecisionTreeClassifier(random_state=0).fit(X, THREE),
    DecisionTreeRegressor(random_state=0).fit(X, VALUE),
    RandomForestRegressor(5, random_state=0).fit(X, VALUE),
    RandomForestClassifier(5, random_state=0).fit(X, THREE),
    GradientBoostingRegressor(n_estimators=8, random_state=0).fit(X, VALUE),
]


def trees_of(model: Any) -> list[Any]:
    return [e.tree_ for e in np.ravel(model.estimators_)] if hasattr(model, "estimators_") else [model.tree_]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_every_split_is_reached_by_its_threshold_and_both_neighbours(model: Any) -> None:
    generated = generate_rows(convert(model)).rows
    boundary = np.array([origin == "boundary" for origin in generated.origins])
    rows = generated.tensors["X"][boundary]
    for tree in trees_of(model):
        path = tree.decision_path(rows)
        for node in np.flatnonzero(tree.children_left >= 0):
            values = rows[:, tree.feature[node]]
            reaching = values[path[:, node].toarray().ravel() > 0]
            with np.errstate(over="ignore"):
                edge = np.float32(tree.threshold[node])
            if float(edge) > tree.threshold[node]:
                edge = np.nextafter(edge, np.float32(-np.inf))
            for value in (
                edge,
                np.nextafter(edge, np.float32(np.inf)),
                np.nextafter(edge, np.float32(-np.inf)),
            ):
                assert value in reaching, (node, value)


def test_thresholds_behind_a_scaler_are_met_from_both_sides() -> None:
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=4, random_state=0))
    model.fit(X * 7 + 3, THREE)
    generated = generate_rows(convert(model)).rows
    boundary = np.array([origin == "boundary" for origin in generated.origins])
    rows = generated.tensors["X"][boundary].astype(np.float64)
    tree = model[-1].tree_
    scaled = model[0].transform(rows)
    for node in np.flatnonzero(tree.children_left >= 0):
        distance = scaled[:, tree.feature[node]] - tree.threshold[node]
        near = np.abs(distance) < 1e-5
        assert near.any(), node


def test_one_hot_codes_are_no_boundaries_and_numbers_behind_them_are_found() -> None:
    columns = ColumnTransformer([("gear", OneHotEncoder(), ["gear"])], remainder="passthrough")
    model = make_pipeline(columns, DecisionTreeClassifier(random_state=0)).fit(
        FRAME[["gear", "speed", "load"]], TWO
    )
    converted = convert(model)
    generated = generate_rows(converted).rows
    boundary = np.array([origin == "boundary" for origin in generated.origins])
    frame = estimator_input(converted.columns, converted.interface, generated)[boundary]
    tree = model[-1].tree_
    path = tree.decision_path(model[0].transform(frame).astype(np.float32))
    numeric = [n for n in np.flatnonzero(tree.children_left >= 0) if tree.feature[n] >= 4]
    assert numeric
    for node in numeric:
        values = frame[["speed", "load"][tree.feature[node] - 4]].to_numpy()
        assert (np.abs(values - tree.threshold[node]) < 1e-6).any()
    assert path.shape[0] == boundary.sum()


def test_columns_that_are_mixed_give_no_boundary() -> None:
    model = make_pipeline(PCA(2), DecisionTreeRegressor(max_depth=3)).fit(X, VALUE)
    assert "boundary" not in generate_rows(convert(model)).rows.origins


def test_a_large_ensemble_is_sampled() -> None:
    noise = np.random.default_rng(0).normal(size=(3000, 3)).astype(np.float32)
    model = DecisionTreeRegressor(random_state=0).fit(noise, noise @ [1.0, 2.0, 3.0])
    assert (model.tree_.children_left >= 0).sum() > 2500
    generated = generate_rows(convert(model)).rows
    count = sum(origin == "boundary" for origin in generated.origins)
    assert 3 * 2500 < count <= 3 * MAX_SPLITS
    limited = boundary_rows(
        ensemble_of(next(n for n in convert(model).proto.graph.node if n.op_type.startswith("Tree"))),
        {i: Source(i) for i in range(3)},
        noise[:10],
        17,
        np.random.default_rng(0),
    )
    assert limited.shape == (51, 3)
    assert np.isfinite(limited).all()


def test_a_split_on_missing_values_alone_gives_no_infinite_row() -> None:
    holes = X.copy()
    holes[:, 1] = np.where(TWO == 1, np.nan, 1.0)
    model = DecisionTreeClassifier(random_state=0).fit(holes, TWO)
    assert np.isinf(model.tree_.threshold[0])
    for values in generate_rows(convert(model)).rows.tensors.values():
        assert not np.isinf(values).any()


def sources(estimator: Any) -> dict[int, Source]:
    model = convert(estimator)
    (found,) = [sources for _, sources in trace(model.proto, model.interface).trees]
    return dict(found)


def tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=3, random_state=0)


def test_tracing_a_plain_matrix() -> None:
    assert sources(tree().fit(X, TWO)) == {i: Source(i) for i in range(4)}


def test_tracing_chosen_columns() -> None:
    columns = ColumnTransformer([("a", "passthrough", [3, 1])])
    assert sources(make_pipeline(columns, tree()).fit(X, TWO)) == {0: Source(3), 1: Source(1)}


def test_tracing_named_columns_side_by_side() -> None:
    data = FRAME[["gear", "speed", "load"]]
    columns = ColumnTransformer([("gear", OneHotEncoder(), ["gear"])], remainder="passthrough")
    found = sources(make_pipeline(columns, tree()).fit(data, TWO))
    assert found == {4: Source(1), 5: Source(2)}


def test_a_source_composes_affine_steps() -> None:
    twice = Source(2).scaled(1.0, 4.0).scaled(3.0, 0.5)

    def direct(x: NDArray[np.float64]) -> Any:
        return ((x - 1.0) * 4.0 - 3.0) * 0.5

    x = np.linspace(-5, 5, 11)
    assert np.allclose((x - twice.offset) * twice.scale, direct(x))
    assert Source(1).scaled(0.0, 1.0).exact
    assert not twice.exact
