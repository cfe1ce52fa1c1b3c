"""What holds for every verb: help, streams, JSON, exit codes, start-up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ecu_bundle import prediction
from ecu_bundle.building.targets import load_targets
from ecu_bundle.cli import cli
from ecu_bundle.errors import ExitCode
from pipeline.examples import Bundles, model_file, rows_file

from .program import PROGRAM, call, spawn, succeed

VERBS = [
    *("build", "diff", "doctor", "export", "flash", "init", "inspect", "keygen", "pack", "report", "run"),
    *("sign", "targets", "verify", "verify-package"),
]
HEAVY = ["sklearn", "onnx", "onnxruntime", "numpy", "pandas", "pydantic", "scipy", "skops", "jinja2"]
HEAVY += ["cryptography", "bincopy", "imgtool", "odxtools"]
VALUED = ["--target", "--doip", "--security-command", "--data", "--input", "--model", "--max-drift"]
VALUED += ["--sequence", "--key", "--to", "--slot-size"]
ESCAPE = "\x1b"


def test_the_verbs() -> None:
    assert sorted(cli.commands) == VERBS


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_verb_explains_itself(verb: str, option: str) -> None:
    outcome = succeed(verb, option)
    assert outcome.stdout.startswith(f"Usage: ecu-bundle {verb}")
    assert "--json" in outcome.stdout
    assert f"Example: ecu-bundle {verb} " in outcome.stdout or outcome.stdout.endswith(f"ecu-bundle {verb}\n")
    assert outcome.stderr == ""


@pytest.mark.parametrize("arguments", [["--help"], ["build", "--help"], ["--version"], ["build", "--bogus"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """Which is what makes it answer at once."""
    code = (
        "import sys\nfrom ecu_bundle.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "click" in loaded
    assert loaded & set(HEAVY) == set()


def test_the_version() -> None:
    assert succeed("--version").stdout.startswith("ecu-bundle 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_verbs_and_options(shell: str) -> None:
    source = spawn(env={**os.environ, "_ECU_BUNDLE_COMPLETE": f"{shell}_source"})
    assert source.code == 0
    assert f"_ECU_BUNDLE_COMPLETE={shell}_complete" in source.stdout
    words = {"COMP_WORDS": "ecu-bundle build --ta", "COMP_CWORD": "--ta" if shell == "fish" else "2"}
    done = spawn(env={**os.environ, **words, "_ECU_BUNDLE_COMPLETE": f"{shell}_complete"})
    assert "--target" in done.stdout
    assert done.stderr == ""


def test_every_verb_in_an_example_is_valid() -> None:
    """The examples of the help take the options that they name; a wrong one would raise."""
    for verb in VERBS:
        (line,) = re.findall(r"^ *Example: ecu-bundle (.*(?:\n .*)*)", succeed(verb, "--help").stdout, re.M)
        name, *options = line.split()
        assert name == verb
        given = cli.commands[verb].make_context(verb, list(options)).params
        lists = (value if isinstance(value, tuple) else (value,) for value in given.values())
        values = {str(value) for several in lists for value in several}
        assert set(options) - values <= {"-t", "-o", "-p", *VALUED}


def test_the_group_alone_shows_its_help() -> None:
    outcome = call()
    assert outcome.code == 2
    assert "Usage: ecu-bundle" in outcome.stderr
    assert "verify" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build"], "Missing argument 'MODEL'"),
        (["build", "x", "--bogus"], "No such option '--bogus'"),
        (["build", "x", "--engine", "steam"], "'steam' is not one of"),
        (["build", "x", "--target", "toaster"], "unknown target 'toaster'"),
        (["build", "x", "--engine", "ort", "--target", "cortex-m4f"], "engine 'ort' is not available"),
        (["build", "x", "--config", "nothing.toml"], "there is no file nothing.toml"),
        (["run", "x"], "Missing option '--input'"),
        (["doctor", "--target", "toaster"], "unknown target 'toaster'"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, None])
def test_usage_errors_are_json_too(arguments: list[str], said: str, place: int | None) -> None:
    """Before the verb, behind it, at the end."""
    words = list(arguments)
    words.insert(len(words) if place is None else place, "--json")
    outcome = call(*words)
    assert outcome.code == 2
    assert said in outcome.data["cause"]
    assert outcome.data["exit_code"] == 2
    assert outcome.data["hint"]
    assert f"error: {outcome.data['stage']}: {outcome.data['cause']}" in outcome.stderr


@pytest.mark.parametrize(
    "words",
    [("--json", "targets"), ("targets", "--json"), ("--json", "targets", "--json"), ("targets",)],
    ids=" ".join,
)
def test_json_may_stand_before_the_verb(words: tuple[str, ...]) -> None:
    """And holds for this call alone; an argument of that name is none."""
    assert succeed(*words).stdout.startswith("{") == ("--json" in words)
    assert not call("inspect", "--", "--json").stdout


def test_an_unknown_verb() -> None:
    outcome = call("bake")
    assert outcome.code == 2
    assert "No such command 'bake'" in outcome.stderr
    assert "next: ecu-bundle --help" in outcome.stderr


def test_results_on_stdout_and_words_on_stderr(tmp_path: Path) -> None:
    """As a program, with neither stream a terminal: no colours, no moving signs."""
    outcome = spawn("build", model_file("wine_grade"), "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.stderr
    assert ESCAPE not in outcome.stdout + outcome.stderr and "\r" not in outcome.stderr
    stages = [line.split()[0] for line in outcome.stderr.splitlines() if line]
    assert stages == ["load", "convert", "verify", "generate", "build", "run", "report"]
    first = outcome.stdout.splitlines()[0]
    assert first == f"{tmp_path / 'out'}: verified bundle of wine_grade for host"
    named = re.findall(r"^  [\w ]+  +(\S+)$", outcome.stdout, flags=re.MULTILINE)
    assert len(named) == 3
    assert all(Path(path).is_file() for path in named)


def test_json_is_quiet_when_nobody_watches(tmp_path: Path) -> None:
    outcome = succeed("build", model_file("wine_grade"), "-o", tmp_path / "out", "--json")
    assert outcome.stderr == ""
    assert outcome.data["bundle"] == str(tmp_path / "out")
    assert list(outcome.data["seconds"]) == [
        "load",
        "convert",
        "verify",
        "generate",
        "build",
        "run",
        "report",
    ]


def test_exit_codes_are_all_different() -> None:
    """0 to 5 as documented; which failure gives which stands in the tests of the failures."""
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("json_wanted", [True, False])
def test_a_defect_of_ours_says_so(json_wanted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the moon is full")

    monkeypatch.setattr(prediction, "predict", broken)
    monkeypatch.delenv("ECU_BUNDLE_DEBUG", raising=False)
    model, rows = str(model_file("wine_grade")), str(rows_file("wine_grade"))
    arguments = ["run", model, "-i", rows, "-o", str(tmp_path / "out")]
    outcome = call(*arguments, *(["--json"] if json_wanted else []))
    assert outcome.code == 5
    assert "error: internal: ZeroDivisionError: the moon is full" in outcome.stderr
    assert "at: test_conventions.py:" in outcome.stderr
    assert "ECU_BUNDLE_DEBUG=1" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    if json_wanted:
        assert outcome.data["exit_code"] == 5
    else:
        assert outcome.stdout == ""
    monkeypatch.setenv("ECU_BUNDLE_DEBUG", "1")
    assert "Traceback (most recent call last)" in call(*arguments).stderr


def test_a_reader_that_goes_away_is_no_error(bundles: Bundles) -> None:
    process = subprocess.Popen(
        [PROGRAM, "inspect", bundles("auto_mpg"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_targets() -> None:
    rows = {row["name"]: row for row in succeed("targets", "--json").data["targets"]}
    assert list(rows) == list(load_targets())
    assert rows["cortex-m4f"]["engines"] == "native"
    states = {row["state"] for name, row in rows.items() if not load_targets()[name].needs_newer}
    assert states == {"ready"}
    assert rows["cortex-r52"]["state"] in ("ready", "missing: qemu-system-arm 9 or newer")
    assert rows["armv7-linux"]["runner"] == "QEMU user mode, qemu-arm"
    text = succeed("targets").stdout
    assert all(line.split()[0] == name for line, name in zip(text.splitlines(), rows, strict=True))


def test_targets_without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    rows = succeed("targets", "--json").data["targets"]
    assert rows[0]["state"] == "missing: cmake g++ make"


def test_doctor_finds_everything() -> None:
    outcome = succeed("doctor", "--json")
    assert outcome.data["install"] == ""
    assert all(finding["version"] for finding in outcome.data["findings"])
    assert succeed("doctor", "-t", "host").stdout.endswith("\nnothing is missing\n")


def test_doctor_says_the_line_that_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    line = "sudo apt-get install -y --no-install-recommends"
    outcome = call("doctor", "--target", "host", "--json")
    assert outcome.code == 4
    assert outcome.data["install"] == f"{line} cmake g++ make"
    outcome = call("doctor")
    assert outcome.code == 4
    packages = {package.name for target in load_targets().values() for package in target.all_packages}
    assert {"gcc-arm-none-eabi", "qemu-system-arm", "qemu-user"} <= packages
    assert f"{line} {' '.join(sorted(packages))}\n" in outcome.stdout


def test_json_of_every_verb_is_json_alone(bundles: Bundles, tmp_path: Path) -> None:
    bundle, model, rows = bundles("wine_grade"), model_file("wine_grade"), rows_file("wine_grade")
    for arguments in (
        ["inspect", model],
        ["report", bundle],
        ["init", model, "-o", tmp_path / "wine.toml"],
        ["run", model, "-i", rows, "-o", tmp_path / "out"],
        ["targets"],
        ["doctor"],
    ):
        outcome = succeed(*arguments, "--json")
        assert isinstance(json.loads(outcome.stdout), dict), arguments
