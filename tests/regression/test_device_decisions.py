"""On another processor too, a row on a decision of a smooth model is judged against the rows beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from skops import io

import ecu_bundle
from conversion.models import THREE, X
from ecu_bundle.parity.certificate import Certificate


@pytest.mark.cross
def test_a_split_behind_a_rotation_may_fall_otherwise_on_another_processor(tmp_path: Path) -> None:
    """ONNX Runtime multiplies matrices in another order on ARM, and rows on a threshold change sides."""
    model = tmp_path / "rotated.skops"
    io.dump(make_pipeline(PCA(3), RandomForestClassifier(20, random_state=0)).fit(X, THREE), model)
    bundle = ecu_bundle.build(model, "armv7-linux", output=tmp_path / "bundle")
    certificate = (bundle.path / "reports" / "certificate.json").read_text()
    device = Certificate.model_validate_json(certificate).comparisons[-1]
    assert device.passed
    assert device.on_decision > 0
