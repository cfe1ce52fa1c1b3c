"""The kernel of the tests is the pinned one, from the cache or from Debian's sources, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ecu_bundle.building.freertos import KERNEL_VERSION, freertos_kernel, unpack
from ecu_bundle.building.provision import default_cache_dir
from ecu_bundle.errors import ToolMissingError, VerificationError


@pytest.fixture(scope="module")
def kept() -> Path:
    """The user's copy; of module scope, so that it is there before a test takes the mirror away."""
    return freertos_kernel(default_cache_dir())


@pytest.fixture
def no_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system whose apt has no sources."""
    settings = tmp_path / "apt.conf"
    settings.write_text('Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "/dev/null";\n')
    monkeypatch.setenv("APT_CONFIG", str(settings))


@pytest.mark.usefixtures("no_mirror")
def test_the_sources_are_kept_and_have_the_version(kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept, tmp_path / "freertos" / kept.name)
    kernel = freertos_kernel(tmp_path)
    assert f"FreeRTOS V{KERNEL_VERSION}" in (kernel / "Source/tasks.c").read_text()
    assert (kernel / "License/license.txt").is_file()


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
@pytest.mark.usefixtures("no_mirror")
def test_a_damaged_copy_is_not_used(kept: Path, damage: str, tmp_path: Path) -> None:
    copy = shutil.copytree(kept, tmp_path / "freertos" / kept.name)
    if damage == "changed":
        (copy / "Source/list.c").write_bytes((kept / "Source/list.c").read_bytes() + b"\n")
    elif damage == "missing":
        (copy / "Source/list.c").unlink()
    else:
        (copy / "Source/FreeRTOSConfig.h").write_text("")
    with pytest.raises(ToolMissingError, match="could not be downloaded") as caught:
        freertos_kernel(tmp_path)
    assert "no Debian mirror" in caught.value.place


def test_another_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="pinned digest"):
        unpack(b"another archive", tmp_path / "kernel")
    assert list(tmp_path.iterdir()) == []
