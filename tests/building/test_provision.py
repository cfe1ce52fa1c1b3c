"""The ONNX Runtime library is the pinned one or the integrator's, and nothing else."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import zipfile
from pathlib import Path

import pytest

from ecu_bundle.building.provision import default_cache_dir, onnxruntime_library
from ecu_bundle.building.targets import Elf, OrtSource, Target, get_target
from ecu_bundle.errors import ToolMissingError, UsageError, VerificationError

ARM = b"\x7fELF\x02\x01\x01" + bytes(11) + (183).to_bytes(2, "little") + bytes(44) + b"a library"


@pytest.fixture(autouse=True)
def _no_own_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_ROOT", raising=False)


def tiny(folder: Path, *, wheel_digest: str = "", library_digest: str = "") -> Target:
    """A target whose wheel is a few bytes in the folder, found by pip's --find-links."""
    wheel = folder / "tiny_runtime-1.0-py3-none-manylinux_2_28_aarch64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/lib/libtiny.so", ARM)
        archive.writestr("tiny/LICENSE", "MIT")
        archive.writestr(
            "tiny_runtime-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-runtime\nVersion: 1.0\n"
        )
        archive.writestr("tiny_runtime-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("tiny_runtime-1.0.dist-info/RECORD", "")
    source = OrtSource(
        elf=Elf.model_validate({"class": 64, "machine": 183}),
        project="tiny-runtime",
        project_version="1.0",
        version="9.9.9",
        platform="manylinux_2_28_aarch64",
        python_tag="py3",
        wheel_sha256=wheel_digest or hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="tiny/lib/libtiny.so",
        library_sha256=library_digest or hashlib.sha256(ARM).hexdigest(),
        file_name="libonnxruntime.so.1",
        licence="MIT",
        licence_members=("tiny/LICENSE",),
    )
    return get_target("aarch64-linux").model_copy(update={"onnxruntime": {"aarch64": source}})


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_installed_package_is_used_when_it_has_the_pinned_bytes(tmp_path: Path) -> None:
    library = onnxruntime_library(get_target("host"), tmp_path / "cache")
    spec = importlib.util.find_spec("onnxruntime")
    assert spec is not None and spec.origin is not None
    assert library.path.is_relative_to(Path(spec.origin).parent)
    assert library.sha256 == hashlib.sha256(library.path.read_bytes()).hexdigest()
    assert not (tmp_path / "cache").exists()
    names = list(library.bundle_files())
    assert names == [
        f"third_party/onnxruntime/{name}"
        for name in ("LICENSE", "ThirdPartyNotices.txt", "VERSION_NUMBER", "lib/libonnxruntime.so.1")
    ]


def test_a_wheel_is_downloaded_once(index: Path, tmp_path: Path) -> None:
    target, cache = tiny(index), tmp_path / "cache"
    first = onnxruntime_library(target, cache)
    assert first.path.read_bytes() == ARM and first.version == "9.9.9"
    shutil.rmtree(index)
    assert onnxruntime_library(target, cache) == first
    assert [path.name for path in cache.iterdir()] == ["onnxruntime"]
    assert len(list((cache / "onnxruntime").iterdir())) == 1


def test_a_damaged_cache_is_noticed_and_repaired(index: Path, tmp_path: Path) -> None:
    target, cache = tiny(index), tmp_path / "cache"
    path = onnxruntime_library(target, cache).path
    path.write_bytes(ARM[:-1] + b"!")
    assert onnxruntime_library(target, cache).path.read_bytes() == ARM
    path.write_bytes(b"")
    shutil.rmtree(index)
    with pytest.raises(ToolMissingError):
        onnxruntime_library(target, cache)


@pytest.mark.parametrize("wrong", ["wheel_digest", "library_digest"])
def test_other_bytes_than_the_pinned_ones_are_refused(wrong: str, index: Path, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="pinned digest"):
        onnxruntime_library(tiny(index, **{wrong: "0" * 64}), tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_offline_the_error_says_what_to_do(index: Path, tmp_path: Path) -> None:
    target = tiny(index)
    shutil.rmtree(index)
    with pytest.raises(ToolMissingError, match="could not be downloaded") as caught:
        onnxruntime_library(target, tmp_path / "cache")
    assert "ORT_ROOT" in caught.value.hint and "tiny-runtime==1.0" in caught.value.cause


def own(folder: Path, data: bytes = ARM) -> Path:
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/libonnxruntime.so").write_bytes(data)
    (folder / "VERSION_NUMBER").write_text("1.99.0\n")
    return folder


def test_an_own_library_takes_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_ROOT", str(own(tmp_path / "ort")))
    library = onnxruntime_library(get_target("aarch64-linux"), tmp_path / "cache")
    assert (library.version, library.origin, library.file_name) == (
        "1.99.0",
        "ORT_ROOT",
        "libonnxruntime.so.1",
    )
    assert library.sha256 == hashlib.sha256(ARM).hexdigest()
    assert "Microsoft" in library.license_files["LICENSE"].read_text()


@pytest.mark.parametrize("data", [ARM[:18] + bytes(46), ARM[:10], b"", b"text" * 20])
def test_an_own_library_for_another_cpu_is_refused(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORT_ROOT", str(own(tmp_path / "ort", data)))
    with pytest.raises(UsageError, match="another CPU"):
        onnxruntime_library(get_target("aarch64-linux"), tmp_path / "cache")


@pytest.mark.parametrize("missing", ["lib", "VERSION_NUMBER"])
def test_an_own_folder_in_another_layout_is_refused(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = own(tmp_path / "ort")
    (root / missing).rename(root / "elsewhere")
    monkeypatch.setenv("ORT_ROOT", str(root))
    with pytest.raises(UsageError, match="layout"):
        onnxruntime_library(get_target("aarch64-linux"), tmp_path / "cache")


def test_the_cache_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECU_BUNDLE_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("ECU_BUNDLE_CACHE")
    assert default_cache_dir().name == "ecu-bundle"


def test_two_processes_may_unpack_at_once(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one finds the folder of the first in its way and uses it."""
    target, cache = tiny(index), tmp_path / "cache"
    rename = Path.rename

    def late(self: Path, goal: Path) -> Path:
        shutil.copytree(self, goal)
        return rename(self, goal)

    monkeypatch.setattr(Path, "rename", late)
    assert onnxruntime_library(target, cache).path.read_bytes() == ARM
