"""A package of a retrained model for the program of the first one, judged at the desk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cli.program import call, succeed

pytestmark = [pytest.mark.slow, pytest.mark.cross]

OPTIONS = """
[model]
name = "model"

[update]
vendor = "ecu.example"
device_class = "wine-grader"
sequence = 7
"""


def _bundle(folder: Path, *, far: float, update: str = "") -> Path:
    """Trained on features whose mean is so many standard deviations from 0."""
    folder.mkdir()
    random = np.random.default_rng(0)
    x = pd.DataFrame((random.normal(size=(200, 3)) + far).astype(np.float32), columns=["a", "b", "c"])
    estimator: Any = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, x["a"] > far)
    skops.io.dump(estimator, folder / "model.skops")
    build = f'[build]\nupdate = "{update}"\n' if update else ""
    (folder / "ecu-bundle.toml").write_text(OPTIONS + build)
    succeed("build", folder / "model.skops", "-t", "cortex-m4f", "-o", folder / "bundle")
    return folder / "bundle"


def test_a_retrained_model_fits_a_program_for_updates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first scaler is folded into the weights, the second is not; without `update` that is refused."""
    monkeypatch.chdir(tmp_path)
    first = _bundle(tmp_path / "first", far=1.0, update="ed25519")
    plain = _bundle(tmp_path / "plain", far=1.0)
    retrained = _bundle(tmp_path / "retrained", far=100.0)
    kernels = {
        bundle: set(json.loads((bundle / "bundle.json").read_text())["resources"]["kernels"])
        for bundle in (first, plain, retrained)
    }
    assert kernels[first] > kernels[plain]
    assert kernels[first] >= kernels[retrained] > kernels[plain]
    succeed("keygen", "-o", "key.pem", "--type", "ed25519", "--for", "models")
    words = ("--config", tmp_path / "retrained/ecu-bundle.toml", "--key", "key.pem")
    succeed("pack", retrained, "-o", "model.suit", *words)
    judge = ("verify-package", "model.suit", "-p", "key.pub.pem:models", "--bundle")
    succeed(*judge, first)
    refused = call(*judge, plain, "--json")
    assert (refused.code, refused.data["status"]) == (1, "ECU_PACKAGE_KERNEL_MISSING")
    for bundle, missing in ((first, []), (plain, ["sub_f32, mul_f32"])):
        reasons = call("diff", bundle, retrained, "--json").data["reasons"]
        assert [r.split("lacks: ")[1].split(" (")[0] for r in reasons if "kernels" in r] == missing
