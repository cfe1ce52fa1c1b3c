"""``accepts_nan = false`` from the configuration to the device and back through ``verify``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import ecu_bundle
from ecu_bundle.errors import UsageError
from ecu_bundle.manifest import read_manifest
from ecu_bundle.prediction import predict
from ecu_bundle.verification import verify

SPEED = np.linspace(0.0, 10.0, 40)
FRAME = pd.DataFrame({"speed": SPEED, "load": SPEED[::-1] ** 2})


def test_an_input_refuses_nan_in_the_whole_bundle(tmp_path: Path) -> None:
    model = tmp_path / "imputing.skops"
    pipeline = make_pipeline(SimpleImputer(), LinearRegression()).fit(FRAME.mask(FRAME > 60.0), SPEED)
    skops.io.dump(pipeline, model)
    (tmp_path / "ecu-bundle.toml").write_text("[[inputs]]\nname = 'load'\naccepts_nan = false\n")
    bundle = ecu_bundle.build(model, output=tmp_path / "bundle").path
    assert [t.accepts_nan for t in read_manifest(bundle).interface.inputs] == [True, False]
    assert verify(bundle, model=model).name == "imputing"
    (tmp_path / "speed.csv").write_text("speed,load\n,1.5\n")
    (tmp_path / "load.csv").write_text("speed,load\n2.5,\n")
    (value,) = predict(bundle, tmp_path / "speed.csv").outputs.values()
    hole = pd.DataFrame({"speed": [np.nan], "load": [1.5]})
    np.testing.assert_allclose(value[:, 0], pipeline.predict(hole), rtol=1e-5)
    with pytest.raises(UsageError, match="this input refuses NaN") as caught:
        predict(bundle, tmp_path / "load.csv")
    assert caught.value.place.endswith("load.csv, line 2 (row 1), column 'load'")
    with pytest.raises(UsageError, match="this input refuses NaN") as caught:
        predict(model, tmp_path / "load.csv")
    assert caught.value.hint.endswith(
        f"take `accepts_nan = false` away in {tmp_path}/ecu-bundle.toml, line 3"
    )
