"""HistGradientBoosting that splits on categories: known, unknown and missing ones as in scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, VotingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from ecu_bundle.conversion import convert
from ecu_bundle.conversion.trees.hist import hist_trees
from ecu_bundle.engine import Engine

from .models import codes_of, proven

ROWS = 400
generator = np.random.default_rng(7)
GEAR = generator.choice(["P", "R", "N", "D", "S"], ROWS)
SLOT = generator.choice([2.0, 4.5, 7.0, 11.0, 40.0], ROWS)
SPEED = generator.normal(size=ROWS).astype(np.float32).astype(np.float64)
VALUE = SPEED + 3.0 * np.isin(GEAR, ["P", "N"]) - 2.0 * np.isin(SLOT, [2.0, 11.0]) * (SPEED > 0)
CLASS = np.digitize(VALUE, [-1.0, 1.0])
FRAME = pd.DataFrame({"speed": SPEED, "gear": pd.Categorical(GEAR), "slot": SLOT})
MATRIX = np.column_stack([SPEED, SLOT])


def regressor(**options: Any) -> Any:
    return HistGradientBoostingRegressor(**{"max_iter": 15, "min_samples_leaf": 5, **options})


def test_text_of_a_category_type_becomes_an_enumeration() -> None:
    model = proven(regressor().fit(FRAME, VALUE), data=FRAME)
    assert codes_of(model, "gear") == {0: "D", 1: "N", 2: "P", 3: "R", 4: "S", -1: "unknown"}
    assert codes_of(model, "slot") == {}


def test_text_by_name_and_missing_values() -> None:
    holed = FRAME.assign(gear=pd.Series(GEAR).astype(object).where(np.arange(ROWS) % 9 != 0, np.nan))
    fitted = regressor(categorical_features=["gear"]).fit(holed, VALUE)
    model = proven(fitted, data=holed)
    assert codes_of(model, "gear")[-2] == "missing"


def test_whole_numbers_of_a_category_type() -> None:
    frame = FRAME.assign(cylinders=pd.Categorical(generator.choice([4, 6, 8], ROWS)))
    model = proven(regressor().fit(frame, VALUE), data=frame)
    assert codes_of(model, "cylinders") == {4: "4", 6: "6", 8: "8", -1: "unknown"}


@pytest.mark.parametrize("column", [0, 1])
def test_numbers_by_position_stay_numbers(column: int) -> None:
    matrix = MATRIX if column else MATRIX[:, ::-1]
    proven(regressor(categorical_features=[column]).fit(matrix, VALUE), data=matrix)


def test_unknown_and_missing_numbers_take_their_way() -> None:
    holed = MATRIX.copy()
    holed[::11, 1] = np.nan
    fitted = regressor(categorical_features=[1]).fit(holed, VALUE)
    odd = np.array([np.nan, -1.0, 2.0, 3.0, 4.5, 4.25, 1e30, -0.0, 40.0, 254.0, 256.0])
    rows = np.array([[speed, slot] for speed in (-1.0, 0.3, np.nan) for slot in odd])
    with Engine.open(convert(fitted), "ort") as engine:
        np.testing.assert_array_max_ulp(
            engine.run(rows)["variable"][:, 0], fitted.predict(rows).astype(np.float32), maxulp=1
        )


def test_a_category_that_float32_does_not_hold_is_never_met() -> None:
    matrix = np.column_stack([SPEED, np.where(SLOT == 4.5, 0.1, SLOT)])
    fitted = regressor(categorical_features=[1]).fit(matrix, VALUE)
    rows = matrix.astype(np.float32)
    with Engine.open(convert(fitted), "ort") as engine:
        np.testing.assert_array_max_ulp(
            engine.run(rows)["variable"][:, 0],
            fitted.predict(rows.astype(np.float64)).astype(np.float32),
            maxulp=1,
        )


def test_no_category_that_float32_holds() -> None:
    """Then every number is unknown, also 0, which stands in the table since the operator needs a key."""
    matrix = np.column_stack([SPEED, SLOT + 0.1])
    fitted = regressor(categorical_features=[1]).fit(matrix, VALUE)
    rows = np.concatenate([matrix.astype(np.float32), [[0.5, 0.0], [0.5, -0.0]]])
    with Engine.open(convert(fitted), "ort") as engine:
        np.testing.assert_array_max_ulp(
            engine.run(rows)["variable"][:, 0],
            fitted.predict(rows.astype(np.float64)).astype(np.float32),
            maxulp=1,
        )


def test_many_categories() -> None:
    codes = generator.integers(0, 200, 3000).astype(np.float64)
    matrix = np.column_stack([codes, generator.normal(size=3000)])
    y = np.sin(codes * 7.0) + matrix[:, 1]
    proven(regressor(categorical_features=[True, False]).fit(matrix, y), data=matrix)


@pytest.mark.parametrize("classes", [2, 3])
def test_classifiers(classes: int) -> None:
    fitted = HistGradientBoostingClassifier(max_iter=8).fit(FRAME, np.minimum(CLASS, classes - 1))
    proven(fitted, data=FRAME)


def test_behind_an_ordinal_encoder_and_a_scaler() -> None:
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((encode, ["gear"]), (StandardScaler(), ["speed", "slot"]))
    frame = FRAME.assign(gear=GEAR)
    fitted = make_pipeline(columns, regressor(categorical_features=[0])).fit(frame, VALUE)
    model = proven(fitted, data=frame)
    assert any("StandardScaler" in note for note in model.notes)


def test_inside_a_vote() -> None:
    vote = VotingRegressor([("a", regressor(categorical_features=[1])), ("b", regressor(max_iter=4))])
    proven(vote.fit(MATRIX, VALUE), data=MATRIX)


def test_trees_keep_their_shape() -> None:
    fitted = regressor(categorical_features=[1]).fit(MATRIX, VALUE)
    shapes = [len(tree.left) for tree in hist_trees(fitted)]
    assert shapes == [len(predictor.nodes) for (predictor,) in fitted._predictors]
