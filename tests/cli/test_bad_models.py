"""Every kind of file that is not a good model: its exit code, its words, and no bundle."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from loading.models import IRIS, as_version, skops_bytes, tree
from pipeline.examples import model_file

from .program import call


class CustomScaler(StandardScaler):  # type: ignore[misc]
    """A user's own transformer."""


class Canary:
    """A pickle that writes a file when it is loaded."""

    def __init__(self, sign: Path) -> None:
        self.sign = sign

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (f"open({str(self.sign)!r}, 'w').close()",)


def _tar(name: str, data: bytes = b"", *, link: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        if link:
            info.type, info.linkname = tarfile.SYMTYPE, link
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


FILES: dict[str, tuple[str, Callable[[], bytes], int, str]] = {
    "text": ("model.skops", lambda: b"hello\n", 3, "named like a skops file (ZIP) but it is none"),
    "no model at all": ("notes", lambda: b"hello\n", 3, "not a model: it looks like text"),
    "empty": ("model.skops", lambda: b"", 3, "the file is empty"),
    "exported": ("m.hex", lambda: b":020000040804EE\n", 3, "it looks like Intel HEX"),
    "array": ("model.onnx", lambda: b"\x93NUMPY" + bytes(99), 3, "it looks like a NumPy array"),
    "truncated": ("model.skops", lambda: skops_bytes(tree())[:-400], 3, "corrupt or truncated"),
    "untrusted type": ("model.skops", lambda: skops_bytes(CustomScaler().fit(IRIS[0])), 3, "CustomScaler"),
    "other version": ("model.skops", lambda: as_version(skops_bytes(tree()), "1.2.0"), 2, "version skew"),
    "pickle": ("model.joblib", lambda: pickle.dumps(tree()), 2, "not loaded without your word"),
    "tar with ..": ("m.tar.gz", lambda: _tar("../model.skops", b"x"), 3, "a path that leaves the archive"),
    "tar with link": ("m.tar.gz", lambda: _tar("model.skops", link="/etc/passwd"), 3, "holds a link"),
    "tar bomb": ("m.tar.gz", lambda: _tar("a.bin", bytes(80 << 20)), 3, "decompression bomb"),
    "broken tar": (
        "m.tar.gz",
        lambda: _tar("model.skops", skops_bytes(tree()))[:-99],
        3,
        "corrupt or truncated",
    ),
    "unfitted": ("model.skops", lambda: skops_bytes(LogisticRegression()), 3, "is not fitted"),
    "broken onnx": ("model.onnx", lambda: b"\x08\x08" + b"\xff" * 40, 3, "ONNX"),
    "no converter": (
        "model.skops",
        lambda: skops_bytes(KernelDensity().fit(IRIS[0])),
        3,
        "KernelDensity",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_refused(case: str, tmp_path: Path) -> None:
    name, content, code, said = FILES[case]
    path = tmp_path / name
    path.write_bytes(content())
    outcome = call("build", path, "-o", tmp_path / "out", "--json")
    assert outcome.code == code, outcome.stderr
    assert said in outcome.data["cause"]
    assert str(path) in outcome.data["place"] or outcome.data["stage"] == "convert"
    assert outcome.data["hint"]
    assert outcome.data["exit_code"] == code
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_an_estimator_without_converter_comes_with_an_alternative(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(skops_bytes(KernelDensity().fit(IRIS[0])))
    outcome = call("inspect", path)
    assert outcome.code == 3
    assert "KernelDensity" in outcome.stderr
    assert "next: " in outcome.stderr


@pytest.mark.parametrize("verb", ["build", "inspect", "init"])
def test_a_malicious_pickle_does_not_run(verb: str, tmp_path: Path) -> None:
    sign, path = tmp_path / "sign", tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Canary(sign)))
    outcome = call(verb, path, "-o", tmp_path / "out") if verb != "inspect" else call(verb, path)
    assert outcome.code == 2
    assert "--trust-pickle" in outcome.stderr and "TRUST=1" in outcome.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.pkl"]
    pickle.loads(path.read_bytes())
    assert sign.exists(), "the canary works"


def test_a_vouched_pickle_is_loaded_and_recorded(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(tree()))
    outcome = call("inspect", path, "--trust-pickle", "--json")
    assert outcome.code == 0, outcome.stderr
    assert any("pickle that the user trusts" in note for note in outcome.data["notes"])


def test_a_missing_file(tmp_path: Path) -> None:
    outcome = call("build", tmp_path / "nothing.skops", "-o", tmp_path / "out")
    assert outcome.code == 2
    assert "nothing.skops" in outcome.stderr


@pytest.mark.parametrize(
    ("rows", "said", "place"),
    [
        (np.zeros((3, 5)), "the model takes 13 columns, the data has shape (3, 5)", "{file}"),
        (np.zeros((2, 13, 1)), "the model takes 13 columns, the data has shape (2, 13, 1)", "{file}"),
        (
            np.full((3, 13), "red"),
            "'red' is not a number",
            "{file}, row 1 (counted from 1), column 'alcohol'",
        ),
        (np.full((3, 13), np.nan), "missing (NaN)", "{file}, row 1 (counted from 1), column 'alcohol'"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "build"])
def test_data_that_does_not_fit(verb: str, rows: Any, said: str, place: str, tmp_path: Path) -> None:
    data = tmp_path / "data.npy"
    np.save(data, rows)
    option = "--input" if verb == "run" else "--data"
    outcome = call(verb, model_file("wine_grade"), option, data, "-o", tmp_path / "out", "--json")
    assert outcome.code == 2, outcome.stderr
    assert said in outcome.data["cause"]
    assert outcome.data["place"] == place.format(file=data)
    assert outcome.data["hint"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.npy"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.txt", b"1 2 3", "unknown kind of file '.txt'"),
        ("rows.npy", b"\x93NUMPY broken", "rows.npy cannot be read"),
        ("rows.npy", pickle.dumps([1, 2]), "rows.npy is not a NumPy array"),
        ("rows.csv", b"", "rows.csv is empty"),
        ("rows.csv", b"alcohol,ash\n", "the data lacks the columns 'malic_acid', "),
        ("rows.parquet", b"PAR1", "rows.parquet cannot be read"),
        ("rows.csv", b"alcohol,ash\n1,2\n", "the data lacks the columns 'malic_acid', "),
    ],
)
def test_data_that_cannot_be_read(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    data = tmp_path / name
    data.write_bytes(content)
    outcome = call("run", model_file("wine_grade"), "--input", data, "-o", tmp_path / "out")
    assert outcome.code == 2, outcome.stderr
    assert said in outcome.stderr


TOML = """\
[model]
name = "9 lives"
colour = "red"

[[inputs]]
name = "alcohol"
min = 12
max = 3

[build]
engine = "steam"

[parity]
tolerance = "much"
"""


def test_all_mistakes_of_a_configuration_with_their_lines(tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text(TOML)
    outcome = call("build", model_file("wine_grade"), "--config", config, "-o", tmp_path / "out")
    assert outcome.code == 2
    assert "wrong.toml has 5 mistakes:" in outcome.stderr
    for said in (
        "line 2: model.name: ",
        "line 3: model.colour: there is no such option",
        "line 5: input 'alcohol': min 12.0 is above max 3.0",
        "line 11: build.engine: must be ",
        "line 14: parity.tolerance: ",
    ):
        assert said in outcome.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[model\n", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b'[build]\ntarget = "toaster"\n', "unknown target 'toaster'"),
        (b'[[inputs]]\nname = "speed"\n', "describes 1 input, the model has 13 columns without names"),
    ],
)
def test_a_configuration_that_does_not_fit(text: bytes, said: str, tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_bytes(text)
    outcome = call("build", model_file("wine_grade"), "--config", config, "-o", tmp_path / "out")
    assert outcome.code == 2, outcome.stderr
    assert said in outcome.stderr
