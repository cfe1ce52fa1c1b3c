"""The small and stable Python API, by the names and signatures that others rely on."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ecu_bundle
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.lowering.rules import RULES

from .examples import Bundles, content_of, model_file, rows_file

KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
PUBLIC = {
    "load": (1, ("trust_pickle",)),
    "convert": (1, ("sample", "precision")),
    "compile_image": (1, ("engine",)),
    "check_parity": (4, ()),
    "build": (2, ()),
}


@pytest.mark.parametrize(("name", "positional", "options"), [(k, *v) for k, v in PUBLIC.items()])
def test_signatures(name: str, positional: int, options: tuple[str, ...]) -> None:
    parameters = inspect.signature(getattr(ecu_bundle, name)).parameters
    given = [parameter for parameter in parameters.values() if parameter.kind is not KEYWORD_ONLY]
    assert len(given) == positional
    assert [parameters[option].kind for option in options] == [KEYWORD_ONLY] * len(options)
    rest = [parameter for parameter in parameters.values() if parameter.kind is KEYWORD_ONLY]
    assert all(option.default is not inspect.Parameter.empty for option in rest)


def test_every_public_name_exists() -> None:
    for name in ecu_bundle.__all__:
        assert getattr(ecu_bundle, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ecu_bundle.nothing


def test_from_the_file_to_predictions() -> None:
    loaded = ecu_bundle.load(model_file("auto_mpg"), trust_pickle=False)
    frame = pd.read_csv(rows_file("auto_mpg"))
    model = ecu_bundle.convert(loaded, sample=frame, precision="float")
    assert isinstance(model, ecu_bundle.OnnxModel)
    assert model.proto.graph.node and model.interface.inputs and isinstance(model.notes, tuple)
    image = ecu_bundle.compile_image(model, engine="ort")
    assert isinstance(image, ecu_bundle.ModelImage)
    assert isinstance(image.data, bytes) and image.data[:4] == b"ECUI"
    assert loaded.estimator is not None
    expected = loaded.estimator.predict(frame)
    for opened in (model, image):
        with ecu_bundle.Engine.open(opened, engine="ort") as engine:
            by_frame = engine.run(frame)
            by_dict = engine.run({name: frame[name].to_numpy() for name in reversed(frame.columns)})
        assert list(by_frame) == ["variable"]
        np.testing.assert_allclose(by_frame["variable"][:, 0], expected, rtol=1e-5)
        np.testing.assert_array_equal(by_dict["variable"], by_frame["variable"])


def test_an_estimator_and_an_array() -> None:
    loaded = ecu_bundle.load(model_file("wine_grade"))
    estimator = loaded.estimator
    assert estimator is not None
    X = np.load(rows_file("wine_grade"))
    model = ecu_bundle.convert(estimator)
    with ecu_bundle.Engine.open(model, engine="ort") as engine:
        results = engine.run(X.astype(np.float32))
    assert list(results) == ["label", "probabilities"]
    assert results["label"].dtype == np.int32
    np.testing.assert_array_equal(results["label"], estimator.predict(X.astype(np.float32)))
    np.testing.assert_allclose(results["probabilities"], estimator.predict_proba(X), rtol=1e-4, atol=1e-6)


def test_the_native_engine_is_the_default() -> None:
    model = ecu_bundle.convert(ecu_bundle.load(model_file("wine_grade")))
    assert ecu_bundle.compile_image(model).engine == "native"
    assert ecu_bundle.compile_image(model).data == ecu_bundle.compile_image(model, engine="native").data
    with ecu_bundle.Engine.open(model) as engine:
        assert engine.image.engine == "native"
    with ecu_bundle.Engine.open(ecu_bundle.compile_image(model, engine="ort")) as engine:
        assert engine.image.engine == "ort"


def test_what_the_native_engine_cannot_run_names_estimator_node_and_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = ecu_bundle.convert(ecu_bundle.load(model_file("wine_grade")))
    monkeypatch.delitem(RULES, "Normalizer")
    for use in (ecu_bundle.compile_image, ecu_bundle.Engine.open):
        with pytest.raises(
            UnsupportedModelError, match="the native engine cannot run the operator"
        ) as caught:
            use(model)
        for words in ("Pipeline", "StandardScaler", "LogisticRegression", "ONNX node", "operator Normalizer"):
            assert words in caught.value.place
        assert 'engine="ort"' in caught.value.hint
    with ecu_bundle.Engine.open(model, engine="ort") as engine:
        assert engine.run(np.load(rows_file("wine_grade")).astype(np.float32))


def test_parity_is_a_report() -> None:
    loaded = ecu_bundle.load(model_file("wine_grade"))
    model = ecu_bundle.convert(loaded)
    report = ecu_bundle.check_parity(loaded, model, engines=("ort",), data=np.load(rows_file("wine_grade")))
    assert isinstance(report, ecu_bundle.ParityReport)
    assert report.passed
    assert report.rows.origins.count("data") == 54


def test_build_takes_a_path_and_a_target(tmp_path: Path, bundles: Bundles) -> None:
    bundle = ecu_bundle.build(str(model_file("wine_grade")), "host", output=tmp_path / "out")
    assert isinstance(bundle, ecu_bundle.BuiltBundle)
    assert (bundle.path, bundle.name, bundle.target, bundle.engine) == (
        tmp_path / "out",
        "wine_grade",
        "host",
        "ort",
    )
    assert content_of(bundle.path) == content_of(bundles("wine_grade"))
