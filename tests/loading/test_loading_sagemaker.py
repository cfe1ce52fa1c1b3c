"""SageMaker archives: the right member, and no way out of the archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecu_bundle.errors import UnsupportedModelError, UsageError
from ecu_bundle.loading import limits, load

from .models import pipeline, skops_bytes, tree

Member = tuple[str, bytes] | tarfile.TarInfo


def _tar(*members: Member, mode: str = "w:gz", tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=tar_format) as archive:  # type: ignore[call-overload]
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return out.getvalue()


def _special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def _save(folder: Path, data: bytes, name: str = "model.tar.gz") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_the_only_candidate_is_taken(tmp_path: Path, mode: str) -> None:
    member = skops_bytes(tree())
    data = _tar(
        _special("code", tarfile.DIRTYPE),
        ("./code/inference.py", b"raise SystemExit('imported')"),
        ("code/old.pkl", pickle.dumps(1)),
        ("._model.skops", b"AppleDouble"),
        ("./model.skops", member),
        ("README.txt", b"hello"),
        mode=mode,
    )
    model = load(_save(tmp_path, data, "engine.tar.gz" if mode == "w:gz" else "engine.tar"))
    assert (model.name, model.format) == ("engine", "sagemaker")
    assert model.source_digest == hashlib.sha256(member).hexdigest()
    assert type(model.estimator) is type(tree())


def test_a_pickle_inside_needs_trust(tmp_path: Path) -> None:
    path = _save(tmp_path, _tar(("model.joblib", pickle.dumps(tree()))))
    with pytest.raises(UsageError, match="without your word"):
        load(path)
    model = load(path, trust_pickle=True)
    assert model.trusted_pickle and model.format == "sagemaker"


def test_of_several_the_user_chooses(tmp_path: Path) -> None:
    path = _save(tmp_path, _tar(("b/two.skops", skops_bytes(pipeline())), ("one.skops", skops_bytes(tree()))))
    with pytest.raises(UsageError, match=r"2 model files: b/two\.skops, one\.skops") as caught:
        load(path)
    assert "--member" in caught.value.hint
    assert type(load(path, member="one.skops").estimator) is type(tree())
    assert type(load(path, member="./b/two.skops").estimator) is type(pipeline())
    with pytest.raises(UsageError, match="no model file") as caught:
        load(path, member="three.skops")
    assert "one.skops" in caught.value.hint


@pytest.mark.parametrize(
    ("member", "cause"),
    [
        (("../model.skops", b"x"), "leaves the archive"),
        (("a/../../model.skops", b"x"), "leaves the archive"),
        (("/tmp/model.skops", b"x"), "leaves the archive"),  # noqa: S108
        (("a\\..\\model.skops", b"x"), "leaves the archive"),
        (_special("model.skops", tarfile.SYMTYPE, "/etc/passwd"), "holds a link"),
        (_special("model.skops", tarfile.LNKTYPE, "other"), "holds a link"),
        (_special("code/x", tarfile.SYMTYPE, "y"), "holds a link"),
        (_special("model.skops", tarfile.CHRTYPE), "neither a file nor a folder"),
        (_special("model.skops", tarfile.BLKTYPE), "neither a file nor a folder"),
        (_special("model.skops", tarfile.FIFOTYPE), "neither a file nor a folder"),
    ],
)
def test_a_dangerous_member_is_refused(tmp_path: Path, member: Member, cause: str) -> None:
    good = ("good.skops", skops_bytes(tree()))
    for members in ((member, good), (good, member)):
        with pytest.raises(UnsupportedModelError, match=cause):
            load(_save(tmp_path, _tar(*members)), member="good.skops")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tar.gz"]


def _twice() -> bytes:
    return _tar(("model.skops", skops_bytes(tree())), ("./model.skops", skops_bytes(pipeline())))


def _broken_checksum() -> bytes:
    data = bytearray(_tar(("model.skops", skops_bytes(tree()))))
    data[-6] ^= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda: _tar(("readme.txt", b"x")), "holds no model file"),
        (lambda: _tar(("code/model.pkl", pickle.dumps(1))), "holds no model file"),
        (_twice, "same name twice"),
        (_broken_checksum, "corrupt or truncated"),
        (lambda: _tar(("model.skops", b"")), "the file is empty"),
        (lambda: _tar(("model.skops", b"no model")), "named like a skops file"),
        (lambda: _tar(("model.onnx", b"no model")), "named like an ONNX file"),
    ],
)
def test_a_useless_archive_is_refused(tmp_path: Path, make: Callable[[], bytes], cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause):
        load(_save(tmp_path, make()))


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_every_truncation_is_refused(tmp_path: Path, mode: str) -> None:
    data = _tar(("model.skops", skops_bytes(tree())), mode=mode)
    content = len(data) if mode == "w:gz" else data.rindex(b"PK\x05\x06")
    for length in range(1, content, 499 if mode == "w:gz" else 1501):
        with pytest.raises(UnsupportedModelError):
            load(_save(tmp_path, data[:length], "model.tar.gz" if mode == "w:gz" else "model.tar"))


def test_a_bomb_is_refused_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = _tar(("zeros.bin", bytes(8 << 20)), ("model.skops", skops_bytes(tree())))
    path = _save(tmp_path, data)
    assert load(path).estimator is not None
    monkeypatch.setattr(limits, "RATIO_FREE_BYTES", 1 << 16)
    with pytest.raises(UnsupportedModelError, match="decompression bomb"):
        load(path)


def test_a_bomb_behind_the_end_of_the_archive_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = gzip.decompress(_tar(("model.skops", skops_bytes(tree()))))
    path = _save(tmp_path, gzip.compress(inner + bytes(8 << 20)))
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 4 << 20)
    with pytest.raises(UnsupportedModelError, match="decompression bomb"):
        load(path)


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TAR_MEMBERS", 5)
    path = _save(tmp_path, _tar(*((f"{index}.txt", b"") for index in range(6))))
    with pytest.raises(UnsupportedModelError, match="more than 5 members"):
        load(path)


def test_a_huge_declared_size_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("model.skops")
    info.size = 1 << 50
    header = info.tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(UnsupportedModelError, match="corrupt or truncated"):
        load(_save(tmp_path, header + bytes(1024), "model.tar"))


def test_flipped_bytes_never_escape_as_other_errors(tmp_path: Path) -> None:
    data = gzip.decompress(_tar(("model.skops", skops_bytes(tree()))))
    generator = np.random.default_rng(3)
    for position in generator.integers(0, 1024, 120):
        damaged = bytearray(data)
        damaged[position] ^= int(generator.integers(1, 256))
        try:
            load(_save(tmp_path, bytes(damaged), "model.tar"))
        except (UnsupportedModelError, UsageError):
            continue
