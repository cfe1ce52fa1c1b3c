"""The same bundle in another folder gives the same library bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecu_bundle.building.driver import build_bundle
from ecu_bundle.building.targets import get_target
from generation.bundles import write_bundle
from generation.samples import regressor


@pytest.mark.parametrize("flags", ["", "-g"])
def test_the_library_does_not_depend_on_the_folder(flags: str, tmp_path: Path) -> None:
    libraries = []
    for bundle, build in (("one", "one/build"), ("another place/deeper", "elsewhere")):
        folder = write_bundle(regressor(), tmp_path / bundle)
        if flags:
            lists = folder / "CMakeLists.txt"
            lists.write_text(lists.read_text() + f"target_compile_options(fuel PRIVATE {flags})\n")
        built = build_bundle(folder, get_target("host"), tmp_path / build)
        libraries.append(built.library.read_bytes())
        assert str(tmp_path).encode() not in libraries[-1]
    assert libraries[0] == libraries[1]


def test_the_environment_does_not_change_the_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_bundle(write_bundle(regressor(), tmp_path / "a"), get_target("host"), tmp_path / "a/build")
    folder = write_bundle(regressor(), tmp_path / "b")
    monkeypatch.setenv("CXXFLAGS", "-O0 -ffast-math")
    monkeypatch.setenv("ORT_ROOT", "/nowhere")
    second = build_bundle(folder, get_target("host"), tmp_path / "b/build")
    assert second.flags == first.flags
    assert second.library_digest == first.library_digest
