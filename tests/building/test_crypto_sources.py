"""The libraries that check signatures are the pinned ones, from cache or registry, with their licences."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from ecu_bundle.building.crypto_sources import Signature, crypto_library, unpack
from ecu_bundle.building.provision import default_cache_dir
from ecu_bundle.errors import ToolMissingError, VerificationError

LICENCES = {"ed25519": "BSD licence", "p256": "Apache License"}


@pytest.fixture(scope="module", params=LICENCES)
def signature(request: pytest.FixtureRequest) -> Signature:
    """A kind whose library is in the cache; of module scope, before a test takes the registries away."""
    kind: Signature = request.param
    crypto_library(kind, default_cache_dir())
    return kind


@pytest.fixture
def no_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system whose apt has no sources, and whose pip has no index."""
    settings = tmp_path / "apt.conf"
    settings.write_text('Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "/dev/null";\n')
    monkeypatch.setenv("APT_CONFIG", str(settings))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


def copied(signature: Signature, cache: Path) -> Path:
    """A cache with the library alone; gives the library's folder."""
    name = crypto_library(signature, default_cache_dir()).name
    shutil.copytree(default_cache_dir() / name, cache / name)
    return next((cache / name).iterdir())


@pytest.mark.usefixtures("no_registry")
def test_a_kept_copy_serves_offline(signature: Signature, tmp_path: Path) -> None:
    copied(signature, tmp_path / "cache")
    files = crypto_library(signature, tmp_path / "cache").bundle_files()
    assert all(path.startswith("third_party/") for path in files)
    licence = next(data for path, data in files.items() if path.endswith("/LICENSE"))
    assert LICENCES[signature] in licence.decode()


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
@pytest.mark.usefixtures("no_registry")
def test_a_damaged_copy_is_not_used(signature: Signature, damage: str, tmp_path: Path) -> None:
    folder = copied(signature, tmp_path / "cache")
    if damage == "changed":
        (folder / "LICENSE").write_text("do what you like\n")
    elif damage == "missing":
        (folder / "LICENSE").unlink()
    else:
        (folder / "more.c").write_text("")
    with pytest.raises(ToolMissingError, match="could not be downloaded"):
        crypto_library(signature, tmp_path / "cache")


def test_other_sources_are_refused(signature: Signature, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as members:
        for name in ("package-1/monocypher.c", "package-1/LICENSE", "../p256-m.c"):
            members.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(VerificationError, match="pinned digest"):
        unpack(signature, archive.getvalue(), tmp_path / "library")
    assert list(tmp_path.iterdir()) == []
