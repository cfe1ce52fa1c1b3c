"""Files with models of LightGBM and XGBoost: loaded for those who vouch for them, and say what to install."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import pytest
import skops.io
import xgboost
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ecu_bundle import load
from ecu_bundle.errors import ToolMissingError, UsageError
from ecu_bundle.loading import boosters
from ecu_bundle.loading.skops_schema import read_schema

X, Y = load_iris(return_X_y=True)
MODELS = {
    "LightGBM": make_pipeline(
        StandardScaler(), lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1)
    ).fit(X, Y),
    "XGBoost": xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, Y),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_skops_file_is_loaded_when_the_user_vouches_for_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(MODELS[name], path)
    with pytest.raises(UsageError, match=f"a model of {name}") as caught:
        load(path)
    assert "--trust-pickle" in caught.value.hint
    loaded = load(path, trust_pickle=True)
    assert loaded.notes == (f"{name} restored a model from a file that the user trusts",)
    assert loaded.estimator is not None
    assert np.array_equal(loaded.estimator.predict_proba(X), MODELS[name].predict_proba(X))


@pytest.mark.parametrize("name", MODELS)
def test_a_pickle_comes_the_same_way(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.joblib"
    joblib.dump(MODELS[name], path)
    loaded = load(path, trust_pickle=True)
    assert loaded.trusted_pickle
    assert loaded.estimator is not None
    assert np.array_equal(loaded.estimator.predict(X), MODELS[name].predict(X))


def test_without_the_package_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(MODELS["XGBoost"], path)
    find = importlib.util.find_spec
    monkeypatch.setattr(boosters, "find_spec", lambda name: None if name == "xgboost" else find(name))
    with pytest.raises(ToolMissingError, match="XGBoost, which is not installed") as caught:
        load(path, trust_pickle=True)
    assert "pip install xgboost-cpu" in caught.value.hint
    assert "ecu-bundle[boosting]" in caught.value.hint


def test_an_import_error_of_the_child_process_names_the_package() -> None:
    text = "ModuleNotFoundError: No module named 'lightgbm'"
    assert boosters.absent_package(text) == "lightgbm"
    assert boosters.absent_package("No module named 'catboost'") == ""


def test_the_types_around_a_booster_are_not_known_without_one() -> None:
    node: dict[str, Any] = {
        "__module__": "builtins",
        "__class__": "bytearray",
        "__loader__": "BytearrayNode",
        "protocol": 2,
    }
    schema = read_schema(json.dumps(node).encode())
    assert schema.untrusted == ("builtins.bytearray",)
    assert schema.boosters == ()
