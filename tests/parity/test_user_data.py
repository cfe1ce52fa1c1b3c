"""Rows of the user in every form, and mistakes in them."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from conversion.models import FRAME, NUMBERS, TWO, VALUE, X
from ecu_bundle import parity
from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UsageError, VerificationError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity
from ecu_bundle.parity.generation import MAX_DATA_ROWS, measured_range

from .damage import at, edit

Pair = tuple[LoadedModel, OnnxModel]
COLUMNS = ["speed", "load", "gear"]


def pair(estimator: Any) -> Pair:
    loaded = from_estimator(estimator)
    return loaded, convert(loaded)


@pytest.fixture(scope="module")
def matrix() -> Pair:
    return pair(LinearRegression().fit(X, VALUE))


@pytest.fixture(scope="module")
def named() -> Pair:
    return pair(LinearRegression().fit(NUMBERS, VALUE))


@pytest.fixture(scope="module")
def mixed() -> Pair:
    columns = ColumnTransformer([("gear", OneHotEncoder(), ["gear"])], remainder="passthrough")
    return pair(make_pipeline(columns, LogisticRegression()).fit(FRAME[COLUMNS], TWO))


def codes(gear: Any) -> Any:
    return pd.Series(gear).map({"D": 0, "N": 1, "P": 2, "R": 3})


FORMS: list[tuple[str, Any]] = [
    ("matrix", X),
    ("matrix", X.astype(np.float32)),
    ("matrix", X.tolist()),
    ("matrix", pd.DataFrame(X)),
    ("matrix", {"X": X}),
    ("matrix", np.asfortranarray(X)),
    ("matrix", X[0]),
    ("named", NUMBERS),
    ("named", NUMBERS[["spare", "speed", "load"]]),
    ("named", FRAME),
    ("named", NUMBERS.to_numpy()),
    ("named", {name: list(NUMBERS[name]) for name in NUMBERS}),
    ("mixed", FRAME[COLUMNS]),
    ("mixed", FRAME[COLUMNS].assign(gear=codes(FRAME["gear"]))),
    ("mixed", FRAME[COLUMNS].assign(gear=codes(FRAME["gear"])).to_numpy()),
    ("mixed", FRAME[COLUMNS].to_numpy()),
    ("mixed", FRAME[COLUMNS].astype({"gear": "category"})),
    ("mixed", {name: FRAME[name].to_numpy() for name in COLUMNS}),
]


@pytest.mark.parametrize(
    ("model", "data"), FORMS, ids=lambda v: v if isinstance(v, str) else type(v).__name__
)
def test_every_form_of_data(model: str, data: Any, request: pytest.FixtureRequest) -> None:
    loaded, converted = request.getfixturevalue(model)
    report = check_parity(loaded, converted, data=data)
    assert report.passed
    given = [i for i, origin in enumerate(report.rows.origins) if origin == "data"]
    assert len(given) == (1 if np.ndim(data) == 1 and not isinstance(data, dict) else 80)
    first = {t.name: report.rows.tensors[t.name][0].tolist() for t in converted.interface.inputs}
    if model == "matrix":
        assert first["X"] == X[0].tolist()
    else:
        assert first["speed"] == [FRAME["speed"][0]]
    if model == "mixed":
        assert first["gear"] == [codes(FRAME["gear"])[0]]


def replaced(column: str, row: int, value: Any) -> pd.DataFrame:
    data = FRAME[["speed", "load", "spare", "gear"]].astype(object)
    data.loc[row, column] = value
    return data


ROW_4 = "row 4 (counted from 1), column 'gear'"
ROW_6 = "row 6 (counted from 1), column 'load'"

WRONG: list[tuple[str, Any, str, str]] = [
    ("matrix", X[:, :3], "takes 4 columns, the data has shape", ""),
    ("matrix", np.zeros((2, 2, 2)), "takes 4 columns", ""),
    ("matrix", np.zeros(3), "takes 4 columns", ""),
    ("matrix", pd.DataFrame(X[:, :2]), "takes 4 columns, the data has shape (", ""),
    ("named", NUMBERS[["speed"]], "lacks the columns 'load', 'spare'", ""),
    ("named", {"speed": [1.0], "load": [1.0, 2.0], "spare": [1.0]}, "different lengths", ""),
    ("named", pd.DataFrame(np.ones((2, 4)), columns=["speed", "load", "spare", "load"]), "stands twice", ""),
    ("named", replaced("load", 5, "heavy"), "'heavy' is not a number", ROW_6),
    ("named", replaced("load", 5, [1, 2]), "not a number", ROW_6),
    ("named", replaced("spare", 7, np.nan), "missing (NaN)", "row 8 (counted from 1), column 'spare'"),
    ("named", replaced("spare", 7, None), "missing (NaN)", "row 8 (counted from 1), column 'spare'"),
    ("mixed", replaced("gear", 3, "Z"), "'Z' is not a category of 'gear'", ROW_4),
    ("mixed", replaced("gear", 3, 17), "17 is not a category", ROW_4),
    ("mixed", replaced("gear", 3, 1.5), "1.5 is not a category", ROW_4),
    ("mixed", replaced("gear", 3, np.nan), "nan is not a category", ROW_4),
    ("mixed", replaced("gear", 3, np.inf), "inf is not a category", ROW_4),
]


@pytest.mark.parametrize(("model", "data", "cause", "place"), WRONG, ids=[case[2] for case in WRONG])
def test_mistakes_name_row_and_column(
    model: str, data: Any, cause: str, place: str, request: pytest.FixtureRequest
) -> None:
    loaded, converted = request.getfixturevalue(model)
    with pytest.raises(UsageError) as caught:
        check_parity(loaded, converted, data=data)
    assert caught.value.exit_code == 2
    assert cause in caught.value.cause
    assert place in caught.value.place


def test_a_sample_is_checked_by_convert() -> None:
    with pytest.raises(UsageError, match="takes 4 columns"):
        convert(LinearRegression().fit(X, VALUE), sample=X[:, :2])
    assert convert(LinearRegression().fit(X, VALUE), sample=X).interface.features == 4


def test_an_unknown_engine_or_precision(matrix: Pair) -> None:
    with pytest.raises(UsageError, match="unknown engine 'tvm'"):
        check_parity(*matrix, engines=("ort", "tvm"))
    with pytest.raises(UsageError, match="no precision 'half'"):
        convert(LinearRegression().fit(X, VALUE), precision="half")  # type: ignore[arg-type]


def test_many_rows_are_sampled_and_said_so(matrix: Pair) -> None:
    many = np.tile(X, (100, 1))
    report = check_parity(*matrix, data=many)
    assert sum(origin == "data" for origin in report.rows.origins) == MAX_DATA_ROWS
    assert any(f"of {len(many)} data rows {MAX_DATA_ROWS}" in text for text in report.assumptions)


def test_infinite_values_that_scikit_learn_refuses_fail_the_proof(matrix: Pair) -> None:
    data = X.copy()
    data[0, 0] = 1e300  # infinite in float32
    with pytest.raises(VerificationError, match=r"scikit-learn cannot compute variable.*infinity"):
        check_parity(*matrix, data=data)


def test_the_same_data_gives_the_same_report(mixed: Pair) -> None:
    first, second = (check_parity(*mixed, data=FRAME[COLUMNS]) for _ in range(2))
    assert first.comparisons == second.comparisons
    for name, array in first.rows.tensors.items():
        assert np.array_equal(array, second.rows.tensors[name])


@pytest.mark.parametrize("rows", [3, 12, 80])
@pytest.mark.parametrize("bounded", [True, False], ids=["bounded", "no bound"])
def test_an_outlier_in_the_data_hides_no_error(
    rows: int, bounded: bool, matrix: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An intercept that is 0.01 off, where a fault code of a sensor makes one output huge."""
    if not bounded:
        monkeypatch.setattr(parity, "bounds_of", lambda *_: ())
    loaded, model = matrix
    data = X[:rows].copy()
    data[1, 2] = 1e9
    assert check_parity(loaded, model, data=data).passed
    proto = copy.deepcopy(model.proto)
    edit(proto.graph, "LinearRegressor", "intercepts", lambda values: [v + 0.01 for v in values])
    assert not check_parity(loaded, dataclasses.replace(model, proto=proto), data=data).passed
    proto = copy.deepcopy(model.proto)
    edit(proto.graph, "LinearRegressor", "coefficients", at(2, lambda v: v * 1.0001))
    (gate,) = check_parity(loaded, dataclasses.replace(model, proto=proto), data=data).comparisons
    assert gate.outputs[0].worst[0].inputs["X"][2] >= 1e9  # rows of the data and beyond them are judged too


RANGES: list[tuple[list[float], tuple[float, float]]] = [
    ([5.0], (5.0, 5.0)),
    ([1.0, 1e9], (1.0, 1e9)),  # nobody knows which is the outlier
    ([1.0, 2.0, 1e9], (1.0, 2.0)),
    ([1.0, 2.0, 3.0, -18.0], (-18.0, 3.0)),
    ([1.0, 2.0, 3.0, -40.0], (1.0, 3.0)),
    ([0.0] * 90 + [1.0] * 3, (0.0, 1.0)),
    ([0.0] * 90 + [65535.0] * 3, (0.0, 0.0)),
    ([*range(100), 1e9, -1e9], (0.0, 99.0)),
    ([np.nan, np.inf, 1.0, 2.0, 3.0], (1.0, 3.0)),
]


@pytest.mark.parametrize(("values", "expected"), RANGES)
def test_a_measured_range_leaves_outliers_out(values: list[float], expected: tuple[float, float]) -> None:
    assert measured_range(np.array(values, dtype=np.float64)) == expected
