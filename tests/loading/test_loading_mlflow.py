"""MLflow folders: the file that MLmodel names, inside the folder only."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest

from ecu_bundle.errors import UnsupportedModelError, UsageError
from ecu_bundle.loading import load
from ecu_bundle.loading.mlflow import parse_flavors

from .models import skops_bytes, tree
from .onnx_models import add_one

METADATA = """\
artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: {path}
    predict_fn: predict
    python_version: 3.11.2
  sklearn:
    code: null
    pickled_model: {path}
    serialization_format: {format}
    sklearn_version: {version}
mlflow_version: 2.16.0
model_size_bytes: 1234
signature:
  inputs: '[{{"type": "tensor", "tensor-spec": {{"dtype": "float64", "shape": [-1, 4]}}}}]'
utc_time_created: '2024-09-01 12:00:00.000000'
"""


def _folder(
    root: Path, *, path: str = "model.skops", version: str | None = None, data: bytes | None = None
) -> Path:
    import sklearn

    folder = root / "boiler"
    folder.mkdir()
    text = METADATA.format(path=path, format="skops", version=version or sklearn.__version__)
    (folder / "MLmodel").write_text(text)
    if data is not None:
        (folder / path).write_bytes(data)
    return folder


def test_a_skops_flavor_loads(tmp_path: Path) -> None:
    data = skops_bytes(tree())
    model = load(_folder(tmp_path, data=data))
    assert (model.name, model.format, model.trusted_pickle) == ("boiler", "mlflow", False)
    assert model.source_digest == hashlib.sha256(data).hexdigest()
    assert type(model.estimator) is type(tree())


def test_a_pickle_flavor_needs_trust(tmp_path: Path) -> None:
    folder = _folder(tmp_path, path="model.pkl", data=pickle.dumps(tree()))
    with pytest.raises(UsageError, match="without your word"):
        load(folder)
    model = load(folder, trust_pickle=True)
    assert (model.format, model.trusted_pickle) == ("mlflow", True)


def test_the_declared_version_counts(tmp_path: Path) -> None:
    folder = _folder(tmp_path, version="1.3.0", data=skops_bytes(tree()))
    with pytest.raises(UsageError, match=r"scikit-learn 1\.3\.0"):
        load(folder)
    assert "1.3.0" in load(folder, allow_version_skew=True).notes[0]


def test_an_onnx_flavor_loads(tmp_path: Path) -> None:
    data = add_one().SerializeToString()
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors:\n  onnx:\n    onnx_version: 1.17.0\n    data: model.onnx\n")
    (folder / "model.onnx").write_bytes(data)
    model = load(folder)
    assert (model.name, model.format, model.onnx_bytes) == ("net", "onnx", data)


@pytest.mark.parametrize(
    "path",
    ["../secret.skops", "a/../../secret.skops", "/etc/passwd", "~/x.skops", "a\\..\\x", "s3://b/x", "."],
)
def test_a_path_outside_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.skops").write_bytes(skops_bytes(tree()))
    with pytest.raises(UnsupportedModelError, match="leaves the MLflow folder"):
        load(_folder(tmp_path, path=path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="MLmodel names is missing") as caught:
        load(_folder(tmp_path))
    assert "model.skops" in caught.value.place


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.skops"
    secret.write_bytes(skops_bytes(tree()))
    folder = _folder(tmp_path, path="data/model.skops")
    (folder / "data").symlink_to(tmp_path)
    with pytest.raises(UnsupportedModelError, match="links are not followed"):
        load(folder)
    (folder / "data").unlink()
    (folder / "data").mkdir()
    (folder / "data" / "model.skops").symlink_to(secret)
    with pytest.raises(UnsupportedModelError, match="links are not followed"):
        load(folder)
    (folder / "MLmodel").rename(tmp_path / "MLmodel")
    (folder / "MLmodel").symlink_to(tmp_path / "MLmodel")
    with pytest.raises(UnsupportedModelError, match="no file MLmodel"):
        load(folder)


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("flavors:\n  pytorch:\n    model_data: data\n", "pytorch"),
        ("flavors:\n  keras: {}\n  python_function:\n    a: b\n", "keras, python_function"),
        ("flavors: {sklearn: {pickled_model: model.skops}}\n", "none"),
        ("", "none"),
        ("\x00\x01\x02", "none"),
        ("flavors:\n  sklearn:\n    pickled_model:\n      deeper: model.skops\n", "sklearn"),
        ("other:\n  sklearn:\n    pickled_model: model.skops\n", "none"),
    ],
)
def test_metadata_without_a_model_is_refused(tmp_path: Path, text: str, present: str) -> None:
    folder = _folder(tmp_path)
    (folder / "MLmodel").write_text(text)
    with pytest.raises(UnsupportedModelError) as caught:
        load(folder)
    assert f"(flavors: {present})" in caught.value.cause


def test_a_folder_has_no_member(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only an archive"):
        load(_folder(tmp_path, data=skops_bytes(tree())), member="model.skops")


@pytest.mark.parametrize(
    ("text", "flavors"),
    [
        ("flavors:\n  sklearn:\n    pickled_model: m.pkl\n", {"sklearn": {"pickled_model": "m.pkl"}}),
        ("flavors:\n    sklearn:\n        data: 'a b.pkl'\n", {"sklearn": {"data": "a b.pkl"}}),
        ('flavors:\n  "sklearn":\n    data: "m.pkl" \n', {"sklearn": {"data": "m.pkl"}}),
        ("flavors:\n  sklearn:\n    data: m.pkl # comment\n", {"sklearn": {"data": "m.pkl"}}),
        (
            "flavors:\r\n\r\n  # comment\r\n  sklearn:\r\n    data: m.pkl\r\nmore: x\r\n",
            {"sklearn": {"data": "m.pkl"}},
        ),
        (
            "flavors:\n  a:\n    x:\n      y: 1\n    z: 2\n  b:\n    - 1\n    q: 3\n",
            {"a": {"z": "2"}, "b": {"q": "3"}},
        ),
        ("run_id: 1\nflavors:\n  a:\n    x: 1\nflavors_end: y\n  b: 2\n", {"a": {"x": "1"}}),
    ],
)
def test_metadata_is_parsed(text: str, flavors: dict[str, dict[str, str]]) -> None:
    assert parse_flavors(text) == flavors
