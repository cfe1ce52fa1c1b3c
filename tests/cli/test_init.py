"""``init``: a configuration that works as it stands."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
import skops.io
from sklearn.tree import DecisionTreeRegressor

from pipeline.examples import model_file

from .program import PROGRAM, call, succeed


@pytest.mark.parametrize("example", ["auto_mpg", "wine_grade"])
def test_what_it_writes_builds_unchanged(example: str, tmp_path: Path) -> None:
    model = Path(shutil.copy(model_file(example), tmp_path))
    bare = succeed("inspect", model, "--json").data
    written = succeed("init", model).stdout.strip()
    assert written == str(tmp_path / "ecu-bundle.toml")
    assert succeed("inspect", model, "--json").data == bare
    outcome = succeed("build", model, "-o", tmp_path / "out", "--json")
    assert outcome.data["name"] == example


def test_every_commented_line_is_an_option(tmp_path: Path) -> None:
    """With the comment signs taken away it is still a configuration that is accepted.

    The example has a configuration with better names beside it; they must not leak into the new one.
    """
    config = tmp_path / "all.toml"
    succeed("init", model_file("auto_mpg"), "-o", config)
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line.partition("#")[2] else line
        for line in config.read_text().splitlines()
    ]
    content = tomllib.loads("\n".join(lines))
    words = {"target": "host", "engine": "auto", "output": "auto_mpg-bundle", "update": "ed25519"}
    assert content["build"] == words
    assert content["inputs"][0] == {
        "name": "cylinders",
        "unit": "",
        "min": 0.0,
        "max": 1.0,
        "description": "",
    }
    config.write_text("\n".join(lines))
    succeed("inspect", model_file("auto_mpg"), "--config", config)


def test_columns_without_names_get_a_table_each(tmp_path: Path) -> None:
    """Taken out of their comments they are accepted, and name the inputs."""
    model = DecisionTreeRegressor(max_depth=2).fit([[0.0, 1.0, 2.0], [3.0, 1.0, 0.0]], [1.0, 2.0])
    skops.io.dump(model, tmp_path / "model.skops")
    config = Path(succeed("init", tmp_path / "model.skops").stdout.strip())
    tables = config.read_text().partition("# [[inputs]]")
    inputs, tail = (tables[1] + tables[2]).split("[outputs", 1)
    config.write_text(tables[0] + inputs.replace("# ", "") + "[outputs" + tail)
    found = succeed("inspect", tmp_path / "model.skops", "--json").data["interface"]["inputs"]
    assert [(tensor["name"], tensor["minimum"]) for tensor in found] == [
        (f"column_{i}", 0.0) for i in range(3)
    ]


def test_an_existing_file_is_kept_without_force(tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text("# mine\n")
    outcome = call("init", model_file("wine_grade"), "-o", config)
    assert outcome.code == 2
    assert "mine.toml exists already" in outcome.stderr and "--force replaces it" in outcome.stderr
    assert config.read_text() == "# mine\n"
    outcome = succeed("init", model_file("wine_grade"), "-o", config, "--force", "--json")
    assert outcome.data == {"config": str(config)}
    assert tomllib.loads(config.read_text())["model"]["name"] == "wine_grade"


def test_the_next_step_is_said_on_stderr(tmp_path: Path) -> None:
    model = Path(shutil.copy(model_file("wine_grade"), tmp_path))
    said = succeed("init", model).stderr
    assert said.strip().endswith(f"then: ecu-bundle build {model}")
    assert [line.split()[0] for line in said.splitlines()] == ["load", "convert", "next:"]
    config = tmp_path / "other.toml"
    assert succeed("init", model, "-o", config).stderr.strip().endswith(f"{model} --config {config}")


@pytest.mark.parametrize(
    ("started", "folder", "expected"),
    [
        (".venv/bin/ecu-bundle", "/nowhere", ".venv/bin/ecu-bundle build "),
        (".venv/bin/ecu-bundle", str(PROGRAM.parent), "ecu-bundle build "),
        ("cli.py", "/nowhere", "ecu-bundle build "),
    ],
)
def test_the_next_step_can_be_typed(
    started: str, folder: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a checkout without an activated environment too."""
    monkeypatch.setattr("sys.argv", [started])
    monkeypatch.setenv("PATH", folder)
    outcome = succeed("init", model_file("wine_grade"), "-o", tmp_path / "x.toml")
    assert f", then: {expected}" in outcome.stderr


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    outcome = call("init", model_file("wine_grade"), "-o", tmp_path, "--force")
    assert outcome.code == 2
    assert f"{tmp_path.name} is a folder" in outcome.stderr


@pytest.mark.parametrize("output", ["/proc/mine.toml", "/dev/full"])
def test_a_place_that_cannot_be_written(output: str) -> None:
    outcome = call("init", model_file("wine_grade"), "-o", output, "--force")
    assert outcome.code == 2
    assert f"output: {Path(output).name} cannot be written: " in outcome.stderr
