"""What is not a model is refused with a clear text; names and contents must agree."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pickle
import tarfile
from pathlib import Path

import joblib
import numpy as np
import pytest

from ecu_bundle.errors import BundleError, ExitCode, UnsupportedModelError, UsageError
from ecu_bundle.loading import limits, load
from ecu_bundle.loading.detect import content_kind, model_name, name_kind

from .models import skops_bytes, tree

RANDOM = np.random.default_rng(7).bytes(4096)


def _tar_of(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("model.joblib")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("model.skops", b"", "empty"),
        ("model.onnx", b"", "empty"),
        ("model", b"hello world, this is text\n", "looks like text"),
        ("model.txt", "größer\n".encode() * 5000, "looks like text"),
        (
            "model.pkl",
            b"hello world, this is text\n",
            "named like a pickle but it is none: it looks like text",
        ),
        ("model.skops", RANDOM, "named like a skops file"),
        ("model.joblib", RANDOM, "named like a pickle"),
        ("model.tar.gz", RANDOM, "named like a tar archive"),
        ("model.onnx", RANDOM, "named like an ONNX file"),
        ("model", RANDOM, "not a model: its first bytes"),
        ("model.h5", b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5"),
        ("model.tflite", b"\x1c\0\0\0TFL3" + bytes(64), "TensorFlow Lite"),
        ("data.parquet", b"PAR1" + bytes(64), "Parquet"),
        ("weights.npy", b"\x93NUMPY\x01\x00" + bytes(64), "NumPy"),
        ("model.skops", pickle.dumps([1]), "named like a skops file (ZIP) but it is a pickle"),
        ("model.pkl", b"PK\x03\x04" + bytes(64), "named like a pickle but it is a skops file"),
        ("model.joblib", _tar_of(b"x"), "named like a pickle but it is a tar archive"),
        ("model.tar.gz", gzip.compress(pickle.dumps([1]), mtime=0), "but it is a pickle"),
        ("model.gz", gzip.compress(b"hello", mtime=0), "not a model"),
    ],
)
def test_what_is_not_a_model_is_refused(tmp_path: Path, name: str, data: bytes, cause: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnsupportedModelError) as caught:
        load(path, trust_pickle=True)
    assert cause in caught.value.cause
    assert str(path) in caught.value.place
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.UNSUPPORTED_MODEL


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load(tmp_path / "absent.skops")


@pytest.mark.parametrize("path", ["a\0b.skops", "x" * 5000])
def test_an_impossible_path_is_a_usage_error(path: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(path)


def test_a_special_file_is_a_usage_error_and_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "model.skops"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="not a file"):
        load(pipe)


def test_a_folder_without_metadata_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="no file MLmodel"):
        load(tmp_path)


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(skops_bytes(tree()))
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", path.stat().st_size)
    assert load(path).name == "model"
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", path.stat().st_size - 1)
    with pytest.raises(UnsupportedModelError, match="larger than"):
        load(path)


@pytest.mark.parametrize("name", ["model.skops", "model.onnx", "model.pkl"])
def test_a_member_of_a_single_file_is_a_usage_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(skops_bytes(tree()) if name.endswith("skops") else b"\x08\x08\x12" + bytes(8))
    if name.endswith("pkl"):
        path.write_bytes(pickle.dumps(1))
    with pytest.raises(UsageError, match="only an archive has members"):
        load(path, member="a.pkl")


@pytest.mark.parametrize(
    ("name", "kind", "short"),
    [
        ("auto_mpg.skops", "skops", "auto_mpg"),
        ("Engine.V2.ONNX", "onnx", "Engine.V2"),
        ("model.tar.gz", "sagemaker", "model"),
        ("a.tgz", "sagemaker", "a"),
        ("m.joblib", "pickle", "m"),
        ("m.pkl.gz", "pickle", "m"),
        ("m.joblib.xz", "pickle", "m"),
        ("m.gz", None, "m.gz"),
        ("m.json", None, "m.json"),
        ("plain", None, "plain"),
    ],
)
def test_names(name: str, kind: str | None, short: str) -> None:
    assert name_kind(name) == kind
    assert model_name(name) == short


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_every_compression_of_joblib_is_seen_as_a_pickle(tmp_path: Path, compress: object) -> None:
    path = tmp_path / "model.joblib"
    joblib.dump(tree(), path, compress=compress)
    assert content_kind(path.read_bytes()) == "pickle"
    with pytest.raises(UsageError, match="without your word"):
        load(path)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_binary_pickle_protocol_is_seen(protocol: int) -> None:
    assert content_kind(pickle.dumps([1, 2], protocol=protocol)) == "pickle"


def test_the_digest_is_that_of_the_file_and_errors_have_the_stage(tmp_path: Path) -> None:
    path = tmp_path / "unnamed"
    path.write_bytes(skops_bytes(tree()))
    model = load(path)
    assert (model.name, model.format) == ("unnamed", "skops")
    assert model.source_digest == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(BundleError) as caught:
        load(tmp_path / "absent")
    assert caught.value.stage == "load"
