"""What is missing is found by running it, and named in one line."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ecu_bundle.building import backports, doctor
from ecu_bundle.building.doctor import Finding, diagnose, install, install_line
from ecu_bundle.building.processes import Finished
from ecu_bundle.building.targets import load_targets
from ecu_bundle.errors import ExitCode, ToolMissingError

MISSING = [
    Finding("qemu-user", ("qemu-arm", "--version"), ("armv7-linux",), ""),
    Finding("qemu-user", ("qemu-aarch64", "--version"), ("aarch64-linux",), ""),
    Finding("cmake", ("cmake", "--version"), ("host",), "cmake version 3.25.1"),
    Finding("g++", ("g++", "--version"), ("host",), ""),
]
LINE = "sudo apt-get install -y --no-install-recommends g++ qemu-user"


def test_everything_is_present_on_a_machine_that_runs_these_tests() -> None:
    findings = [finding for finding in diagnose(load_targets().values()) if not finding.oldest]
    assert [finding for finding in findings if not finding.present] == []
    assert findings[0].package == "cmake"
    assert findings[0].version.startswith("cmake version")
    assert findings[0].targets == tuple(load_targets())
    assert install_line(findings) == ""
    install(findings)


def test_a_program_that_fails_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, code in (("cmake", 0), ("make", 1)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {name} 1.0\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    found = {finding.proof[0]: finding.present for finding in diagnose([load_targets()["host"]])}
    assert found == {"cmake": True, "make": False, "g++": False}


TOO_OLD = Finding(
    "qemu-system-arm", ("qemu-system-arm", "--version"), ("cortex-r52",), "QEMU emulator version 7.2.22", 9
)


def test_a_version_that_is_too_old_is_missing_and_named() -> None:
    assert not TOO_OLD.present
    assert TOO_OLD.wanted == "qemu-system-arm 9 or newer"
    assert TOO_OLD.state == "QEMU emulator version 7.2.22: too old, 9 or newer is needed"
    for version in ("QEMU emulator version 9.0.0", "QEMU emulator version 10.0.2 (Debian 1:10.0.2)"):
        assert replace(TOO_OLD, version=version).present
    assert install_line([TOO_OLD]) == "ecu-bundle doctor --install --target cortex-r52"
    assert install_line([*MISSING, TOO_OLD]) == f"{LINE} && ecu-bundle doctor --install --target cortex-r52"


def test_a_newer_version_comes_from_the_backports(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[str] = []
    monkeypatch.setattr(doctor, "unpack", unpacked.append)
    monkeypatch.setattr(doctor, "run", None)  # nothing is installed
    install([TOO_OLD, replace(TOO_OLD, targets=("another",))])
    assert unpacked == ["qemu-system-arm"]


def test_an_unpacked_program_serves_those_who_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECU_BUNDLE_CACHE", str(tmp_path))
    program = tmp_path / "backports/usr/bin/qemu-system-arm"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho QEMU emulator version 99.0\n")
    program.chmod(0o755)
    found = {f.oldest: f.version for f in diagnose([load_targets()["cortex-r52"]]) if "qemu" in f.package}
    assert found[9] == "QEMU emulator version 99.0"
    assert found[0] != found[9]


def test_without_backports_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backports, "_codename", lambda: "")
    with pytest.raises(ToolMissingError, match="a newer qemu-system-arm cannot be had") as caught:
        install([TOO_OLD])
    assert "by hand" in caught.value.hint


@pytest.mark.slow
def test_the_newer_emulator_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECU_BUNDLE_CACHE", str(tmp_path))
    install([TOO_OLD])
    (found,) = (f for f in diagnose([load_targets()["cortex-r52"]]) if f.oldest)
    assert found.present


def test_the_line_names_each_package_once() -> None:
    assert install_line(MISSING) == LINE


def test_without_root_the_line_is_the_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_root_prefix", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(ToolMissingError, match="g\\+\\+, qemu-user") as caught:
        install(MISSING)
    assert caught.value.exit_code is ExitCode.TOOL_MISSING
    assert caught.value.hint == f"run: {LINE}"


@pytest.mark.parametrize(("codes", "commands"), [([0], 1), ([100, 0, 0], 3)])
def test_root_installs_and_refreshes_lists_when_needed(
    codes: list[int], commands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    def fake_run(command: list[str], **_options: object) -> Finished:
        calls.append(command)
        return Finished(tuple(command), codes[len(calls) - 1], b"", "")

    monkeypatch.setattr(doctor, "run", fake_run)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    install(MISSING)
    assert len(calls) == commands
    assert calls[-1][-2:] == ["g++", "qemu-user"]


def test_a_failing_installation_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake_run(command: list[str], **_options: object) -> Finished:
        return Finished(tuple(command), 100, b"", "E: no network")

    monkeypatch.setattr(doctor, "run", fake_run)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(ToolMissingError) as caught:
        install(MISSING)
    assert "E: no network" in caught.value.place
