"""HistGradientBoosting that splits on categories: known, unknown and missing ones as in scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingRegressor,
)
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from ecu_bundle.conversion import convert, refusals
from ecu_bundle.conversion.trees.hist import hist_trees
from ecu_bundle.engine import Engine
from ecu_bundle.errors import UnsupportedModelError, VerificationError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity
from ecu_bundle.parity.generation import generate_rows

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


def inexact(values: Any) -> Any:
    matrix = np.column_stack([SPEED, values])
    return regressor(categorical_features=[1]).fit(matrix, VALUE)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: inexact(np.where(SLOT == 4.5, 0.1, SLOT)), "met: 0.1"),
        (lambda: inexact(SLOT + 0.1), "met: 2.1, 4.6, 7.1, 11.1, 40.1"),
        (lambda: inexact(SLOT + 2.0**24 + 1), "met: 1677"),
    ],
)
def test_categories_that_float32_does_not_hold_are_refused(make: Any, named: str) -> None:
    with pytest.raises(UnsupportedModelError, match="no float32 numbers") as caught:
        convert(make())
    assert named in caught.value.cause


@pytest.mark.parametrize("encoder", [OrdinalEncoder(), OneHotEncoder(), TargetEncoder()], ids=repr)
@pytest.mark.parametrize("slot", [SLOT + 0.1, SLOT + 2.0**24 + 1], ids=["tenths", "large"])
def test_encoders_of_such_categories_are_refused(encoder: Any, slot: Any) -> None:
    columns = make_column_transformer((encoder, [1]), remainder="passthrough")
    fitted = make_pipeline(columns, Ridge()).fit(np.column_stack([SPEED, slot]), VALUE)
    with pytest.raises(UnsupportedModelError, match="no float32 numbers"):
        convert(fitted)


BOOSTING = {"categorical_features": [1]}
HOLED = np.where(np.arange(2 * ROWS).reshape(ROWS, 2) % 7 == 0, np.nan, MATRIX)
CHANGED: dict[str, tuple[Any, str]] = {
    "column transformer": (
        make_pipeline(make_column_transformer((StandardScaler(), [0, 1])), regressor(**BOOSTING)),
        "StandardScaler",
    ),
    "one column": (
        make_pipeline(
            make_column_transformer((StandardScaler(), [1]), remainder="passthrough"),
            regressor(categorical_features=[0]),
        ),
        "StandardScaler",
    ),
    "power": (make_pipeline(PowerTransformer(), regressor(**BOOSTING)), "PowerTransformer"),
    "quantile": (
        make_pipeline(QuantileTransformer(n_quantiles=10), regressor(**BOOSTING)),
        "QuantileTransformer",
    ),
    "chain": (
        make_pipeline(make_pipeline(FunctionTransformer(), RobustScaler()), regressor(**BOOSTING)),
        "RobustScaler",
    ),
    "union": (
        make_pipeline(make_union("passthrough", MinMaxScaler()), regressor(categorical_features=[3])),
        "MinMaxScaler",
    ),
    "function": (make_pipeline(FunctionTransformer(np.sqrt), regressor(**BOOSTING)), "FunctionTransformer"),
    "means": (
        make_pipeline(
            make_column_transformer(("passthrough", [0]), (TargetEncoder(), [1])), regressor(**BOOSTING)
        ),
        "TargetEncoder",
    ),
    "mean fill": (make_pipeline(SimpleImputer(), regressor(**BOOSTING)), "SimpleImputer"),
    "vote": (
        make_pipeline(StandardScaler(), VotingRegressor([("a", regressor(**BOOSTING))])),
        "StandardScaler",
    ),
    "bag": (
        BaggingRegressor(make_pipeline(MaxAbsScaler(), regressor(**BOOSTING)), n_estimators=2),
        "MaxAbsScaler",
    ),
    "search": (
        GridSearchCV(make_pipeline(StandardScaler(), regressor(**BOOSTING)), {}, cv=2),
        "StandardScaler",
    ),
}


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.filterwarnings("ignore")
def test_a_step_that_changes_categories_is_refused_wherever_it_stands(name: str) -> None:
    estimator, step = CHANGED[name]
    fitted = estimator.fit(HOLED if name == "mean fill" else np.abs(MATRIX), VALUE)
    with pytest.raises(UnsupportedModelError, match=f"categories that a {step} has changed") as caught:
        convert(fitted)
    assert caught.value.exit_code == 3


UNCHANGED: dict[str, Any] = {
    "scaled beside": make_pipeline(
        make_column_transformer((StandardScaler(), [0]), ("passthrough", [1])), regressor(**BOOSTING)
    ),
    "selected": make_pipeline(VarianceThreshold(2.0), regressor(categorical_features=[0])),
    "in a union": make_pipeline(
        make_union("passthrough", VarianceThreshold(2.0)), regressor(categorical_features=[2])
    ),
    "filled": make_pipeline(SimpleImputer(strategy="most_frequent"), regressor(**BOOSTING)),
    "bins": make_pipeline(
        KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf"), regressor(**BOOSTING)
    ),
}


@pytest.mark.parametrize("name", UNCHANGED)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_steps_that_hand_categories_on_convert(name: str) -> None:
    proven(UNCHANGED[name].fit(HOLED if name == "filled" else MATRIX, VALUE))


@pytest.mark.parametrize("name", ["power", "vote", "one column"])
@pytest.mark.filterwarnings("ignore")
def test_without_the_refusal_the_rows_of_the_proof_see_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the user are not needed."""
    monkeypatch.setattr(refusals, "refuse_changed_categories", lambda _: None)
    loaded = from_estimator(CHANGED[name][0].fit(MATRIX, VALUE))
    try:
        report = check_parity(loaded, convert(loaded))
    except VerificationError:
        return
    assert not report.passed
    categories = np.array(report.rows.origins) == "category"
    error = np.abs(report.expected["variable"] - report.ort["variable"])[categories]
    assert (error > 0.1).sum() >= len(np.unique(SLOT))


def test_every_number_that_is_a_category_is_a_row_of_the_proof() -> None:
    estimator = UNCHANGED["scaled beside"].fit(MATRIX, VALUE)
    rows = generate_rows(convert(estimator), estimator=estimator).rows
    met = rows.tensors["X"][np.array(rows.origins) == "category", 1]
    for number in np.unique(SLOT).astype(np.float32):
        beside = [np.nextafter(number, np.float32(side)) for side in (-np.inf, np.inf)]
        assert set(map(float, (number, *beside))) <= set(map(float, met))
    assert 41.0 in met


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
