"""Inputs keep the names of columns, however a pipeline chooses them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import BaggingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import InputDescription, ModelDescription
from ecu_bundle.errors import UnsupportedModelError, UsageError

from .models import FRAME, NUMBERS, TWO, VALUE, WITH_MISSING, X, input_names, proven


def columns(*parts: Any, remainder: Any = "drop") -> ColumnTransformer:
    return ColumnTransformer(list(parts), remainder=remainder)


def classifier(transformer: Any) -> Any:
    return make_pipeline(transformer, LogisticRegression())


def motion_columns(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if name in ("speed", "load")]


SELECTIONS: list[tuple[Any, Any]] = [
    (["load", "speed"], ["gear"]),
    ([1, 0], [3]),
    ([-5, -6], [-3]),
    (slice(0, 2), slice(3, 4)),
    (slice("speed", "load"), ["gear"]),
    ([True, True, False, False, False, False], [False, False, False, True, False, False]),
    (np.array([True, True, False, False, False, False]), ["gear"]),
    (make_column_selector("speed|load"), make_column_selector("gear")),
    (motion_columns, ["gear"]),
]


@pytest.mark.parametrize(("numbers", "texts"), SELECTIONS, ids=lambda v: type(v).__name__)
def test_every_way_to_choose_columns(numbers: Any, texts: Any) -> None:
    chosen = columns(("scale", StandardScaler(), numbers), ("encode", OneHotEncoder(), texts))
    converted = proven(classifier(chosen).fit(FRAME, TWO), data=FRAME)
    assert input_names(converted) == ["speed", "load", "gear"]
    assert converted.notes == ("columns that the model does not use are left out: spare, cylinders, fuel",)
    assert [column.name for column in converted.columns] == list(FRAME)


REMAINDERS: list[tuple[Any, list[str]]] = [
    ("drop", ["speed"]),
    ("passthrough", ["speed", "load", "spare"]),
    (MinMaxScaler(), ["speed", "load", "spare"]),
]


@pytest.mark.parametrize(("remainder", "expected"), REMAINDERS, ids=str)
def test_the_remainder(remainder: Any, expected: list[str]) -> None:
    model = classifier(columns(("scale", StandardScaler(), ["speed"]), remainder=remainder))
    assert input_names(proven(model.fit(NUMBERS, TWO), data=NUMBERS)) == expected


def test_dropped_and_passed_columns() -> None:
    model = classifier(columns(("no", "drop", ["load"]), ("yes", "passthrough", ["spare"])))
    assert input_names(proven(model.fit(FRAME, TWO), data=FRAME)) == ["spare"]


def test_columns_are_left_out_of_nested_transformers() -> None:
    inner = columns(("encode", OneHotEncoder(), ["gear"]))
    outer = columns(
        ("inner", make_pipeline(inner, TruncatedSVD(2, random_state=0)), ["cylinders", "gear", "fuel"]),
        ("scale", StandardScaler(), ["spare"]),
    )
    model = proven(classifier(outer).fit(FRAME, TWO), data=FRAME)
    assert input_names(model) == ["spare", "gear"]


def test_a_union_of_column_transformers() -> None:
    union = FeatureUnion(
        [
            ("a", columns(("encode", OneHotEncoder(handle_unknown="ignore"), ["gear"]))),
            ("b", columns(("scale", StandardScaler(), ["load"]))),
        ]
    )
    assert input_names(proven(classifier(union).fit(FRAME, TWO), data=FRAME)) == ["load", "gear"]


def test_transformers_that_return_frames() -> None:
    first = columns(
        ("encode", OneHotEncoder(sparse_output=False), ["gear"]), ("scale", StandardScaler(), ["load"])
    ).set_output(transform="pandas")
    model = make_pipeline(first, MinMaxScaler(), LogisticRegression()).fit(FRAME, TWO)
    assert input_names(proven(model, data=FRAME)) == ["load", "gear"]


def test_missing_numbers_go_to_the_imputer() -> None:
    imputer = make_pipeline(SimpleImputer(), StandardScaler())
    model = classifier(columns(("fill", imputer, ["speed"]), remainder="passthrough"))
    data = WITH_MISSING[["speed", "load"]]
    converted = proven(model.fit(data, TWO), data=data)
    assert [t.accepts_nan for t in converted.interface.inputs] == [True, False]


def test_a_bagging_ensemble_that_sees_some_columns_each() -> None:
    bagging = BaggingClassifier(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
        n_estimators=3,
        max_features=2,
        random_state=1,
    )
    data = pd.DataFrame({f"c{i}": np.arange(80) // (i + 1) % (i + 3) for i in range(4)})
    model = proven(bagging.fit(data, TWO), data=data)
    assert [len(t.codes) for t in model.interface.inputs if t.codes]


def test_arrays_have_one_matrix() -> None:
    model = proven(LinearRegression().fit(X, VALUE), data=X)
    assert [(t.name, t.elements) for t in model.interface.inputs] == [("X", 4)]


def test_arrays_keep_unused_columns_because_positions_count() -> None:
    model = proven(classifier(columns(("scale", StandardScaler(), [2]))).fit(X, TWO), data=X)
    assert [(t.name, t.elements) for t in model.interface.inputs] == [("X", 4)]


def test_a_column_that_is_called_like_the_matrix() -> None:
    data = pd.DataFrame({"X": X[:, 0]})
    model = classifier(columns(("scale", StandardScaler(), ["X"]))).fit(data, TWO)
    assert input_names(proven(model, data=data)) == ["X"]


NAMES = ["ecu_x", "ecu__variable", "a b", "日本", "x" * 200, 'quo"te', "label2", "0"]


def test_any_text_is_a_name() -> None:
    data = pd.DataFrame(np.tile(X, 2), columns=NAMES)
    assert input_names(proven(LinearRegression().fit(data, VALUE), data=data)) == NAMES


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (["", "b", "c", "d"], "input or output 0 has an empty name"),
        (["a", "b\0", "c", "d"], "holds a NUL"),
        (["a", "b", "variable", "d"], "'variable' is used twice"),
    ],
)
def test_names_that_no_device_can_have(names: list[str], cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause) as caught:
        convert(LinearRegression().fit(pd.DataFrame(X, columns=names), VALUE))
    assert "rename" in caught.value.hint


def test_words_reach_the_inputs() -> None:
    words = ModelDescription(inputs=(InputDescription("load", "N", 0.0, 10.0, "axle"),))
    model = proven(LinearRegression().fit(NUMBERS, VALUE), words=words)
    load = model.interface.inputs[1]
    assert (load.unit, load.minimum, load.maximum, load.description) == ("N", 0.0, 10.0, "axle")


def test_words_name_the_columns_of_an_array() -> None:
    names = ["a", "b", "c", "d"]
    words = ModelDescription(inputs=tuple(InputDescription(name) for name in names))
    assert input_names(proven(LinearRegression().fit(X, VALUE), words=words)) == names


@pytest.mark.parametrize(
    ("names", "cause"),
    [(["wrong"], "describes 1 input, "), (["a", "b", "c"], "describes 3 inputs, ")],
)
def test_words_that_do_not_fit(names: list[str], cause: str) -> None:
    words = ModelDescription(inputs=tuple(InputDescription(name) for name in names))
    with pytest.raises(UsageError, match=cause):
        convert(LinearRegression().fit(X, VALUE), description=words)
    with pytest.raises(UsageError, match="which the model does not have"):
        convert(LinearRegression().fit(NUMBERS, VALUE), description=words)


def test_words_for_an_unused_column_are_no_mistake() -> None:
    words = ModelDescription(inputs=(InputDescription("fuel"), InputDescription("load", unit="N")))
    model = classifier(columns(("scale", StandardScaler(), ["load"]))).fit(FRAME, TWO)
    assert [t.unit for t in proven(model, words=words).interface.inputs] == ["N"]
