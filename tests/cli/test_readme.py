"""The commands that README.md shows work as they stand there."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ecu_bundle
from ecu_bundle.cli import cli
from pipeline.examples import CHECKOUT

from .program import call

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PACKAGING = (CHECKOUT / "docs/packaging.md").read_text(encoding="utf-8")
ELSEWHERE = ("make test", "make demo-update", "git clone")
"""Beginnings of lines that run by themselves: the tests would run the tests, and the story has its own."""
OPTIONS = {
    "TARGET": "--target",
    "ENGINE": "--engine",
    "OUT": "--output",
    "DATA": "--data",
    "UPDATE": "--update",
}


class Terminal(io.StringIO):
    """Where somebody types."""

    def isatty(self) -> bool:
        return True


def _lines(page: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", *ELSEWHERE))]


def _arguments(line: str) -> list[str]:
    """What a README line hands to the program, be it started by `make` or from `.venv`."""
    words = shlex.split(line, comments=True)
    if words[:2] == ["make", "ecu-bundle"]:
        given = dict(word.split("=", 1) for word in words[2:])
        arguments = ["build", given.pop("MODEL")]
        if given.pop("TRUST", ""):
            arguments.append("--trust-pickle")
        for name, value in given.items():
            arguments += [OPTIONS[name], value]
        return arguments
    assert words[0] in (".venv/bin/ecu-bundle", "ecu-bundle"), f"the test does not know how to run: {line}"
    return words[1:]


def test_readme_shows_the_two_commands_first() -> None:
    assert re.search(r"```sh\nmake ecu-bundle MODEL=\S+\nmake test\n```", README)
    assert len(_lines(README)) >= 5


@pytest.mark.cross
def test_every_command_works_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder that looks like the checkout; later lines use what earlier ones built, and the page on
    packages what the README did."""
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "typed at a terminal")
    monkeypatch.setattr("sys.stdin", Terminal())
    for line in [*_lines(README), *_lines(PACKAGING)]:
        if line.startswith("export ") or "--command" in line:
            continue  # they need an HSM; tests/packages/test_token.py has one
        outcome = call(*_arguments(line))
        assert outcome.code == 0, f"{line}\n{outcome.stderr}"
        assert outcome.stdout, line
    assert (tmp_path / "build/bundles/auto_mpg/host/reports/report.html").is_file()
    assert (tmp_path / "build/model.hex").is_file() and (tmp_path / "build/keys.suit").is_file()


def test_the_python_snippets_run_as_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saving, snippet = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(saving, "README.md", "exec"), {})  # noqa: S102 - the text under test
    saved: Any = ecu_bundle.load("mpg.skops").estimator
    assert saved.n_estimators == 10
    monkeypatch.chdir(CHECKOUT)
    names: dict[str, Any] = {}
    exec(compile(snippet, "README.md", "exec"), names)  # noqa: S102 - the text under test
    printed = np.array(re.findall(r"[\d.]+", capsys.readouterr().out), dtype=np.float64)
    frame = pd.DataFrame(names["rows"])
    np.testing.assert_allclose(printed, names["loaded"].estimator.predict(frame), rtol=1e-5)


def test_every_named_verb_exists() -> None:
    named = set(re.findall(r"\.venv/bin/ecu-bundle (\w+)", README))
    assert named <= set(cli.commands)
