"""The words of a configuration: refused where the model has no such thing; NaN refused on request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.config import read_config
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import InputDescription, ModelDescription
from ecu_bundle.engine import Engine
from ecu_bundle.errors import UsageError
from ecu_bundle.rows import refuse_missing, rows_from

SPEED = np.linspace(0.0, 10.0, 40)
FRAME = pd.DataFrame({"speed": SPEED, "load": SPEED[::-1] ** 2, "gear": np.where(SPEED > 4.0, "D", "N")})
NUMBERS = ["speed", "load"]


def imputing() -> Any:
    """Has a rule for NaN in both columns."""
    holed = FRAME[NUMBERS].mask(FRAME[NUMBERS] > 60.0)
    return make_pipeline(SimpleImputer(), LinearRegression()).fit(holed, SPEED)


def strict() -> Any:
    """Has no rule for NaN."""
    return LinearRegression().fit(FRAME[NUMBERS], SPEED)


def coded() -> Any:
    columns = ColumnTransformer([("gear", OneHotEncoder(), ["gear"])], remainder="passthrough")
    return make_pipeline(columns, LinearRegression()).fit(FRAME, SPEED)


def classifier() -> Any:
    return DecisionTreeClassifier(random_state=0).fit(FRAME[NUMBERS], np.where(SPEED > 4, "worn", "sound"))


def described(folder: Path, text: str) -> ModelDescription:
    path = folder / "ecu-bundle.toml"
    path.write_text(text)
    return read_config(path).description()


def test_an_input_refuses_nan_on_request(tmp_path: Path) -> None:
    """Only that input; on the device, in the data of the proof, and in what the manifest records."""
    assert [t.accepts_nan for t in convert(imputing()).interface.inputs] == [True, True]
    words = described(tmp_path, "[[inputs]]\nname = 'load'\naccepts_nan = false\n")
    model = convert(imputing(), description=words)
    assert [t.accepts_nan for t in model.interface.inputs] == [True, False]
    load_missing = pd.DataFrame({"speed": [1.0], "load": [np.nan]})
    with pytest.raises(UsageError, match="this input refuses NaN") as caught:
        refuse_missing(rows_from(load_missing, model.interface), model.interface)
    assert caught.value.place == "row 1 (counted from 1), column 'load'"
    with Engine.open(model, "ort") as engine:
        assert np.isfinite(engine.run({"speed": [np.nan], "load": [1.0]})["variable"]).all()
        with pytest.raises(UsageError, match="ECU_NAN_REFUSED"):
            engine.run(load_missing)


def test_true_is_allowed_where_the_model_has_a_rule() -> None:
    words = ModelDescription(inputs=(InputDescription("load", accepts_nan=True),))
    assert [t.accepts_nan for t in convert(imputing(), description=words).interface.inputs] == [True, True]


WRONG: list[tuple[Any, str, str, str, str]] = [
    (
        strict,
        "[[inputs]]\nname = 'load'\naccepts_nan = true\n",
        "the input 'load' cannot accept NaN: the model has no rule for it",
        ", line 3",
        "train the model with an imputer",
    ),
    (
        coded,
        "[[inputs]]\nname = 'gear'\naccepts_nan = false\n",
        "accepts_nan is for numbers, and the input 'gear' is a category",
        ", line 3",
        "leave accepts_nan out",
    ),
    (
        strict,
        "[[inputs]]\nname = 'speed'\n\n[[inputs]]\nname = 'Load'\n",
        "describes the input 'Load', which the model does not have",
        ", line 4",
        "did you mean 'load'? inputs of the model: speed, load",
    ),
    (
        strict,
        "[outputs.label]\nname = 'verdict'\n",
        "describes the output 'label', which the model does not have",
        ", line 1",
        "outputs of the model: variable",
    ),
    (
        classifier,
        "[classes]\nsound = 'good'\nwron = 'bad'\n",
        "describes the class 'wron', which the model does not have",
        ", line 3",
        "did you mean 'worn'? classes of the model: sound, worn",
    ),
    (
        strict,
        "[classes]\nsound = 'good'\n",
        "describes the class 'sound', which the model does not have",
        ", line 2",
        "the model has no classes",
    ),
]


@pytest.mark.parametrize("case", WRONG, ids=[case[2][:40] for case in WRONG])
def test_words_that_do_not_fit_name_file_and_line(
    case: tuple[Any, str, str, str, str], tmp_path: Path
) -> None:
    estimator, text, cause, line, hint = case
    with pytest.raises(UsageError) as caught:
        convert(estimator(), description=described(tmp_path, text))
    assert cause in caught.value.cause
    assert caught.value.place == f"{tmp_path / 'ecu-bundle.toml'}{line}"
    assert hint in caught.value.hint
