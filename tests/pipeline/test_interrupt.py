"""Ctrl-C and SIGTERM at any moment: no partial folder, no orphan, exit code 130."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.program import PROGRAM

from .examples import model_file

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A build that runs, and where it writes.

    Attributes:
        process: the build.
        mark: in the environment of it and of all its children.
        output, scratch: parent folder of the bundle, and folder for temporary files.
        log: what it has written on stderr.
    """

    process: subprocess.Popen[bytes]
    mark: str
    output: Path
    scratch: Path
    log: Path

    def children(self) -> list[str]:
        """Names of all other processes that carry the mark."""
        names = []
        for entry in Path("/proc").iterdir():
            try:
                if (
                    entry.name.isdigit()
                    and int(entry.name) != self.process.pid
                    and self.mark.encode() in (entry / "environ").read_bytes()
                ):
                    names.append((entry / "comm").read_text().strip())
            except OSError:
                continue  # it ended meanwhile
        return names


def _imports(build: Running) -> bool:
    return "numpy" in Path(f"/proc/{build.process.pid}/maps").read_text()


def _loaded(build: Running) -> bool:
    return "load " in build.log.read_text()


def _proved(build: Running) -> bool:
    return "verify " in build.log.read_text()


def _writes(build: Running) -> bool:
    return any(build.output.iterdir())


def _compiles(build: Running) -> bool:
    return "cc1plus" in build.children()


def _emulates(build: Running) -> bool:
    return any(name.startswith(("qemu-a", "run_rows", "self_test")) for name in build.children())


def _hangs(build: Running) -> bool:
    return "sleep" in build.children()


def _start(tmp_path: Path, target: str, **extra: str) -> Running:
    mark = uuid.uuid4().hex
    output, scratch, log = tmp_path / "bundles", tmp_path / "temporary", tmp_path / "log"
    output.mkdir()
    scratch.mkdir()
    # A parent that ignores SIGINT, as a shell does for background jobs, would hand that down.
    command = ["env", "--default-signal=INT,TERM", str(PROGRAM), "build", str(model_file("wine_grade"))]
    env = {**os.environ, "TMPDIR": str(scratch), "ECU_TEST_MARK": mark, **extra}
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, "-t", target, "-o", str(output / "out")],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    return Running(process, mark, output, scratch, log)


def _wait(build: Running, moment: Callable[[Running], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not moment(build):
        assert build.process.poll() is None, f"the build ended before the moment: {build.log.read_text()}"
        assert time.monotonic() < end, "the moment did not come"
        time.sleep(0.005)


def _assert_clean(build: Running) -> None:
    assert build.process.wait(PATIENCE) == 130, build.log.read_text()
    assert build.log.read_text().endswith("interrupted; nothing was written\n")
    assert build.children() == []
    assert list(build.output.iterdir()) == []
    assert list(build.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "moment", "target"),
    [
        (signal.SIGINT, _imports, "host"),
        (signal.SIGTERM, _loaded, "host"),
        (signal.SIGINT, _proved, "host"),
        (signal.SIGTERM, _writes, "host"),
        (signal.SIGINT, _compiles, "host"),
        (signal.SIGTERM, _compiles, "host"),
        pytest.param(signal.SIGINT, _emulates, "armv7-linux", marks=pytest.mark.cross),
    ],
)
def test_an_interrupted_build_leaves_nothing(
    number: signal.Signals, moment: Callable[[Running], bool], target: str, tmp_path: Path
) -> None:
    build = _start(tmp_path, target)
    with build.process:
        _wait(build, moment)
        build.process.send_signal(number)
        _assert_clean(build)


def test_a_tool_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    wrapper = tools / "cmake"
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {shutil.which("cmake")} --version\nsleep 99\n'
    )
    wrapper.chmod(0o755)
    build = _start(tmp_path, "host", PATH=f"{tools}:{os.environ['PATH']}")
    with build.process:
        _wait(build, _hangs)
        build.process.send_signal(signal.SIGTERM)
        _assert_clean(build)


def test_an_impatient_second_ctrl_c_does_not_stop_the_cleaning_up(tmp_path: Path) -> None:
    build = _start(tmp_path, "host")
    with build.process:
        _wait(build, _compiles)
        for _ in range(20):
            build.process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        _assert_clean(build)


def test_a_background_job_ignores_ctrl_c(tmp_path: Path) -> None:
    """A shell starts background jobs so; the Ctrl-C is meant for the program in front."""
    command = ["env", "--ignore-signal=INT", str(PROGRAM), "targets"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
    with process:
        while Path(f"/proc/{process.pid}/comm").read_text() != f"{PROGRAM.name}\n":
            time.sleep(0.001)
        for _ in range(40):
            process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        assert process.wait(PATIENCE) == 0
