"""The ONNX Runtime library for a target: from ``ORT_ROOT``, or pinned from the package index.

A pinned library is accepted only with its known digest, each time that it is used. It is looked for
in this Python installation, in the cache, and last on the package index through pip.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ecu_bundle.building.elf import elf_of
from ecu_bundle.building.processes import run
from ecu_bundle.building.targets import OrtSource, Target
from ecu_bundle.errors import ToolMissingError, UsageError, VerificationError

_STAGE = "provision"
_LICENCE_TEXT = Path(__file__).parent / "licences" / "onnxruntime.txt"
_DOWNLOAD_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class OrtLibrary:
    """An ONNX Runtime library for a target, checked.

    Attributes:
        path: the library.
        version: of ONNX Runtime; the bundle's engine demands exactly this.
        sha256: digest of the library.
        file_name: name that the library has in a bundle.
        licence: SPDX expression.
        license_files: licence texts by the name they have in a bundle.
        origin: where it came from, for people; no path.
    """

    path: Path
    version: str
    sha256: str
    file_name: str
    licence: str
    license_files: Mapping[str, Path]
    origin: str

    def bundle_files(self) -> dict[str, bytes]:
        """Files of ``third_party/onnxruntime`` by bundle path."""
        root = "third_party/onnxruntime"
        files = {f"{root}/lib/{self.file_name}": self.path.read_bytes()}
        files[f"{root}/VERSION_NUMBER"] = f"{self.version}\n".encode()
        files |= {f"{root}/{name}": path.read_bytes() for name, path in self.license_files.items()}
        return dict(sorted(files.items()))


def default_cache_dir() -> Path:
    """``ECU_BUNDLE_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("ECU_BUNDLE_CACHE", "")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("ecu-bundle"))


def onnxruntime_library(target: Target, cache_dir: Path) -> OrtLibrary:
    """The library for this target.

    Args:
        target: a target whose engines include ``ort``.
        cache_dir: outside the checkout; made when missing.

    Raises:
        UsageError: ``ORT_ROOT`` is no ONNX Runtime of this CPU, or the CPU has no known library.
        ToolMissingError: the library is not at hand and cannot be downloaded.
        VerificationError: the downloaded bytes are not the pinned ones.
    """
    root = os.environ.get("ORT_ROOT", "")
    if root:
        return _own_library(Path(root), target)
    source = target.ort_source()
    installed = _installed(source)
    if installed is not None:
        return installed
    folder = cache_dir / "onnxruntime" / source.library_sha256[:16]
    if not _is_intact(folder, source):
        wheel = _download(source, cache_dir)
        _unpack(wheel, source, folder)
    return _pinned(folder / source.file_name, folder, source)


def _own_library(root: Path, target: Target) -> OrtLibrary:
    """The integrator's library: any version, but of the target's CPU."""
    place = f"ORT_ROOT={root}"
    expected = next(iter(target.onnxruntime.values())) if target.toolchain else target.ort_source()
    version_file = root / "VERSION_NUMBER"
    names = (expected.file_name, "libonnxruntime.so.1", "libonnxruntime.so")
    library = next((root / "lib" / name for name in names if (root / "lib" / name).is_file()), None)
    if library is None or not version_file.is_file():
        raise UsageError(
            _STAGE,
            "ORT_ROOT is not in the layout of the official archives: lib/libonnxruntime.so, VERSION_NUMBER",
            place=place,
            hint="correct ORT_ROOT, or unset it to use the pinned library",
        )
    if elf_of(library) != (expected.elf.bits, expected.elf.machine):
        raise UsageError(
            _STAGE,
            f"the library of ORT_ROOT is for another CPU than target {target.name}",
            place=place,
            hint="set ORT_ROOT to a build for this target, or unset it",
        )
    licences = {name: root / name for name in ("LICENSE", "ThirdPartyNotices.txt") if (root / name).is_file()}
    return OrtLibrary(
        path=library,
        version=version_file.read_text(encoding="utf-8").strip(),
        sha256=_sha256(library),
        file_name=expected.file_name,
        licence="MIT",
        license_files=licences or {"LICENSE": _LICENCE_TEXT},
        origin="ORT_ROOT",
    )


def _installed(source: OrtSource) -> OrtLibrary | None:
    """The same bytes inside the onnxruntime package of this Python, found without importing it."""
    top = source.member.split("/")[0]
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(spec.submodule_search_locations[0]).parent
    library = root / source.member
    licences = [root / member for member in source.licence_members]
    if not library.is_file() or not all(path.is_file() for path in licences):
        return None
    if _sha256(library) != source.library_sha256:
        return None
    return _pinned(library, library.parents[1], source)


def _pinned(library: Path, licence_folder: Path, source: OrtSource) -> OrtLibrary:
    names = [Path(member).name for member in source.licence_members]
    return OrtLibrary(
        path=library,
        version=source.version,
        sha256=source.library_sha256,
        file_name=source.file_name,
        licence=source.licence,
        license_files={name: licence_folder / name for name in names} or {"LICENSE": _LICENCE_TEXT},
        origin=f"{source.project} {source.project_version} ({source.platform})",
    )


def _is_intact(folder: Path, source: OrtSource) -> bool:
    library = folder / source.file_name
    texts = [folder / Path(member).name for member in source.licence_members]
    return (
        library.is_file()
        and all(path.is_file() for path in texts)
        and _sha256(library) == source.library_sha256
    )


def _download(source: OrtSource, cache_dir: Path) -> bytes:
    """The wheel's bytes, with the pinned digest."""
    requirement = f"{source.project}=={source.project_version}"
    tags = ["--platform", source.platform, "--python-version", "3.11", "--implementation"]
    tags += ["py", "--abi", "none"] if source.python_tag == "py3" else ["cp", "--abi", "cp311"]
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", *tags, "--dest", folder, requirement]
        finished = run(command, stage=_STAGE, seconds=_DOWNLOAD_SECONDS)
        wheels = sorted(Path(folder).glob("*.whl"))
        if not finished.ok or len(wheels) != 1:
            raise ToolMissingError(
                _STAGE,
                f"{requirement} for {source.platform} could not be downloaded, {finished.ending}",
                place=finished.last_lines,
                hint="connect to a package index, or set ORT_ROOT to an ONNX Runtime for this target",
            )
        data = wheels[0].read_bytes()
    if hashlib.sha256(data).hexdigest() != source.wheel_sha256:
        raise VerificationError(
            _STAGE,
            "the downloaded wheel does not have the pinned digest",
            place=f"{requirement} for {source.platform}",
            hint="use a package index that you trust; the pin is in the target's TOML file",
        )
    return data


def _unpack(wheel: bytes, source: OrtSource, folder: Path) -> None:
    """Library and licence texts into the folder, which appears whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        ready = Path(temporary) / "ready"
        ready.mkdir()
        archive = Path(temporary) / "wheel"
        archive.write_bytes(wheel)
        with zipfile.ZipFile(archive) as members:
            (ready / source.file_name).write_bytes(members.read(source.member))
            for member in source.licence_members:
                (ready / Path(member).name).write_bytes(members.read(member))
        if not _is_intact(ready, source):
            raise VerificationError(
                _STAGE, "the library in the wheel does not have the pinned digest", place=source.member
            )
        if folder.exists():  # damaged, else it would have been used
            shutil.rmtree(folder)
        try:
            ready.rename(folder)
        except OSError:
            # Another process was faster; its result counts when it is right.
            if not _is_intact(folder, source):
                raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
