"""A build that fails leaves nothing behind, and whatever was there before stays."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cli.program import call, spawn, succeed

from .examples import Bundles, content_of, copy_of, model_file

TOOLS = ("cmake", "make", "g++", "arm-linux-gnueabihf-g++", "qemu-arm")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for the bundle."""
    path = tmp_path / "bundles"
    path.mkdir()
    return path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return path


def _without(missing: str, folder: Path) -> str:
    """A PATH with all tools but one."""
    folder.mkdir()
    for tool in TOOLS:
        if tool != missing:
            found = shutil.which(tool)
            assert found is not None
            (folder / tool).symlink_to(found)
    return str(folder)


@pytest.mark.parametrize(
    ("missing", "target", "package"),
    [
        ("cmake", "host", "cmake"),
        ("g++", "host", "g++"),
        ("arm-linux-gnueabihf-g++", "armv7-linux", "g++-arm-linux-gnueabihf"),
        ("qemu-arm", "armv7-linux", "qemu-user"),
    ],
)
def test_a_missing_tool_is_named_with_the_line_that_installs_it(
    *,
    missing: str,
    target: str,
    package: str,
    folder: Path,
    scratch: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", _without(missing, tmp_path / "bin"))
    outcome = call("build", model_file("wine_grade"), "-t", target, "-o", folder / "out")
    assert outcome.code == 4
    assert f"missing for target {target}: {missing}\n" in outcome.stderr
    assert f"sudo apt-get install -y --no-install-recommends {package}\n" in outcome.stderr
    assert [*folder.iterdir(), *scratch.iterdir()] == []


def test_a_failing_proof_names_the_worst_row(
    folder: Path, scratch: Path, tmp_path: Path, bundles: Bundles
) -> None:
    """Float32 cannot agree with float64 to twelve digits."""
    old = copy_of(bundles("auto_mpg"), folder)
    before = content_of(old)
    config = tmp_path / "strict.toml"
    config.write_text("[parity]\ntolerance = 1e-12\n")
    outcome = call("build", model_file("wine_grade"), "--config", config, "-o", old)
    assert outcome.code == 1
    assert re.search(r"ONNX Runtime \(Python\) differs from scikit-learn: output '\w+' in ", outcome.stderr)
    assert re.search(r"at: row \d+ \(\w+\): expected .+, got .+; inputs X=\[", outcome.stderr)
    assert [path.name for path in folder.iterdir()] == [old.name]
    assert content_of(old) == before
    assert list(scratch.iterdir()) == []


def test_an_old_bundle_survives_a_build_that_fails_late(
    folder: Path, bundles: Bundles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = copy_of(bundles("wine_grade"), folder)
    before = content_of(old)
    monkeypatch.setenv("PATH", _without("g++", tmp_path / "bin"))
    assert call("build", model_file("auto_mpg"), "-o", old).code == 4
    assert [path.name for path in folder.iterdir()] == [old.name]
    assert content_of(old) == before


def test_an_old_bundle_is_replaced_as_a_whole(folder: Path, scratch: Path, bundles: Bundles) -> None:
    old = copy_of(bundles("wine_grade"), folder)
    (old / "build").mkdir()
    (old / "build" / "left over").write_text("of a compiler")
    outcome = succeed("build", model_file("auto_mpg"), "-o", old, "--json")
    assert Path(outcome.data["bundle"]) == old
    assert [path.name for path in folder.iterdir()] == [old.name]
    assert content_of(old) == content_of(bundles("auto_mpg"))
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("name", ["calibration.txt", "src/mine.cpp", ".git/HEAD"])
def test_an_old_bundle_with_files_of_the_user_is_left_alone(
    name: str, folder: Path, bundles: Bundles
) -> None:
    old = copy_of(bundles("wine_grade"), folder)
    (old / name).parent.mkdir(exist_ok=True)
    (old / name).write_text("mine")
    before = content_of(old)
    outcome = call("build", model_file("wine_grade"), "-o", old)
    assert outcome.code == 2
    assert "holds files that are not part of it: replacing it would delete them" in outcome.stderr
    assert f"at: {name}\n" in outcome.stderr
    assert "next: move them elsewhere, or choose another folder with -o" in outcome.stderr
    assert content_of(old) == before


def test_a_folder_with_something_else_is_left_alone(folder: Path) -> None:
    (folder / "thesis.txt").write_text("four years")
    outcome = call("build", model_file("wine_grade"), "-o", folder)
    assert outcome.code == 2
    assert "holds something that is not a bundle" in outcome.stderr
    assert content_of(folder) == {"thesis.txt": b"four years"}


def test_an_empty_folder_is_used(folder: Path, bundles: Bundles) -> None:
    succeed("build", model_file("wine_grade"), "-o", folder)
    assert content_of(folder) == content_of(bundles("wine_grade"))


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("file", "is a file"),
        ("file/bundle", "the bundle cannot be written: File exists"),
        ("file/deeper/bundle", "the bundle cannot be written: Not a directory"),
        ("/proc/bundle", "the bundle cannot be written: No such file or directory"),
        ("x" * 300, "the bundle cannot be written: File name too long"),
    ],
)
def test_a_place_that_cannot_be_written(output: str, said: str, folder: Path, scratch: Path) -> None:
    (folder / "file").write_text("mine")
    outcome = call("build", model_file("wine_grade"), "-o", folder / output)
    assert outcome.code == 2, outcome.stderr
    assert said in outcome.stderr
    assert content_of(folder) == {"file": b"mine"}
    assert list(scratch.iterdir()) == []


def test_a_full_disk_leaves_nothing(folder: Path, scratch: Path) -> None:
    """The largest file of a bundle, the library, does not fit."""
    outcome = spawn(
        "build",
        model_file("wine_grade"),
        "-o",
        folder / "out",
        "--json",
        prefix=("prlimit", "--fsize=8000000"),
    )
    assert outcome.code == 2, outcome.stderr
    assert outcome.data["stage"] == "output"
    assert "cannot be written: File too large" in outcome.data["cause"]
    assert "nothing was left behind" in outcome.stderr
    assert [*folder.iterdir(), *scratch.iterdir()] == []


def _full_compiler(folder: Path) -> str:
    """A PATH whose compiler finds no room for its output, in the words of the real one."""
    path = _without("g++", folder)
    compiler = folder / "g++"
    compiler.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        "  *ecu*) echo 'fatal error: error writing to /tmp/cc1.s: No space left on device' >&2; exit 1 ;;\n"
        f'  *) exec {shutil.which("g++")} "$@" ;;\n'
        "esac\n"
    )
    compiler.chmod(0o755)
    return path


def test_a_full_folder_for_temporary_files_is_named(
    folder: Path, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", _full_compiler(tmp_path / "bin"))
    outcome = call("build", model_file("wine_grade"), "-o", folder / "out")
    assert outcome.code == 2, outcome.stderr
    assert "build: the folder for temporary files cannot be used: No space left on device" in outcome.stderr
    assert f"at: {scratch}\n" in outcome.stderr
    assert "set TMPDIR to a folder" in outcome.stderr
    assert "the bundle cannot be written" not in outcome.stderr
    assert [*folder.iterdir(), *scratch.iterdir()] == []
