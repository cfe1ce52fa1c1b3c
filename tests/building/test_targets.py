"""Target files are complete and consistent."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import pytest

import ecu_bundle
from ecu_bundle.building import targets
from ecu_bundle.building.targets import get_target, load_targets
from ecu_bundle.errors import ExitCode, InternalError, UsageError

ROOT = Path(ecu_bundle.__file__).parents[2]


def test_the_host_comes_first() -> None:
    names = list(load_targets())
    assert names[0] == "host"
    assert names[1:] == sorted(names[1:])
    assert {"aarch64-linux", "armv7-linux", "cortex-m4f", "cortex-r5f", "powerpc"} <= set(names)


@pytest.mark.parametrize("name", list(load_targets()))
def test_each_target_is_whole(name: str) -> None:
    target = get_target(name)
    assert {"cmake", "make"} <= {package.name for package in target.all_packages}
    assert "native" in target.engines
    if "ort" in target.engines:
        assert target.ort_source().library_sha256
    else:
        assert target.onnxruntime == {}
    if target.toolchain:
        text = (ROOT / "cmake/toolchains" / target.toolchain).read_text()
        assert f"set(CMAKE_CXX_COMPILER {target.tool_prefix}g++)" in text
        assert target.emulator is not None and f"set(ECU_QEMU {target.emulator.program})" in text
        assert ("ECU_BOARD_MEMORY" in text) is target.is_bare
    if target.is_bare:
        assert (ROOT / "cmake/boards" / target.startup).is_file()


def test_an_unknown_target_is_a_usage_error_that_lists_all() -> None:
    with pytest.raises(UsageError, match="cortex-z9") as caught:
        get_target("cortex-z9")
    assert caught.value.exit_code is ExitCode.USAGE
    assert "host, aarch64-linux, armv7-linux" in caught.value.hint


def test_a_host_without_a_known_library_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "sparc64")
    with pytest.raises(UsageError, match="sparc64") as caught:
        get_target("host").ort_source()
    assert "ORT_ROOT" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (("machine = 183", "machine = 'arm'"), "machine"),
        (("engines =", "enginez ="), "engines"),
        (("name = ", "name = ="), "Invalid value"),
        (('"aarch64-linux"', '"arm"'), "another name"),
        (("library_sha256 = '?\"?", 'library_sha256 = "x'), "library_sha256"),
    ],
)
def test_a_wrong_target_file_is_our_bug(
    change: tuple[str, str], cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(targets.__file__).parent / "targets/aarch64-linux.toml").read_text()
    changed = re.sub(change[0], change[1], text, count=1)
    assert changed != text
    (tmp_path / "aarch64-linux.toml").write_text(changed)
    monkeypatch.setattr(targets, "_FOLDER", tmp_path)
    with pytest.raises(InternalError, match=cause):
        targets.load_targets.__wrapped__()
