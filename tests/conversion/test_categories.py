"""Categories become codes: no text reaches the ECU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError

from .models import FRAME, TWO, WITH_MISSING, X, codes_of, input_names, proven

GEARS = {0: "D", 1: "N", 2: "P", 3: "R"}
UNKNOWN = {-1: "unknown"}
MISSING = {-2: "missing"}


def encoded(encoder: Any, *names: str, final: Any = None) -> Any:
    """Encodes the named columns, passes ``speed`` on."""
    columns = ColumnTransformer([("encode", encoder, list(names))], remainder="passthrough")
    return make_pipeline(columns, final or LogisticRegression())


def tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=4, random_state=0)


ENCODERS: list[tuple[Any, dict[int, str]]] = [
    (OneHotEncoder(), GEARS),
    (OneHotEncoder(sparse_output=False), GEARS),
    (OneHotEncoder(handle_unknown="ignore"), GEARS | UNKNOWN),
    (OneHotEncoder(drop="first"), GEARS),
    (OneHotEncoder(drop="first", handle_unknown="ignore"), GEARS | UNKNOWN),
    (OneHotEncoder(categories=[["R", "P", "D", "N"]]), {0: "R", 1: "P", 2: "D", 3: "N"}),
    (OrdinalEncoder(), GEARS),
    (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), GEARS | UNKNOWN),
    (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=99), GEARS | UNKNOWN),
]


@pytest.mark.parametrize(("encoder", "codes"), ENCODERS, ids=str)
@pytest.mark.parametrize("final", [LogisticRegression(), tree()], ids=lambda v: type(v).__name__)
@pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")
def test_text_categories(encoder: Any, codes: dict[int, str], final: Any) -> None:
    data = FRAME[["speed", "gear"]]
    model = proven(encoded(encoder, "gear", final=final).fit(data, TWO), data=data)
    assert codes_of(model, "gear") == codes
    assert model.interface.inputs[1].dtype == "int32"
    texts = [a.name for node in model.proto.graph.node for a in node.attribute if a.strings]
    assert set(texts) <= {"nodes_modes"}
    assert not [i.name for i in model.proto.graph.initializer if i.string_data]


NUMERIC: list[tuple[Any, dict[int, str]]] = [
    (OneHotEncoder(), {4: "4", 6: "6", 8: "8"}),
    (OneHotEncoder(handle_unknown="ignore"), {4: "4", 6: "6", 8: "8"} | UNKNOWN),
    (OrdinalEncoder(), {4: "4", 6: "6", 8: "8"}),
]


@pytest.mark.parametrize(("encoder", "codes"), NUMERIC, ids=str)
@pytest.mark.parametrize("dtype", ["int64", "float64", "uint8"])
def test_whole_numbers_are_their_own_codes(encoder: Any, codes: dict[int, str], dtype: str) -> None:
    data = FRAME[["speed", "cylinders"]].astype({"cylinders": dtype})
    model = proven(encoded(encoder, "cylinders", final=tree()).fit(data, TWO), data=data)
    assert codes_of(model, "cylinders") == codes


def test_negative_categories_leave_no_code_for_unknown_ones() -> None:
    data = FRAME[["speed"]].assign(trim=np.arange(80) % 5 - 4)
    model = proven(encoded(OneHotEncoder(handle_unknown="ignore"), "trim").fit(data, TWO), data=data)
    assert sorted(codes_of(model, "trim")) == [-4, -3, -2, -1, 0]


def test_categories_all_below_zero() -> None:
    data = FRAME[["speed"]].assign(trim=np.arange(80) % 2 - 5)
    model = proven(encoded(OneHotEncoder(), "trim").fit(data, TWO), data=data)
    assert sorted(codes_of(model, "trim")) == [-5, -4]


def test_boolean_categories() -> None:
    data = FRAME[["speed"]].assign(flag=X[:, 1] > 0)
    model = proven(encoded(OneHotEncoder(), "flag").fit(data, TWO), data=data)
    assert codes_of(model, "flag") == {0: "False", 1: "True"}


def test_pandas_categories() -> None:
    data = FRAME[["speed", "gear"]].astype({"gear": "category"})
    assert codes_of(proven(encoded(OneHotEncoder(), "gear").fit(data, TWO), data=data), "gear") == GEARS


def test_text_in_an_array_names_columns_by_position() -> None:
    data = FRAME[["gear", "fuel"]].to_numpy()
    model = proven(make_pipeline(OneHotEncoder(), LogisticRegression()).fit(data, TWO), data=data)
    assert input_names(model) == ["x0", "x1"]
    assert codes_of(model, "x1") == {0: "diesel", 1: "gas"}


def test_one_column_in_two_encoders() -> None:
    columns = ColumnTransformer(
        [
            ("a", OneHotEncoder(handle_unknown="ignore"), ["gear"]),
            ("b", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["gear", "fuel"]),
        ]
    )
    model = proven(make_pipeline(columns, LogisticRegression()).fit(FRAME, TWO), data=FRAME)
    assert codes_of(model, "gear") == GEARS | UNKNOWN


def test_a_column_that_is_a_number_and_a_category_takes_its_categories_alone() -> None:
    columns = ColumnTransformer(
        [
            ("a", OneHotEncoder(handle_unknown="ignore"), ["cylinders"]),
            ("b", StandardScaler(), ["cylinders"]),
        ]
    )
    model = proven(make_pipeline(columns, LogisticRegression()).fit(FRAME, TWO), data=FRAME)
    assert codes_of(model, "cylinders") == {4: "4", 6: "6", 8: "8"}


MISSING_CASES: list[tuple[Any, dict[int, str]]] = [
    (OneHotEncoder(), GEARS | MISSING),
    (OneHotEncoder(handle_unknown="ignore"), GEARS | UNKNOWN | MISSING),
]


@pytest.mark.parametrize(("encoder", "codes"), MISSING_CASES, ids=str)
@pytest.mark.parametrize("missing", [np.nan, None], ids=str)
def test_missing_categories_have_a_code(encoder: Any, codes: dict[int, str], missing: Any) -> None:
    gear = WITH_MISSING["gear"].astype(object)
    gear = gear.where(gear.notna(), missing)
    data = FRAME[["speed"]].assign(gear=gear)
    model = proven(encoded(encoder, "gear").fit(data, TWO), data=data)
    assert codes_of(model, "gear") == codes


def test_missing_numbers_among_categories_have_a_code() -> None:
    cylinders = FRAME["cylinders"].where(np.arange(80) % 6 != 0, np.nan)
    data = FRAME[["speed"]].assign(cylinders=cylinders)
    model = proven(encoded(OneHotEncoder(), "cylinders").fit(data, TWO), data=data)
    assert codes_of(model, "cylinders") == {4: "4", 6: "6", 8: "8"} | MISSING


def inside(wrapper: Any) -> Any:
    return wrapper(encoded(OneHotEncoder(handle_unknown="ignore"), "gear"))


WRAPPERS: list[Any] = [
    lambda model: GridSearchCV(model, {"logisticregression__C": [0.5, 1.0]}, cv=2),
    lambda model: CalibratedClassifierCV(model, cv=2),
    lambda model: CalibratedClassifierCV(model, cv=2, ensemble=False),
    lambda model: VotingClassifier([("a", model), ("b", encoded(OneHotEncoder(), "gear"))], voting="soft"),
    lambda model: StackingClassifier([("a", model)], cv=2),
    lambda model: StackingClassifier([("a", model)], final_estimator=tree(), cv=2),
    lambda model: make_pipeline(FeatureUnion([("a", model[0]), ("b", model[0])]), tree()),
    lambda model: make_pipeline(
        make_pipeline(model[0]), make_pipeline(StandardScaler(), LogisticRegression())
    ),
]


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=range(len(WRAPPERS)))
def test_categories_inside_other_estimators(wrapper: Any) -> None:
    data = FRAME[["speed", "gear"]]
    model = proven(inside(wrapper).fit(data, TWO), data=data)
    assert set(GEARS) <= set(codes_of(model, "gear"))
    assert input_names(model) == ["speed", "gear"]


REFUSED: list[tuple[Any, str, str]] = [
    (OrdinalEncoder(), "OrdinalEncoder with missing values", "OneHotEncoder"),
    (
        make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
        "SimpleImputer on text",
        "handle_unknown",
    ),
    (OneHotEncoder(min_frequency=15), "[Ii]nfrequent categories", ""),
]


@pytest.mark.parametrize(("encoder", "cause", "hint"), REFUSED, ids=lambda v: type(v).__name__)
def test_refused_encoders_are_named(encoder: Any, cause: str, hint: str) -> None:
    data = WITH_MISSING[["gear"]].assign(load=FRAME["load"])
    with pytest.raises(UnsupportedModelError, match=cause) as caught:
        convert(encoded(encoder, "gear", final=tree()).fit(data, TWO))
    assert caught.value.exit_code == 3
    assert hint in caught.value.hint


@pytest.mark.parametrize("values", [[1, 5], [2.5, 7.5], [True, False]], ids=str)
@pytest.mark.parametrize("encoder", [OrdinalEncoder(), OneHotEncoder()], ids=lambda e: type(e).__name__)
def test_numbers_given_as_objects_are_refused(encoder: Any, values: list[Any]) -> None:
    """scikit-learn itself cannot compare a column of numbers with them."""
    column = pd.Series(np.resize(np.array(values, dtype=object), len(FRAME)), dtype=object)
    data = pd.DataFrame({"gear": column, "load": FRAME["load"]})
    with pytest.raises(UnsupportedModelError, match="column of dtype object, its column 'gear'") as caught:
        convert(encoded(encoder, "gear", final=tree()).fit(data, TWO))
    assert "astype" in caught.value.hint
    if values == [2.5, 7.5]:  # a row between them is an error to scikit-learn
        return
    numbers = data.assign(gear=data["gear"].astype(type(values[0])))
    proven(encoded(encoder, "gear", final=tree()).fit(numbers, TWO))


def test_two_kinds_of_missing_and_a_taken_code_are_refused() -> None:
    mixed = pd.DataFrame({"gear": pd.Series(["D", None, np.nan, "P"] * 20, dtype=object)})
    with pytest.raises(UnsupportedModelError, match="both None and NaN"):
        convert(encoded(OneHotEncoder(), "gear").fit(mixed, TWO))
    taken = pd.DataFrame({"trim": [-2.0, np.nan, 0.0, 1.0] * 20})
    with pytest.raises(UnsupportedModelError, match="have the same code"):
        convert(encoded(OneHotEncoder(), "trim").fit(taken, TWO))


@pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")
def test_an_unknown_category_as_nan() -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    data = FRAME[["speed", "gear"]]
    model = proven(encoded(encoder, "gear", final=tree()).fit(data, TWO))
    assert codes_of(model, "gear") == GEARS | UNKNOWN
